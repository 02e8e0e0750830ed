"""Environment files (`.env`): names, values and where they stand, as python-dotenv and Compose read them."""

from __future__ import annotations

import re

from aiaudit.patterns import regex
from aiaudit.span import Extent
from aiaudit.values import dataclass

VERSION = 1

_NAME = regex(r"[ \t]*(?:export[ \t]+)?([A-Za-z_][\w.\-]*)[ \t]*(=|:(?=\s)|(?=\s*(?:#|$)))[ \t]*")
_LONGEST_VALUE = 200  # lines
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\", '"': '"', "$": "$", "'": "'"}
_VARIABLE = regex(r"\$\{\w+[^}]*\}|\$\w+")


@dataclass(frozen=True, slots=True)
class EnvironmentEntry:
    """`NAME=value`. `value` is None when the line has a name alone; `quote` is "", `'` or `"`.

    `interpolated` tells that the value holds `$NAME` or `${NAME}`, which single quotes switch off. `extent` covers the
    whole entry, `place` the value without its quotes.
    """

    name: str
    value: str | None
    quote: str
    interpolated: bool
    extent: Extent
    place: Extent


@dataclass(frozen=True, slots=True)
class EnvironmentProblem:
    """A line that is no entry."""

    message: str
    extent: Extent


@dataclass(frozen=True, slots=True)
class EnvironmentFacts:
    """The entries of an environment file, in order."""

    entries: tuple[EnvironmentEntry, ...] = ()
    problems: tuple[EnvironmentProblem, ...] = ()

    def get(self, name: str) -> EnvironmentEntry | None:
        """The last entry of a name, which wins."""
        return next((entry for entry in reversed(self.entries) if entry.name == name), None)


def extract(text: str) -> EnvironmentFacts:
    """Read an environment file."""
    return _Reader(text).read()


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._lines = text.removeprefix("\ufeff").split("\n")
        self._entries: list[EnvironmentEntry] = []
        self._problems: list[EnvironmentProblem] = []

    def read(self) -> EnvironmentFacts:
        at = 0
        while at < len(self._lines):
            at = self._line(at)
        return EnvironmentFacts(tuple(self._entries), tuple(self._problems))

    def _line(self, at: int) -> int:
        """Read the entry that begins on this line; the next line to read."""
        line = self._lines[at].rstrip("\r")
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            return at + 1
        match = _NAME.match(line)
        if match is None:
            self._problems.append(EnvironmentProblem("not NAME=value", Extent(at + 1, 1, at + 1, len(line) + 1)))
            return at + 1
        start = match.end()
        quote = line[start : start + 1]
        if not match.group(2):
            self._add(match, at, None, "", Extent(at + 1, start + 1, at + 1, start + 1))
            return at + 1
        if quote in ('"', "'"):
            closed = self._quoted(match, at, start + 1, quote)
            if closed is not None:
                return closed
        value = _unquoted(line[start:])
        self._add(match, at, value, "", Extent(at + 1, start + 1, at + 1, start + len(value) + 1))
        return at + 1

    def _quoted(self, match: re.Match[str], at: int, start: int, quote: str) -> int | None:
        """Read up to the closing quote, over several lines; None when the quote is never closed."""
        pieces: list[str] = []
        row, column = at, start
        line = self._lines[at].rstrip("\r")
        while True:
            if column >= len(line):
                row += 1
                if row >= len(self._lines) or row - at > _LONGEST_VALUE:
                    return None
                pieces.append("\n")
                line, column = self._lines[row].rstrip("\r"), 0
                continue
            character = line[column]
            if character == quote:
                self._add(match, at, "".join(pieces), quote, Extent(at + 1, start + 1, row + 1, column + 1))
                return row + 1
            if character == "\\" and column + 1 < len(line):
                pieces.append(_unescaped(line[column + 1], quote))
                column += 2
                continue
            pieces.append(character)
            column += 1

    def _add(self, match: re.Match[str], at: int, value: str | None, quote: str, place: Extent) -> None:
        interpolated = quote != "'" and value is not None and bool(_VARIABLE.search(value))
        first = match.start(1) + 1
        extent = Extent(at + 1, first, place.end_line, place.end_column + len(quote))
        self._entries.append(EnvironmentEntry(match.group(1), value, quote, interpolated, extent, place))


def _unescaped(character: str, quote: str) -> str:
    if quote == "'":
        return character if character in "\\'" else "\\" + character
    return _ESCAPES.get(character, "\\" + character)


def _unquoted(rest: str) -> str:
    """The value up to a comment, which needs a space before it."""
    if rest.startswith("#"):
        return ""
    comment = re.search(r"\s#", rest)
    return (rest[: comment.start()] if comment else rest).strip()
