"""What a container uses and which processes it replaces, looked at now and then while it runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from aiaudit.boot.readiness import Growth
from aiaudit.boot.tracebacks import tracebacks
from aiaudit.boot.world import Container, Process
from aiaudit.patterns import regex

_NUMBER = regex(r"\d+")
# A failure that came again after children were replaced is a loop; workers that start side by side fail alike once.
_LOOP_RESPAWNS, _LOOP_FAILURES = 2, 3


class Samples:
    """The samples of one boot."""

    def __init__(self, container: Container) -> None:
        self.container = container
        self.respawns = 0
        self.zombies = 0
        self.processes: tuple[str, ...] = ()
        self.memory = 0
        self.peak = 0
        self.repeats = 0
        self.has_traceback = False
        self.history: list[Growth] = []
        self._grown = 0.0
        self._seen: dict[int, tuple[int, str]] = {}
        self._log_read = 0

    def take(self, seconds: float) -> Growth | None:
        """Look at the container; None for one that has ended."""
        usage = self.container.usage()
        self._follow(self.container.processes())
        self.read_log()
        if usage is None:
            return None
        self.memory = usage.memory
        self.peak = max(self.peak, usage.peak, usage.memory)
        now = Growth(seconds, usage.cpu, usage.memory, self.container.log.length)
        if not self.history or now.is_more_than(self.history[-1]):
            self._grown = seconds
        self.history.append(now)
        return now

    def quiet(self, seconds: float) -> float:
        """How long nothing has grown."""
        return seconds - self._grown

    def earlier(self, seconds: float) -> Growth | None:
        """The last sample that is at least so old."""
        return next((growth for growth in reversed(self.history) if growth.seconds <= seconds), None)

    def cpu_at(self, seconds: float) -> float:
        """CPU seconds that it had used by then, as the first sample after it tells; 0 for no sample."""
        return next((growth.cpu for growth in self.history if growth.seconds >= seconds), 0.0)

    def read_log(self) -> None:
        """Count tracebacks that repeat, where the log has grown."""
        length = self.container.log.length
        if length == self._log_read:
            return
        self._log_read = length
        shapes = Counter(failure.shape for failure in tracebacks(self.container.log.text()))
        self.has_traceback = bool(shapes)
        self.repeats = max(shapes.values(), default=0)

    @property
    def is_crash_loop(self) -> bool:
        """Whether processes inside are replaced and fail alike each time."""
        return self.respawns >= _LOOP_RESPAWNS and self.repeats >= _LOOP_FAILURES

    def _follow(self, processes: Sequence[Process]) -> None:
        if not processes:
            return
        self.zombies = sum(map(_is_zombie, processes))
        self.processes = tuple(process.command for process in processes)
        inside = {process.pid for process in processes}
        children = {
            process.pid: (process.parent, _NUMBER.sub("#", process.command))
            for process in processes
            if process.parent in inside and not _is_zombie(process)
        }
        gone = Counter(child for pid, child in self._seen.items() if pid not in children)
        came = Counter(child for pid, child in children.items() if pid not in self._seen)
        if self._seen:
            self.respawns += (gone & came).total()
        self._seen.update({pid: child for pid, child in children.items() if pid not in self._seen})
        for pid in [pid for pid, child in self._seen.items() if pid not in children and child in came]:
            del self._seen[pid]


def _is_zombie(process: Process) -> bool:
    """Whether it has ended, and its parent has not looked yet."""
    return process.state.startswith("Z")
