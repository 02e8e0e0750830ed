"""Paths and images of Linux and of Windows told apart."""

from __future__ import annotations

from aiaudit.patterns import regex

_DRIVE = regex(r"[A-Za-z]:")
_WINDOWS = ("windowsservercore", "nanoserver", "/windows", "servercore")


def is_absolute(path: str) -> bool:
    """Whether a path begins at the root, or at a drive."""
    path = path.lstrip("\"'")
    return path.startswith(("/", "\\")) or _DRIVE.match(path) is not None


def is_windows(base: str) -> bool:
    """Whether an image's name says that it is one of Windows."""
    return any(part in base.lower() for part in _WINDOWS)
