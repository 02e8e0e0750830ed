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

    def applied(self, path: str, text: str) -> str:
        """The text of a file with the edits that are its own."""
        lines = text.splitlines(keepends=True)
        starts = [0]
        for line in lines:
            starts.append(starts[-1] + len(line))

        def offset(line: int, column: int) -> int:
            return min(starts[min(line - 1, len(lines))] + column - 1, len(text))

        own = [edit for edit in self.edits if edit.span.path == path]
        for edit in sorted(own, key=lambda edit: edit.span[1:], reverse=True):
            span = edit.span
            before, after = text[: offset(span.line, span.column)], text[offset(span.end_line, span.end_column) :]
            text = before + edit.replacement + after
        return text
