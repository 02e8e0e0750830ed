"""The ground: a place in a file. Shared by sources, model and findings."""

from __future__ import annotations

from typing import NamedTuple


class Extent(NamedTuple):
    """A stretch of text inside one file; facts hold it, because facts are cached by content and know no path.

    Lines and columns start at 1 and count characters; the end column is exclusive.
    """

    line: int
    column: int
    end_line: int
    end_column: int

    def covers(self, line: int) -> bool:
        """Whether the extent touches this line."""
        return self.line <= line <= self.end_line


class Span(NamedTuple):
    """An extent in a file of the audited tree; `path` is relative to the root, with `/`."""

    path: str
    line: int
    column: int
    end_line: int
    end_column: int

    @classmethod
    def at(cls, path: str, extent: Extent | tuple[int, int, int, int]) -> Span:
        """Attach a path to an extent."""
        return cls(path, *extent)

    @classmethod
    def whole_file(cls, path: str) -> Span:
        """The place of a finding about a file as such."""
        return cls(path, 1, 1, 1, 1)
