"""A progress bar on stderr, for people who wait: on a terminal only, and only when a run takes its time."""

from __future__ import annotations

import os
import time
from types import TracebackType
from typing import Any, TextIO

PATIENCE = 0.8


class Bar:
    """Called with what is being done, how much is done and how much there is; shows itself after a while."""

    def __init__(self, stream: TextIO, wanted: bool) -> None:
        self.stream = stream
        self.wanted = wanted and stream.isatty() and os.environ.get("TERM") != "dumb"
        self.started = time.monotonic()
        self._progress: Any = None
        self._task: Any = None

    def __enter__(self) -> Bar:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._progress is not None:
            self._progress.stop()

    def __call__(self, what: str, done: int, total: int) -> None:
        """Show how far the audit is."""
        if not self.wanted:
            return
        if self._progress is None:
            if time.monotonic() - self.started < PATIENCE:
                return
            self._start()
        self._progress.update(self._task, completed=done, total=total, description=what)

    def _start(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn

        console = Console(file=self.stream)
        columns = (TextColumn("{task.description:<34}"), BarColumn(), TextColumn("{task.completed}/{task.total}"))
        self._progress = Progress(*columns, console=console, transient=True)
        self._progress.start()
        self._task = self._progress.add_task("")
