"""Here-documents: which words of an instruction open one, and how its body ends."""

from __future__ import annotations

import re

from aiaudit.patterns import regex
from aiaudit.sources.dockerfile.expand import split_words
from aiaudit.values import dataclass

_MARKER = regex(r"([0-9]*)<<(-?)[\t\n\f\r ]*([^<]*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Marker:
    """`<<NAME`: `expand` is false for a quoted name, `chomp` true for `<<-`, `descriptor` the number before it."""

    name: str
    expand: bool
    chomp: bool
    descriptor: int

    def ends_with(self, line: str) -> bool:
        """Whether a line (without its end) closes the document."""
        return (line.lstrip("\t") if self.chomp else line) == self.name


def markers(line: str) -> list[Marker]:
    """The documents that the words of an instruction open, in order."""
    if "<<" not in line:
        return []
    return [found for found in map(marker, split_words(line)) if found is not None]


def marker(word: str) -> Marker | None:
    """The document that a word opens, if it is of that form."""
    match = _MARKER.fullmatch(word)
    if match is None or not match.group(3):
        return None
    bare = split_words(match.group(3), raw_quotes=False, raw_escapes=False)
    quoted = split_words(match.group(3), raw_escapes=False)
    if len(bare) != 1 or len(quoted) != 1:
        return None
    return Marker(bare[0], _quotes(bare[0]) == _quotes(quoted[0]), match.group(2) == "-", int(match.group(1)[:9] or 0))


def _quotes(text: str) -> int:
    return text.count("'") + text.count('"')


def chomp(body: str) -> str:
    """A body without the tabs that begin its lines."""
    return "\n".join(line.lstrip("\t") for line in body.split("\n"))
