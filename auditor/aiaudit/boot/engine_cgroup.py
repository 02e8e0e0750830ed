"""What a process's control group says, read from this machine's own files: the engine takes a second to tell it."""

from __future__ import annotations

from pathlib import Path

from aiaudit.boot.world import Usage

_ROOT = "/sys/fs/cgroup"
_MICROSECONDS, _NANOSECONDS = 1e6, 1e9


def usage(pid: int, container: str) -> Usage | None:
    """Memory without page cache, its peak, processor time and processes; None where they cannot be read, or where the
    group is not the container's alone."""
    folders = _folders(pid)
    memory = folders.get("memory", folders.get("", ""))
    used = _number(memory, "memory.current", "memory.usage_in_bytes")
    if container not in memory or used is None:
        return None
    cache = _values(f"{memory}/memory.stat")
    peak = _number(memory, "memory.peak", "memory.max_usage_in_bytes") or 0
    inactive = cache.get("total_inactive_file", cache.get("inactive_file", 0))
    tasks = len(_read(f"{memory}/cgroup.procs").split())
    return Usage(max(0, used - inactive), peak, _processor(folders), tasks)


def _processor(folders: dict[str, str]) -> float:
    """Seconds of processor time: version 2 counts microseconds, version 1 nanoseconds in a group of its own."""
    if "cpuacct" in folders:
        return (_number(folders["cpuacct"], "cpuacct.usage") or 0) / _NANOSECONDS
    return _values(f"{folders.get('', '')}/cpu.stat").get("usage_usec", 0) / _MICROSECONDS


def _folders(pid: int) -> dict[str, str]:
    """Controller -> its folder for this process; "" for version 2, which has one for all."""
    found: dict[str, str] = {}
    for line in _read(f"/proc/{pid}/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        for name in controllers.split(","):
            mounted = f"{_ROOT}/{controllers}" if name else _ROOT
            found[name] = f"{mounted}{path}".rstrip("/")
    return found


def _number(folder: str, *names: str) -> int | None:
    """The number in the first of these files that has one."""
    texts = (_read(f"{folder}/{name}").strip() for name in names)
    return next((int(text) for text in texts if text.isdigit()), None)


def _values(path: str) -> dict[str, int]:
    """A file of names and numbers."""
    rows = (line.split() for line in _read(path).splitlines())
    return {row[0]: int(row[1]) for row in rows if len(row) == 2 and row[1].isdigit()}


def _read(path: str) -> str:
    try:
        return Path(path).read_text(errors="replace")
    except OSError:
        return ""
