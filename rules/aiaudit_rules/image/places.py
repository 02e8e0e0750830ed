"""Paths of Linux and of Windows."""

from __future__ import annotations

from aiaudit.patterns import regex

_DRIVE = regex(r"[A-Za-z]:")


def is_absolute(path: str) -> bool:
    """Whether a path begins at the root, or at a drive."""
    path = path.lstrip("\"'")
    return path.startswith(("/", "\\")) or _DRIVE.match(path) is not None
