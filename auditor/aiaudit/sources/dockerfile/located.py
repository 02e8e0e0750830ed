"""Text whose every character knows its place in the file, through continuations, quotes and nested scripts."""

from __future__ import annotations

from bisect import bisect_right

from aiaudit.span import Extent


class Located:
    """A text put together from pieces of a file.

    A piece begins at `starts[i]` of the text and lies at `lines[i]`, `columns[i]` of the file (both from 1); the
    characters of one piece follow each other in one line of the file.
    """

    __slots__ = ("columns", "lines", "starts", "text")

    def __init__(self, text: str, starts: list[int], lines: list[int], columns: list[int]) -> None:
        self.text = text
        self.starts = starts
        self.lines = lines
        self.columns = columns

    @classmethod
    def at(cls, text: str, line: int, column: int) -> Located:
        """One piece."""
        return cls(text, [0], [line], [column])

    @classmethod
    def join(cls, parts: list[Located]) -> Located:
        """Texts one after the other."""
        if len(parts) == 1:
            return parts[0]
        starts: list[int] = []
        lines: list[int] = []
        columns: list[int] = []
        length = 0
        for part in parts:
            starts.extend(length + start for start in part.starts)
            lines.extend(part.lines)
            columns.extend(part.columns)
            length += len(part.text)
        return cls("".join(part.text for part in parts), starts, lines, columns)

    def position(self, index: int) -> tuple[int, int]:
        """Line and column of the character at an index; the end of the text is one past its last character."""
        if len(self.starts) == 1:
            return self.lines[0], self.columns[0] + index
        piece = bisect_right(self.starts, min(index, max(len(self.text) - 1, 0))) - 1
        return self.lines[piece], self.columns[piece] + index - self.starts[piece]

    def extent(self, start: int, end: int) -> Extent:
        """The stretch of the file from one index to another; the end lies in the piece of the last character."""
        if len(self.starts) == 1:
            line, column = self.lines[0], self.columns[0]
            return Extent(line, column + start, line, column + max(start, end))
        line, column = self.position(start)
        if end <= start:
            return Extent(line, column, line, column)
        end_line, end_column = self.position(end - 1)
        return Extent(line, column, end_line, end_column + 1)

    def slice(self, start: int, end: int) -> Located:
        """A part of the text."""
        first = max(bisect_right(self.starts, start) - 1, 0)
        last = max(bisect_right(self.starts, max(end - 1, start)), first + 1)
        starts = [max(begin - start, 0) for begin in self.starts[first:last]]
        columns = self.columns[first:last]
        if self.starts[first] < start:
            columns[0] += start - self.starts[first]
        return Located(self.text[start:end], starts, self.lines[first:last], columns)

    def segments(self, base: int, segments: list[tuple[str, int]]) -> Located:
        """The text that unquoting makes of a part: pieces of text, each with its offset from `base`."""
        parts: list[Located] = []
        for text, offset in segments:
            begin = base + offset
            if self.text.startswith(text, begin):
                parts.append(self.slice(begin, begin + len(text)))
            else:
                parts.append(Located.at(text, *self.position(begin)))
        return Located.join(parts) if parts else Located.at("", *self.position(base))
