"""The stored outcome of a run: when nothing has changed since, it is shown again without auditing.

A record lists the signature of everything that the run looked at, or found missing. Imports nothing that costs time.
"""

from __future__ import annotations

import marshal
import os
import sys
import time
from collections.abc import Sequence

from aiaudit.sources.stamps import (
    Signature,
    build_stamp,
    cache_folder,
    digest,
    is_settled,
    read_private,
    signature_at,
    write_private,
)

MAGIC = b"aiaudit outcome 1\n"
_OUTPUT_DEPENDS_ON = ("NO_COLOR", "FORCE_COLOR", "TERM", "COLUMNS", "COLORTERM", "LC_ALL", "LANG", "HOME", "PATH")


def record_file(arguments: Sequence[str]) -> str | None:
    """Where the outcome of a run with these arguments, here and now, is kept; None if it is not to be kept."""
    folder = cache_folder()
    if folder is None or "--no-cache" in arguments or any(word.startswith("--output") for word in arguments):
        return None
    try:
        parts = [os.getcwd(), *arguments, build_stamp()]
    except OSError:
        return None
    parts += [f"{name}={os.environ.get(name)}" for name in _OUTPUT_DEPENDS_ON]
    parts.append(time.strftime("%Y-%m-%d"))  # support of base images ends on a day
    parts += [f"{entry} {signature_at(entry or '.')}" for entry in sys.path]
    parts += [str(os.geteuid()) if hasattr(os, "geteuid") else "", str(_width()), str(sys.stderr.isatty())]
    return os.path.join(folder, f"{digest(chr(0).join(parts))}.outcome")


def load(file: str) -> tuple[bytes, bytes, int] | None:
    """What the run wrote to stdout and stderr and its exit code, if everything it looked at is unchanged."""
    payload = read_private(file, MAGIC)
    if payload is None:
        return None
    try:
        paths, signatures, out, err, code = marshal.loads(payload)
    except (ValueError, EOFError, TypeError):
        return None
    lstat = os.lstat
    for path, known in zip(paths, signatures):  # noqa: B905 (both were written together)
        try:
            status = lstat(path)
        except OSError:
            if known is not None:
                return None
            continue
        if known != (status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino):
            return None
    return out, err, code


def save(file: str, watched: dict[str, Signature | None], started: int, out: bytes, err: bytes, code: int) -> None:
    """Keep the outcome, unless something was written since just before the start: the run may not have seen it."""
    if all(found is None or is_settled(found, started) for found in watched.values()):
        write_private(file, MAGIC, marshal.dumps((list(watched), list(watched.values()), out, err, code)))


def _width() -> int:
    """The width of the terminal that stdout goes to, 0 if it goes elsewhere."""
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns if sys.stdout.isatty() else 0
    except (OSError, ValueError, AttributeError):
        return 0
