"""Sources of COPY and ADD by their spelling, beyond what the model tells of them."""

from __future__ import annotations

import re

from aiaudit.model.image.copies import is_archive


def may_be_archive(source: str) -> bool:
    """Whether ADD may unpack a file: it looks at the content, which a name such as `data.gz` does not tell."""
    return is_archive(source) or source.lower().endswith((".gz", ".bz2", ".xz", ".zst"))


def file_name(path: str) -> str:
    """The last part of a path, of Windows too."""
    return re.split(r"[\\/]", path)[-1]
