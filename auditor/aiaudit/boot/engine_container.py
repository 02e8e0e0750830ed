"""One container on an engine: everything that a boot does with it, with the races that an engine has."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from aiaudit.boot import engine_archive, engine_cgroup, engine_process, profile
from aiaudit.boot.engine import asking, status_of
from aiaudit.boot.engine_stream import Ending, Output, Sink
from aiaudit.boot.record import EngineFacts, Exit
from aiaudit.boot.world import EngineError, Log, Process, Specification, Usage
from aiaudit.patterns import regex

if TYPE_CHECKING:
    from docker import APIClient

_NOT_EXECUTED = (126, 127)
_GONE, _CONFLICT = 404, 409
_MODIFIED, _ADDED = 0, 1
_ASKED_EVERY = 1.0  # seconds between looks at the state while the engine's wait has not answered
_ASKED_AFTER_WORD = 0.05  # the same once it has answered
_WOKEN_EVERY = 0.2  # seconds until a cancelled run is noticed
_LOG_WITHIN = 5.0  # seconds for the rest of the output after the end
_NO_COMMAND = regex(r'exec: \\?"[^"]*": (?:stat \S+: )?(executable file not found|no such file|permission denied)')
_FRACTION = regex(r"\.(\d+)")


class EngineContainer:
    """A container that has been created and belongs to a session."""

    def __init__(
        self, api: APIClient, id: str, specification: Specification, facts: EngineFacts, cancelled: Callable[[], bool]
    ) -> None:
        self.id = id
        self.specification = specification
        self._api = api
        self._facts = facts
        self._cancelled = cancelled
        self._sink = Sink(has_lines=specification.stdin)
        self._output: Output | None = None
        self._ending: Ending | None = None
        self._end: Exit | None = None
        self._started = 0.0
        self._asked = 0.0
        self._main = 0

    @property
    def log(self) -> Log:
        """Its output, followed since before the start."""
        return self._sink.log

    @property
    def repro(self) -> str:
        """A `docker run` line that does the same by hand."""
        return profile.command_line(self.specification, self._facts)

    def start(self) -> None:
        """Start it, or start it again after its end; the wait for the end and the log are open before.

        A command that cannot be executed is no error but an end with 126 or 127, as `docker run` has it.
        """
        self._end, self._main = None, 0
        self._started = self._asked = time.monotonic()
        try:
            with asking(f"start {self._name}"):
                self._ending = Ending(self._api, self.id)
                self._output = Output(self._api, self.id, self._sink)
                self._api.start(self.id)
        except EngineError as error:
            self._end = self._never_executed(error)

    def exit(self, seconds: float = 0.0) -> Exit | None:
        """Its end, waited for at most so long, and not at all once the run is cancelled; None while it runs.

        The engine's wait tells of it; should that fail, the state does, which is asked for once a second.
        """
        deadline = time.monotonic() + seconds
        while self._end is None and self._ending is not None:
            told = self._ending.over.is_set()
            now = time.monotonic()
            if now - self._asked >= (_ASKED_AFTER_WORD if told else _ASKED_EVERY):
                self._asked = now
                self._end = self._end_in(self._state())
                continue
            if now >= deadline or self._cancelled():
                break
            pause = min(deadline - now, _WOKEN_EVERY)
            if told:
                time.sleep(min(pause, _ASKED_AFTER_WORD))
            elif self._ending.over.wait(pause):
                self._asked = 0.0
        return self._end

    def kill(self, signal: str) -> None:
        """Send a signal to the main process; nothing happens to a container that has ended."""
        try:
            with asking(f"signal {self._name}"):
                self._api.kill(self.id, signal)
        except EngineError as error:
            if status_of(error) not in (_GONE, _CONFLICT) and self._state().get("Running"):
                raise

    def usage(self) -> Usage | None:
        """What it uses now; None for one that has ended, or where the engine cannot tell. Its control group is quicker
        than the engine."""
        pid = self._main_process()
        measured = engine_cgroup.usage(pid, self.id) if pid else None
        if measured is not None:
            return measured
        quick = {"one_shot": True} if _at_least(self._api.api_version, (1, 41)) else {}  # else the engine takes seconds
        stats = self._look(lambda: self._api.stats(self.id, stream=False, **quick), f"measure {self._name}")
        return engine_process.usage(stats or {})

    def processes(self) -> tuple[Process, ...]:
        """Its processes; empty for one that has ended, or where the engine cannot tell."""
        pid = self._main_process()
        seen = engine_process.tree(pid) if pid else ()
        if seen:
            return seen
        columns = engine_process.COLUMNS[self._facts.name]
        listing = self._look(lambda: self._api.top(self.id, ps_args=columns), f"list the processes of {self._name}")
        return engine_process.processes(listing or {})

    def catches(self, signal: str) -> bool | None:
        """Whether the main process handles (or waits for) a signal; None where that cannot be read."""
        pid = self._main_process()
        return engine_process.catches(pid, signal) if pid else None

    def changes(self) -> tuple[str, ...]:
        """Paths that it added or changed, in the order of the engine."""
        with asking(f"list the changed files of {self._name}"):
            found = self._api.diff(self.id)
        return tuple(str(change["Path"]) for change in found or () if change.get("Kind") in (_MODIFIED, _ADDED))

    def read(self, path: str, limit: int) -> bytes:
        """The first bytes of a file of it, also after its end; empty where there is none."""
        try:
            with asking(f"read {path} of {self._name}"):
                parts, _ = self._api.get_archive(self.id, path)
                return engine_archive.first_file(parts, limit)
        except EngineError as error:
            if status_of(error) == _GONE:
                return b""
            raise

    def put(self, files: Mapping[str, bytes]) -> None:
        """Put files in place before the start: absolute path to bytes."""
        with asking(f"put files into {self._name}"):
            self._api.put_archive(self.id, "/", engine_archive.archive(files))

    def send(self, data: bytes) -> None:
        """Write to its standard input."""
        if self._output is None:
            raise EngineError(f"{self._name} has not been started")
        try:
            self._output.send(data)
        except OSError as error:
            raise EngineError(f"{self._name} takes no input: {error}") from error

    def lines(self) -> Iterator[str]:
        """The lines of its standard output that are there and have not been given yet; never waits."""
        return self._sink.lines.take() if self._sink.lines is not None else iter(())

    def remove(self) -> None:
        """Remove it with its volumes; no error for one that is gone."""
        try:
            with asking(f"remove {self._name}"):
                self._api.remove_container(self.id, force=True, v=True)
        except EngineError as error:
            if status_of(error) not in (_GONE, _CONFLICT):
                raise
        if self._output is not None:
            self._output.close()

    @property
    def _name(self) -> str:
        return f"the container {self.specification.name}"

    def _state(self) -> dict[str, Any]:
        with asking(f"tell the state of {self._name}"):
            return dict(self._api.inspect_container(self.id)["State"])

    def _end_in(self, state: Mapping[str, Any]) -> Exit | None:
        """The end that a state tells of, None for a container that runs. The rest of the log comes first."""
        if state.get("Running") or state.get("Status") in ("created", "running", "paused"):
            return None
        if self._output is not None:
            self._output.join(_LOG_WITHIN)
        took = _seconds_between(str(state.get("StartedAt", "")), str(state.get("FinishedAt", "")))
        return Exit(
            code=int(state.get("ExitCode") or 0),
            seconds=took if took is not None else time.monotonic() - self._started,
            oom=bool(state.get("OOMKilled")),
            error=str(state.get("Error") or ""),
        )

    def _never_executed(self, error: EngineError) -> Exit:
        """The end that a failed start stands for when the command cannot be executed; any other failure is raised.

        Docker notes the code that a shell gives (126, 127); podman tells it in words alone.
        """
        state = self._state()
        code = int(state.get("ExitCode") or 0)
        reason = _NO_COMMAND.search(str(error))
        if code not in _NOT_EXECUTED and reason:
            code = 126 if "denied" in reason[1] else 127
        if code not in _NOT_EXECUTED:
            raise error
        return Exit(code, 0.0, error=str(state.get("Error") or error))

    def _main_process(self) -> int:
        """Its main process as this machine counts, 0 where that is not seen."""
        if not self._facts.is_local or self._end is not None:
            return 0
        self._main = self._main or int(self._state().get("Pid") or 0)
        return self._main if engine_process.is_of(self._main, self.id) else 0

    def _look(self, ask: Callable[[], Any], what: str) -> Any:
        """The answer to a question that helps; None where there is none: the container has ended, or the engine cannot
        tell (one without root may not)."""
        try:
            with asking(what):
                return ask()
        except EngineError:
            return None


def _at_least(version: str, least: tuple[int, ...]) -> bool:
    return tuple(int(part) for part in version.split(".") if part.isdigit()) >= least


def _seconds_between(start: str, end: str) -> float | None:
    """Seconds between two moments as the engine writes them; None where one is missing."""
    try:
        seconds = (_moment(end) - _moment(start)).total_seconds()
    except ValueError:
        return None
    return seconds if seconds >= 0 else None


def _moment(text: str) -> datetime:
    """RFC 3339 with any number of digits after the second."""
    whole = _FRACTION.sub(lambda found: f".{found[1][:6]:0<6}", text.replace("Z", "+00:00"))
    return datetime.fromisoformat(whole)
