"""Who a session belongs to, and what it writes down before anything of it can start.

Labels tell the next run what is left of a killed one. The journal tells what labels cannot: that there was such a run
at all, and on which engine.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from aiaudit.sources.stamps import cache_folder
from aiaudit.values import dataclass

_SUFFIX = ".journal"
_DEAD = ("Z", "X")


@dataclass(frozen=True, slots=True)
class Owner:
    """A process, told apart from a later one with its number and from one of another machine or namespace.

    `machine` names the start of the kernel and the namespace of processes, `started` the tick at which the process
    began; both are "" where there is no /proc.
    """

    host: str
    machine: str
    pid: int
    started: str

    @property
    def is_near(self) -> bool:
        """Whether it is or was a process of this start of this machine, in this namespace."""
        return (self.host, self.machine) == (socket.gethostname(), _machine())

    @property
    def is_dead(self) -> bool:
        """Whether it certainly runs no more. Of processes of another machine, or that are hidden, nothing is known."""
        if not self.is_near:
            return False
        return not _exists(self.pid) or _started(self.pid) != self.started


def this_process() -> Owner:
    """Who we are."""
    return Owner(socket.gethostname(), _machine(), os.getpid(), _started(os.getpid()))


@dataclass(frozen=True, slots=True)
class Entry:
    """What the journal of a session tells: the address of its engine, whose it was, ids of its containers."""

    path: Path
    session: str
    address: str
    owner: Owner
    containers: tuple[str, ...]


class Journal:
    """The journal of a session: one file of JSON lines, each on the disk before the call returns.

    Where the folder cannot be written there is none: the labels are still there.
    """

    def __init__(self, session: str, address: str, owner: Owner) -> None:
        self._path = journal_folder() / f"{session}{_SUFFIX}"
        self._descriptor: int | None = None
        with suppress(OSError):
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            who = {"host": owner.host, "machine": owner.machine, "pid": owner.pid, "started": owner.started}
            self._write({"session": session, "address": address, **who})
            _synchronise(self._path.parent)

    def add(self, container: str) -> None:
        """Note a container; it has not been started yet."""
        with suppress(OSError):
            self._write({"container": container})

    def close(self, remove: bool) -> None:
        """The session is over; `remove` when nothing of it is left."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
        if remove:
            with suppress(OSError):
                self._path.unlink()

    def _write(self, line: dict[str, Any]) -> None:
        if self._descriptor is None:
            return
        os.write(self._descriptor, json.dumps(line).encode() + b"\n")
        os.fsync(self._descriptor)


def journal_folder() -> Path:
    """Where this user's journals lie."""
    return Path(cache_folder() or os.path.join(os.curdir, ".aiaudit-cache")) / "boot"


def dead_sessions() -> Iterator[Entry]:
    """What is written of sessions whose process is dead."""
    for path in sorted(journal_folder().glob(f"*{_SUFFIX}")):
        entry = _entry(path)
        if entry is not None and entry.owner.is_dead:
            yield entry


def _entry(path: Path) -> Entry | None:
    """A journal read back; a last line that was cut short counts for nothing."""
    records: list[dict[str, Any]] = []
    with suppress(OSError, ValueError):
        for line in path.read_bytes().splitlines():
            records.append(json.loads(line))
    try:
        head, *rest = records
        owner = Owner(str(head["host"]), str(head["machine"]), int(head["pid"]), str(head["started"]))
        containers = tuple(str(record["container"]) for record in rest)
        return Entry(path, str(head["session"]), str(head["address"]), owner, containers)
    except (ValueError, KeyError, TypeError):
        return None


def _machine() -> str:
    try:
        kernel = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{kernel}/{os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return ""


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _started(pid: int) -> str:
    """The start of a process in ticks; "" for one that is gone or has only not been fetched by its parent."""
    try:
        state, *fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (OSError, ValueError):
        return ""
    return "" if state in _DEAD else fields[18]


def _synchronise(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
