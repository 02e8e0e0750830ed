"""One container on an engine: everything that a boot does with it, with the races that an engine has."""

from __future__ import annotations

import io
import tarfile
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from aiaudit.boot import engine_cgroup, engine_process, profile
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
_ARCHIVE_SLACK = 1024**2  # bytes of an archive beside the file: headers, extended attributes
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
        with asking(f"follow the output of {self._name}"):
            self._ending = Ending(self._api, self.id)
            self._output = Output(self._api, self.id, self._sink)
        self._end, self._main = None, 0
        self._started = self._asked = time.monotonic()
        try:
            with asking(f"start {self._name}"):
                self._api.start(self.id)
        except EngineError:
            self._output.close()
            state = self._state()
            if state.get("ExitCode") not in _NOT_EXECUTED or not state.get("Error"):
                raise
            self._end = Exit(int(state["ExitCode"]), 0.0, error=str(state["Error"]))

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
        self._unless_over(lambda: self._api.kill(self.id, signal), f"signal {self._name}")

    def usage(self) -> Usage | None:
        """What it uses now; None for one that has ended. Its control group is quicker than the engine."""
        pid = self._main_process()
        measured = engine_cgroup.usage(pid) if pid else None
        if measured is not None:
            return measured
        quick = {"one_shot": True} if _at_least(self._api.api_version, (1, 41)) else {}  # else the engine takes seconds
        stats = self._unless_over(lambda: self._api.stats(self.id, stream=False, **quick), f"measure {self._name}")
        return engine_process.usage(stats or {}, engine_process.peak_memory(pid) if pid else 0)

    def processes(self) -> tuple[Process, ...]:
        """Its processes; empty for one that has ended."""
        listing = self._unless_over(
            lambda: self._api.top(self.id, ps_args=engine_process.COLUMNS), f"list the processes of {self._name}"
        )
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
                return _first_file(parts, limit)
        except EngineError as error:
            if status_of(error) == _GONE:
                return b""
            raise

    def put(self, files: Mapping[str, bytes]) -> None:
        """Put files in place before the start: absolute path to bytes."""
        with asking(f"put files into {self._name}"):
            self._api.put_archive(self.id, "/", _archive(files))

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

    def _main_process(self) -> int:
        """Its main process as this machine counts, 0 where that is not seen."""
        if self._facts.is_local and not self._main and self._end is None:
            pid = int(self._state().get("Pid") or 0)
            self._main = pid if engine_process.is_of(pid, self.id) else 0
        return self._main

    def _unless_over(self, ask: Callable[[], Any], what: str) -> Any:
        """The answer to a question that only a running container can be asked, None for one that has ended."""
        try:
            with asking(what):
                return ask()
        except EngineError as error:
            if status_of(error) in (_GONE, _CONFLICT) or not self._state().get("Running"):
                return None
            raise


def _first_file(parts: Iterator[bytes], limit: int) -> bytes:
    """The first bytes of the file that an archive begins with; nothing is written to the disk, nothing followed."""
    data = bytearray()
    for part in parts:
        data += part
        if len(data) > limit + _ARCHIVE_SLACK:
            break
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
            member = archive.next()
            content = archive.extractfile(member) if member is not None and member.isreg() else None
            return content.read(limit) if content is not None else b""
    except (tarfile.TarError, EOFError):
        return b""


def _archive(files: Mapping[str, bytes]) -> bytes:
    """An archive of files that belong to root and that everybody may read and execute."""
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w") as archive:
        for path, content in files.items():
            member = tarfile.TarInfo(path.lstrip("/"))
            member.size, member.mode = len(content), 0o555
            archive.addfile(member, io.BytesIO(content))
    return whole.getvalue()


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
