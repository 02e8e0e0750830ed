"""Processes of a container, as the engine lists them, and as /proc of this machine shows them for a local engine."""

from __future__ import annotations

import glob
import os
import signal
import time
from pathlib import Path
from typing import Any

from aiaudit.boot.world import Process, Usage

# podman reads the state itself only when asked in its own words; with those of ps it needs ps inside of the container
COLUMNS = {"docker": "-eo pid,ppid,state,args", "podman": "pid,ppid,state,args"}
_CAUGHT, _BLOCKED = "SigCgt", "SigBlk"  # a program that reads its signals from a descriptor blocks them
_MOMENT = 0.1
_WAITING = "sigtimedwait"  # where tini stands: the mask of a process that waits so does not show what it waits for


_MOST = 4096  # processes that are looked at, should an engine not limit them


def tree(pid: int) -> tuple[Process, ...]:
    """A process of this machine and everything below it, zombies included, which Docker's own list leaves out.

    Empty where the kernel does not tell of children, or the process is gone.
    """
    if not os.path.exists(f"/proc/{pid}/task/{pid}/children"):
        return ()
    found: list[Process] = []
    pending = [pid]
    while pending and len(found) < _MOST:
        number = pending.pop(0)
        process = _seen(number)
        if process is None:
            continue
        found.append(process)
        for children in glob.iglob(f"/proc/{number}/task/*/children"):
            pending += [int(child) for child in _read(children).split()]
    return tuple(found)


def _seen(pid: int) -> Process | None:
    """One process as /proc shows it, None for one that is gone."""
    name, found, status = _read(f"/proc/{pid}/stat").rpartition(")")
    if not found:
        return None
    state, parent = status.split()[:2]
    words = _read(f"/proc/{pid}/cmdline").replace("\0", " ").strip()
    return Process(pid, int(parent), state, words or f"[{name.partition('(')[2]}]")


def processes(listing: dict[str, Any]) -> tuple[Process, ...]:
    """The rows of the engine's `top` that can be read."""
    titles = [str(title).upper() for title in listing.get("Titles") or ()]
    rows = [dict(zip(titles, row, strict=False)) for row in listing.get("Processes") or ()]
    return tuple(_process(row) for row in rows if str(row.get("PID", "")).isdigit())


def _process(row: dict[str, str]) -> Process:
    command = next((row[name] for name in ("COMMAND", "CMD", "ARGS") if name in row), "")
    state = row.get("S") or row.get("STAT") or row.get("STATE") or ""
    parent = row.get("PPID", "")
    return Process(int(row["PID"]), int(parent) if parent.isdigit() else 0, state[:1], command)


def usage(stats: dict[str, Any]) -> Usage | None:
    """What the engine's statistics say; None where it counts no process: for a container that has ended, and for one
    that has no control group of its own, whose numbers are the machine's.

    Versions 1 and 2 of control groups name the page cache differently, and only the first tells a peak.
    """
    memory: dict[str, Any] = stats.get("memory_stats") or {}
    tasks = int((stats.get("pids_stats") or {}).get("current") or 0)
    if not tasks:
        return None
    used = int(memory.get("usage") or 0)
    details = memory.get("stats") or {}
    cache = int(details.get("total_inactive_file") or details.get("inactive_file") or 0)
    seconds = int(((stats.get("cpu_stats") or {}).get("cpu_usage") or {}).get("total_usage") or 0) / 1e9
    return Usage(max(0, used - cache), int(memory.get("max_usage") or 0), seconds, tasks)


def is_of(pid: int, container: str) -> bool:
    """Whether a process of this machine belongs to the container; the engine may count in another namespace."""
    return pid > 0 and container in _read(f"/proc/{pid}/cgroup")


def catches(pid: int, name: str) -> bool | None:
    """Whether a process handles or waits for a signal; None where that cannot be read.

    A blocked signal counts when it stays so: starting a program blocks all of them for a moment.
    """
    number = signal_number(name)
    status = _status(pid)
    if not number or _CAUGHT not in status:
        return None
    if _holds(status, _CAUGHT, number):
        return True
    if _holds(status, _BLOCKED, number):
        time.sleep(_MOMENT)
        return _holds(_status(pid), _BLOCKED, number)
    place = _read(f"/proc/{pid}/wchan")
    if place in ("", "0") and status.get("State", "").split()[:1] == ["S"]:
        return None  # it sleeps, and only root may see where
    return _WAITING in place


def _status(pid: int) -> dict[str, str]:
    return dict(line.split(":", 1) for line in _read(f"/proc/{pid}/status").splitlines() if ":" in line)


def _holds(status: dict[str, str], mask: str, number: int) -> bool:
    """Whether a mask of signals holds one."""
    return bool(int(status.get(mask, "0"), 16) >> (number - 1) & 1)


def signal_number(name: str) -> int:
    """The number of "SIGTERM", "TERM" or "15"; 0 for no signal."""
    if name.isdigit():
        return int(name)
    full = name if name.startswith("SIG") else f"SIG{name}"
    found = getattr(signal, full, None)
    return int(found) if isinstance(found, signal.Signals) else 0


def _read(path: str) -> str:
    try:
        return Path(path).read_text(errors="replace")
    except OSError:
        return ""
