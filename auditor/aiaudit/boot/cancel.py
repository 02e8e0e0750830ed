"""What ends a run early: a signal, or the time that it may take. Handlers only take note; the work stops by looking."""

from __future__ import annotations

import signal
import threading
import time
from types import FrameType
from typing import Any

_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")


class Cancellation:
    """Whether a run must end, and why."""

    def __init__(self, budget: float) -> None:
        self._deadline = time.monotonic() + budget
        self._signals = 0
        self._by = ""
        self._before: dict[int, Any] = {}

    @property
    def by(self) -> str:
        """The first signal, "budget" when the time is used up, "" while the run may go on."""
        if not self._by and time.monotonic() >= self._deadline:
            self._by = "budget"
        return self._by

    @property
    def is_urgent(self) -> bool:
        """Whether a second signal came: what must be done is done without waiting."""
        return self._signals > 1

    def watch(self) -> None:
        """Take note of signals from now on; only the main thread can, and what is ignored stays ignored (nohup)."""
        if threading.current_thread() is not threading.main_thread():
            return
        for name in _SIGNALS:
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._note)

    def unwatch(self) -> None:
        """Put the handlers back that were there before."""
        for number in list(self._before):
            signal.signal(number, self._before.pop(number) or signal.SIG_DFL)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._signals += 1
        self._by = self._by or signal.Signals(number).name
        if self.is_urgent:
            self.unwatch()  # a third one acts as ever: nobody is held by an engine that does not answer
