"""Reports of the programs inside that a test can look at."""

from __future__ import annotations

import json
import time
from typing import Any

from aiaudit.boot.inside.reports import Reports
from aiaudit.boot.watcher import is_event


class Heard:
    """Keeps what is reported."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.reports = Reports(self._take)

    def _take(self, line: str) -> None:
        assert is_event(json.loads(line)), line
        self.lines.append(line)

    def timed(self, kind: str) -> list[tuple[float, dict[str, Any]]]:
        """The events of a kind so far, each with its time."""
        found = [json.loads(line) for line in tuple(self.lines)]
        return [(event.pop("t"), event) for event in found if event.pop("event") == kind]

    def events(self, kind: str) -> list[dict[str, Any]]:
        """The events of a kind so far."""
        return [event for _, event in self.timed(kind)]

    def wait(self, kind: str, count: int = 1, seconds: float = 10) -> list[dict[str, Any]]:
        """The events of a kind as soon as there are so many; what there is after so long."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and len(self.events(kind)) < count:
            time.sleep(0.01)
        return self.events(kind)
