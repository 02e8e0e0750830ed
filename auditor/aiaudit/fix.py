"""Fixes: edits with a claimed safety. Rules describe them, the engine applies them."""

from __future__ import annotations

import enum

from aiaudit.span import Span
from aiaudit.values import dataclass


class Safety(str, enum.Enum):
    """What applying the fix may change: `safe` keeps behaviour, `unsafe` may change it."""

    SAFE = "safe"
    UNSAFE = "unsafe"


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace the text at `span` by `replacement`."""

    span: Span
    replacement: str


@dataclass(frozen=True, slots=True)
class Fix:
    """A titled set of edits that belong together."""

    title: str
    safety: Safety
    edits: tuple[Edit, ...]
