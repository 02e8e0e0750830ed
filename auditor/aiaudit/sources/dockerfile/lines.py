"""The lossless layer: physical lines put together to logical ones as BuildKit does it, nothing of the file lost.

This is what dockerfile-parse lacks: here-documents, comments and blank lines inside continuations, escapes at the end,
a byte-order mark, and the column of every character.
"""

from __future__ import annotations

import re

from aiaudit.patterns import regex
from aiaudit.sources.dockerfile import heredocs, structure, words
from aiaudit.sources.dockerfile.characters import SPACES
from aiaudit.sources.dockerfile.facts import Comment, Heredoc, Problem
from aiaudit.sources.dockerfile.keywords import HEREDOC_KEYWORDS
from aiaudit.sources.dockerfile.located import Located
from aiaudit.span import Extent
from aiaudit.values import dataclass, field

_DIRECTIVE = regex(r"([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(.+?)\s*", re.ASCII | re.DOTALL)
_DIRECTIVES = frozenset({"syntax", "check", "escape"})
_LONGEST_LINE = 65535


@dataclass(frozen=True, slots=True)
class Body:
    """A here-document as a shell reads it: its lines with plain ends, and the line that closes it if there is one."""

    content: Located
    end: Located | None


@dataclass(frozen=True, slots=True)
class LogicalLine:
    """One instruction's text without continuations and comments, its first and last line, its here-documents."""

    content: Located
    first: int
    last: int
    heredocs: tuple[Heredoc, ...]
    bodies: tuple[Body, ...]


@dataclass(slots=True)
class Layout:
    """What the lines of a file are."""

    lines: list[str]
    escape: str = "\\"
    directives: list[tuple[str, str]] = field(default_factory=list)
    logical: list[LogicalLine] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def whole_line(self, number: int) -> Extent:
        """The extent of one line (from 1)."""
        return Extent(number, 1, number, len(self.lines[number - 1]) + 1)

    def refuse(self, message: str, number: int, kind: str = "") -> None:
        """Record what the parser stops at."""
        self.problems.append(Problem(message, self.whole_line(number), fatal=True, kind=kind))


def layout(text: str) -> Layout:
    """The logical lines of a Dockerfile."""
    physical = text.removeprefix("\ufeff").split("\n")
    if physical[-1] == "":
        physical.pop()
    return _Reader(physical).read()


class _Reader:
    """Walks the physical lines once; `index` is the next one."""

    def __init__(self, physical: list[str]) -> None:
        # a heredoc keeps the ends of its lines, everything else is read without them
        self.physical = physical
        self.found = Layout([line.rstrip("\r") for line in physical])
        self.index = 0
        self.directives_possible = True

    def read(self) -> Layout:
        found = self.found
        while self.index < len(found.lines):
            line = found.lines[self.index]
            stripped = line.lstrip(SPACES)
            if self.directives_possible:
                self._directive(stripped)
            if not stripped or stripped[0] == "#":
                if stripped:
                    self._comment(line)
                self.index += 1
                continue
            self._logical_line(stripped, len(line) - len(stripped) + 1)
        for number, line in enumerate(self.physical, 1):
            if len(line) >= _LONGEST_LINE:
                found.refuse(f"dockerfile line greater than max allowed size of {_LONGEST_LINE}", number)
        if not found.logical:
            found.problems.append(Problem("file with no instructions", Extent(1, 1, 1, 1), fatal=True))
        return found

    def _directive(self, stripped: str) -> None:
        match = _DIRECTIVE.fullmatch(stripped[1:].lstrip(SPACES)) if stripped.startswith("#") else None
        name = match.group(1).lower() if match else ""
        if match is None or name not in _DIRECTIVES:
            self.directives_possible = False
            return
        found, value, number = self.found, match.group(2), self.index + 1
        if any(name == known for known, _ in found.directives):
            found.refuse(f"only one {name} parser directive can be used", number)
            return
        found.directives.append((name, value))
        if name != "escape":
            return
        if value in ("\\", "`"):
            found.escape = value
        else:
            found.refuse(f"invalid escape token '{value}' does not match ` or \\", number)

    def _comment(self, line: str) -> None:
        column = line.index("#") + 1
        number = self.index + 1
        extent = Extent(number, column, number, len(line) + 1)
        self.found.comments.append(Comment(line[column:].strip(SPACES), extent))

    def _logical_line(self, text: str, column: int) -> None:
        lines, escape = self.found.lines, self.found.escape
        first = self.index + 1
        parts: list[Located] = []
        body = continued(text, escape)
        self.index += 1
        parts.append(Located.at(text if body is None else body, first, column))
        while body is not None and self.index < len(lines):
            line = lines[self.index]
            stripped = line.lstrip(SPACES)
            if stripped.startswith("#"):
                self._comment(line)
            elif stripped:
                body = continued(line, escape)
                parts.append(Located.at(line if body is None else body, self.index + 1, 1))
            self.index += 1
        content = Located.join([part for part in parts if part.text] or parts[:1])
        documents, bodies = self._documents(content.text, first)
        self.found.logical.append(LogicalLine(content, first, self.index, documents, bodies))

    def _documents(self, text: str, first: int) -> tuple[tuple[Heredoc, ...], tuple[Body, ...]]:
        if "<<" not in text or not _may_hold_heredocs(text, self.found.escape):
            return (), ()
        documents: list[Heredoc] = []
        bodies: list[Body] = []
        for marker in heredocs.markers(text):
            start = self.index
            while self.index < len(self.physical) and not marker.ends_with(self.found.lines[self.index]):
                self.index += 1
            terminated = self.index < len(self.physical)
            end = Located.at(marker.name, self.index + 1, 1) if terminated else None
            bodies.append(Body(self._body(start, self.index, marker.chomp), end))
            written = "".join(f"{line}\n" for line in self.physical[start : self.index])
            extent = self._body_extent(start, terminated)
            documents.append(Heredoc(marker.name, written, marker.expand, extent, marker.chomp, marker.descriptor))
            if not terminated:
                self.found.refuse("unterminated heredoc", first, "heredoc")
                break
            self.index += 1
        return tuple(documents), tuple(bodies)

    def _body_extent(self, start: int, terminated: bool) -> Extent:
        if terminated:
            return Extent(start + 1, 1, self.index + 1, 1)
        last = len(self.found.lines)
        end_column = len(self.found.lines[-1]) + 1
        return Extent(start + 1, 1, last, end_column) if start < last else Extent(last, end_column, last, end_column)

    def _body(self, start: int, end: int, without_tabs: bool) -> Located:
        parts: list[Located] = []
        for index in range(start, end):
            line = self.found.lines[index]
            bare = line.lstrip("\t") if without_tabs else line
            parts.append(Located.at(bare + "\n", index + 1, len(line) - len(bare) + 1))
        last = len(self.found.lines)
        return Located.join(parts) if parts else Located.at("", min(start + 1, last), 1)


def continued(line: str, escape: str) -> str | None:
    """The line without the escape that joins the next one to it; None if it ends here, or in a doubled escape."""
    stripped = line.rstrip(" \t")
    if not stripped.endswith(escape) or stripped.endswith(escape + escape):
        return None
    return stripped[:-1]


def _may_hold_heredocs(text: str, escape: str) -> bool:
    """Whether it is a RUN, COPY or ADD, perhaps behind ONBUILD, and not in JSON form."""
    [(keyword, start)] = structure.split([text])
    end = len(text.rstrip(SPACES))
    _, start = words.builder_flags(text, start, end, escape)
    if keyword == "ONBUILD":
        return start < end and _may_hold_heredocs(text[start:end], escape)
    if keyword not in HEREDOC_KEYWORDS:
        return False
    try:
        return words.json_strings(text, start, end) is None
    except words.NotStrings:
        return True
