"""Sources of COPY and ADD by their spelling: archives that ADD unpacks, addresses that it fetches."""

from __future__ import annotations

import re

from aiaudit.patterns import regex

_ARCHIVE = regex(r"\.(?:tar|tgz|tbz2?|txz|tzst|tar\.(?:gz|bz2|xz|zst|lzma|Z)|tlz)$", re.IGNORECASE)
_ADDRESS = regex(r"(?:https?|ftp|ssh|git)://|git@")


def is_archive(source: str) -> bool:
    """Whether a name is that of a tar archive."""
    return _ARCHIVE.search(source) is not None


def may_be_archive(source: str) -> bool:
    """Whether ADD may unpack a file: it looks at the content, which a name such as `data.gz` does not tell."""
    return is_archive(source) or source.lower().endswith((".gz", ".bz2", ".xz", ".zst"))


def is_address(source: str) -> bool:
    """Whether a source is fetched from elsewhere."""
    return _ADDRESS.match(source) is not None


def file_name(path: str) -> str:
    """The last part of a path, of Windows too."""
    return re.split(r"[\\/]", path)[-1]
