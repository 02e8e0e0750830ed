"""How far a boot is, on stderr: a table that lives on a terminal, lines elsewhere for those who ask for them."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any, TextIO

from aiaudit.boot.record import Observation, Outcome
from aiaudit.boot.report.numbers import seconds_of
from aiaudit.boot.report.text import STYLES
from aiaudit.report import printable
from aiaudit.values import dataclass

if TYPE_CHECKING:
    from rich.console import RenderableType


@dataclass(slots=True)
class _Row:
    """One scenario: when it began, whether it is looked at, its outcome."""

    started: float
    state: str = "running"
    outcome: Outcome | None = None


class Live:
    """A `Display` that is a context manager; `hide` takes out of every text what must not be seen."""

    def __init__(self, stream: TextIO, hide: Callable[[str], str], *, quiet: bool, verbose: bool) -> None:
        self._stream = stream
        self._hide = hide
        self._lines = verbose
        self._silent = quiet
        self._draws = not quiet and stream.isatty() and os.environ.get("TERM") != "dumb"
        self._rows: dict[str, _Row] = {}
        self._doing = ""
        self._lock = threading.RLock()
        self._live: Any = None

    def __enter__(self) -> Live:
        if self._draws:
            from rich.console import Console
            from rich.live import Live as Drawn

            console = Console(file=self._stream)
            self._live = Drawn(console=console, transient=True, refresh_per_second=4, get_renderable=self._drawn)
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def say(self, text: str) -> None:
        """What is being done; a line of its own where nothing is drawn."""
        with self._lock:
            self._doing = text
            if not self._draws and not self._silent:
                self._write(text)

    def __call__(self, scenario: str, what: Observation | Outcome | None) -> None:
        """A scenario has begun, was seen, or has its outcome."""
        with self._lock:
            row = self._rows.setdefault(scenario, _Row(time.monotonic()))
            self._doing = ""
            if isinstance(what, Outcome):
                row.outcome = what
            else:
                row.state = "running" if what is None else "seen"
            if self._lines and not self._draws:
                self._write(self._told(scenario, row))

    def _told(self, scenario: str, row: _Row) -> str:
        """The line about a scenario."""
        outcome = row.outcome
        if outcome is None:
            return f"{scenario}: {row.state}"
        return f"{scenario}: {outcome.verdict.value}: {outcome.reason}"

    def _write(self, text: str) -> None:
        self._stream.write(f"aiaudit: {printable(self._hide(text))}\n")
        self._stream.flush()

    def _drawn(self) -> RenderableType:
        """What is being done, or the table as it is now."""
        from rich.table import Table
        from rich.text import Text

        from aiaudit.report.terminal import STYLES as COLOURS

        table = Table(box=None, pad_edge=False, show_header=False)
        table.add_column(no_wrap=True)
        table.add_column(no_wrap=True)
        table.add_column(justify="right", no_wrap=True)
        with self._lock:
            if self._doing:
                return Text(printable(self._hide(self._doing)))
            for scenario, row in self._rows.items():
                outcome = row.outcome
                style = COLOURS[STYLES[outcome.status]] if outcome else ""
                seconds = seconds_of(outcome) if outcome else time.monotonic() - row.started
                table.add_row(
                    Text(printable(scenario)),
                    Text(outcome.verdict.value if outcome else row.state, style),
                    Text(f"{seconds:.1f} s" if seconds is not None else ""),
                )
        return table
