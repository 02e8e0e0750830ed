"""Cheap marks of change: of a file, of the installed tool; and where the cache lies. Imports nothing slow."""

from __future__ import annotations

import os
import sys
import time

Signature = tuple[int, int, int, int]

_COARSE, _FINE = 2_000_000_000, 20_000_000


def signature(status: os.stat_result) -> Signature:
    """What of a file's status changes when its content does."""
    return (status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino)


def signature_at(path: str) -> Signature | None:
    """The signature of what lies at a path (a link itself, not its target), None where nothing does."""
    try:
        return signature(os.lstat(path))
    except OSError:
        return None


def is_settled(found: Signature, now: int | None = None) -> bool:
    """Whether a later change would show: a file written within the clock's own step may change unseen."""
    newest = max(found[0], found[1])
    step = _COARSE if newest % 1_000_000_000 == 0 else _FINE
    return newest + step < (time.time_ns() if now is None else now)


def digest(text: str) -> str:
    """A short name for a text."""
    return digest_of(text.encode("utf-8", "surrogatepass")).hex()


def digest_of(data: bytes) -> bytes:
    """Sixteen bytes that stand for these."""
    try:
        from _blake2 import blake2b  # hashlib itself takes longer to import than all the rest here
    except ImportError:
        from hashlib import blake2b

    return bytes(blake2b(data, digest_size=16).digest())


def build_stamp() -> str:
    """Changes with the installed tool: its version, its rules, its knowledge, the interpreter."""
    parts = [sys.version, sys.implementation.cache_tag or ""]
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    for folder in (package, *(os.path.join(entry, "aiaudit_rules") for entry in sys.path)):
        if os.path.isdir(folder):
            parts.extend(_stamps_below(folder))
    return digest("\n".join(parts))


def _stamps_below(folder: str) -> list[str]:
    found: list[str] = []
    pending = [folder]
    while pending:
        with os.scandir(pending.pop()) as entries:
            for entry in entries:
                if entry.is_dir():
                    if entry.name != "__pycache__":
                        pending.append(entry.path)
                else:
                    status = entry.stat()
                    found.append(f"{entry.path} {status.st_mtime_ns} {status.st_size}")
    found.sort()
    return found


def cache_folder() -> str | None:
    """Where this user's caches lie on this platform, None where nobody knows."""
    configured = os.environ.get("XDG_CACHE_HOME", "")
    if os.path.isabs(configured):
        return os.path.join(configured, "aiaudit")
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA", "")
        return os.path.join(local, "aiaudit", "Cache") if local else None
    home = os.path.expanduser("~")
    if not os.path.isabs(home):
        return None
    return os.path.join(home, "Library", "Caches", "aiaudit") if sys.platform == "darwin" else f"{home}/.cache/aiaudit"


def read_private(path: str, magic: bytes) -> bytes | None:
    """The content of a cache file that this user alone could write and that is whole, else None."""
    try:
        with open(path, "rb") as stream:
            status = os.fstat(stream.fileno())
            data = stream.read()
    except OSError:
        return None
    if hasattr(os, "geteuid") and (status.st_uid != os.geteuid() or status.st_mode & 0o022):
        return None
    start = len(magic) + 16
    if len(data) < start or not data.startswith(magic):
        return None
    payload = data[start:]
    return payload if digest_of(payload) == data[len(magic) : start] else None


def write_private(path: str, magic: bytes, payload: bytes) -> None:
    """Put a cache file in place at once; a cache that cannot be written is no error."""
    temporary = f"{path}.{os.getpid()}.tmp"
    try:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
        descriptor = os.open(temporary, flags, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(magic + digest_of(payload) + payload)
            os.replace(temporary, path)
        except OSError:
            os.unlink(temporary)
            raise
    except OSError:
        return
