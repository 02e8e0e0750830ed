"""Ends a build that takes too long, or that nobody wants any more."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aiaudit.boot.world import Engine

_INTERVAL = 0.2


class Watchdog:
    """While the caller reads what a builder writes, looks whether it has to end, and then calls `end` once.

    `reason` says why it was ended, "" for a build that was left alone.
    """

    def __init__(self, engine: Engine, seconds: float, end: Callable[[], None]) -> None:
        self.reason = ""
        self._engine = engine
        self._seconds = seconds
        self._end = end
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="aiaudit-build-watchdog", daemon=True)

    def __enter__(self) -> Watchdog:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        left = self._seconds
        while not self._done.wait(_INTERVAL):
            left -= _INTERVAL
            if self._engine.cancelled:
                self.reason = "the build was cancelled"
            elif left <= 0:
                self.reason = f"the build took longer than {self._seconds:.0f} s"
            if self.reason:
                self._end()
                return
