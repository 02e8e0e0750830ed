"""Bytes of one file: read within bounds, never through a link out of the tree, decoded as its kind says."""

from __future__ import annotations

import codecs
import os
import stat

from aiaudit.patterns import regex

LIMIT = 5 * 1024 * 1024
_START = 8192
_COOKIE = regex(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


class Unreadable(Exception):
    """A file that cannot be read; the message says why."""


class Binary(Unreadable):
    """A file that is no text."""


class TooLarge(Unreadable):
    """A file beyond the limit."""


def read_bytes(path: str, limit: int = LIMIT) -> bytes:
    """The bytes of a regular file; links are refused, a file beyond the limit is not read."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        descriptor = os.open(path, flags)
    except OSError as error:
        raise Unreadable(f"cannot be read: {(error.strerror or str(error)).lower()}") from None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise Unreadable("is no regular file")
        start = os.read(descriptor, _START)
        if is_binary(start):
            raise Binary("is no text")
        if status.st_size > limit:
            raise TooLarge(f"skipped: {megabytes(status.st_size)} is over the limit of {megabytes(limit)}")
        parts, size = [start], len(start)
        while parts[-1] and size < limit:
            parts.append(os.read(descriptor, max(status.st_size - size, 1)))
            size += len(parts[-1])
        return b"".join(parts)
    except OSError as error:
        raise Unreadable(f"cannot be read: {(error.strerror or str(error)).lower()}") from None
    finally:
        os.close(descriptor)


def is_binary(start: bytes) -> bool:
    """Whether the first bytes of a file are no text (as git tells it: a NUL, unless a UTF-16 mark comes first)."""
    return b"\0" in start and not start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))


def decode(data: bytes, path: str) -> str:
    """Text of a file: byte-order marks and, for Python, the coding cookie decide; the rest is UTF-8.

    Undecodable bytes become surrogate escapes; line ends stay as they are.
    """
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "surrogateescape" if encoding == "utf-8" else "replace")
    if path.endswith(".py") and b"coding" in data[:1000]:
        cookie = _cookie(data)
        if cookie is not None:
            try:
                return data.decode(cookie)
            except (LookupError, UnicodeError):
                pass  # an unknown or wrong cookie: the bytes are still looked at, as UTF-8
    return data.decode("utf-8", "surrogateescape")


def _cookie(data: bytes) -> str | None:
    for line in data.split(b"\n", 2)[:2]:
        match = _COOKIE.match(line)
        if match:
            return match.group(1).decode("ascii", "replace")
        if line.strip() and not line.lstrip().startswith(b"#"):
            return None
    return None


def megabytes(size: int) -> str:
    """A size for people."""
    return f"{size / 1024 / 1024:.1f} MB"
