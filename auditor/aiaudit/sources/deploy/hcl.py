"""HCL files (docker-bake.hcl) as blocks with attributes: strings, lists and objects; other expressions stay unknown.

Read token by token; what cannot be read ends the reading, and what came before it stays.
"""

from __future__ import annotations

from typing import Any

from aiaudit.patterns import regex
from aiaudit.span import Extent
from aiaudit.values import dataclass, field

VERSION = 1

_SKIPPED = regex(r"[ \t\r]+|#[^\n]*|//[^\n]*")
_GENERATED = regex(r"[\[{]\s*for\s")
_NAME = regex(r"[A-Za-z_][\w.-]*")
_HEREDOC = regex(r"<<(?P<flush>-?)(?P<name>\w+)[ \t]*\r?\n")
_ESCAPE = regex(r"\\([nrt\"\\])")
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t"}
_OPENING, _CLOSING = "([{", ")]}"
_DEEPEST = 40


@dataclass(frozen=True, slots=True)
class Block:
    """`kind "label" { ... }`. Attributes are strings (`${...}` as written), lists, dictionaries, or None if unknown."""

    kind: str
    labels: tuple[str, ...]
    attributes: tuple[tuple[str, Any], ...]
    blocks: tuple[Block, ...]
    line: int

    def text(self, name: str) -> str:
        """A string attribute, "" if it is absent or no plain string."""
        value = dict(self.attributes).get(name)
        return value if isinstance(value, str) else ""


@dataclass(frozen=True, slots=True)
class HclProblem:
    """Why the rest of the file could not be read."""

    message: str
    extent: Extent


@dataclass(frozen=True, slots=True)
class HclFacts:
    """The top-level blocks of a file."""

    blocks: tuple[Block, ...] = ()
    problems: tuple[HclProblem, ...] = ()


class _Stop(Exception):
    """The text is not what was expected here."""


@dataclass(slots=True)
class _Body:
    attributes: list[tuple[str, Any]] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)


def extract(text: str) -> HclFacts:
    """The blocks of an HCL text; never raises."""
    reader = _Reader(text.removeprefix("\ufeff"))
    body = _Body()
    try:
        reader.body(body, "", 0)
    except _Stop as stop:
        line = text.count("\n", 0, reader.index) + 1
        return HclFacts(tuple(body.blocks), (HclProblem(str(stop), Extent(line, 1, line, 1)),))
    return HclFacts(tuple(body.blocks))


class _Reader:
    """Walks the text once."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.index = 0
        self.line = 1
        self.counted = 0

    def body(self, body: _Body, closing: str, depth: int) -> None:
        """Attributes and blocks up to the closing brace, or to the end."""
        if depth > _DEEPEST:
            raise _Stop("nested too deeply")
        while True:
            self.skip(newlines=True)
            if self.index >= len(self.text):
                if closing:
                    raise _Stop("a block is not closed")
                return
            if closing and self.take(closing):
                return
            name = self.name()
            if self.take("="):
                body.attributes.append((name, self.value(depth + 1)))
            else:
                body.blocks.append(self.block(name, depth))

    def block(self, kind: str, depth: int) -> Block:
        line = self.line_number()
        labels: list[str] = []
        while not self.take("{"):
            self.skip()
            labels.append(self.string() if self.text.startswith('"', self.index) else self.name())
        inner = _Body()
        self.body(inner, "}", depth + 1)
        return Block(kind, tuple(labels), tuple(inner.attributes), tuple(inner.blocks), line)

    def value(self, depth: int) -> Any:
        """An expression; None unless it is one string, list or object and nothing more."""
        if depth > _DEEPEST:
            raise _Stop("nested too deeply")
        self.skip()
        start = self.text[self.index : self.index + 1]
        found: Any = None
        if _GENERATED.match(self.text, self.index):
            self.balanced()
        elif start == '"':
            found = self.string()
        elif self.text.startswith("<<", self.index):
            return self.heredoc()
        elif start == "[":
            self.index += 1
            found = self.items(depth)
        elif start == "{":
            self.index += 1
            found = self.entries(depth)
        self.skip()
        rest = self.text[self.index : self.index + 1]
        if rest in ("", "\n", ",", "]", "}", ")"):
            return found
        self.pass_over()
        return None

    def items(self, depth: int) -> list[Any]:
        """The values of a list up to its end."""
        found: list[Any] = []
        while True:
            self.skip(newlines=True)
            if self.take("]"):
                return found
            found.append(self.value(depth + 1))
            self.skip(newlines=True)
            if not self.take(",") and not self.text.startswith("]", self.index):
                raise _Stop("a list is not closed")

    def entries(self, depth: int) -> dict[str, Any]:
        """The entries of an object up to its end."""
        found: dict[str, Any] = {}
        while True:
            self.skip(newlines=True)
            if self.take("}"):
                return found
            key = self.string() if self.text.startswith('"', self.index) else self.key()
            if not self.take("=") and not self.take(":"):
                raise _Stop("an object has an entry without a value")
            found[key] = self.value(depth + 1)
            self.skip(newlines=True)
            self.take(",")

    def key(self) -> str:
        """A bare key, or a parenthesized one, whose name is not known."""
        if self.text.startswith("(", self.index):
            self.balanced()
            return ""
        return self.name()

    def string(self) -> str:
        """A quoted string; `${...}` in it may hold quotes of its own."""
        start = self.index + 1
        self.index = start
        while self.index < len(self.text):
            char = self.text[self.index]
            if char == "\\":
                self.index += 2
            elif char == '"':
                found = self.text[start : self.index]
                self.index += 1
                return _ESCAPE.sub(lambda match: _ESCAPED.get(match[1], match[1]), found)
            elif self.text.startswith(("${", "%{"), self.index):
                self.index += 1
                self.balanced()
            elif char == "\n":
                break
            else:
                self.index += 1
        raise _Stop("a string is not closed")

    def heredoc(self) -> str:
        match = _HEREDOC.match(self.text, self.index)
        if match is None:
            raise _Stop("a here-document has no name")
        lines: list[str] = []
        self.index = match.end()
        while self.index < len(self.text):
            end = self.text.find("\n", self.index)
            end = len(self.text) if end < 0 else end
            line = self.text[self.index : end]
            self.index = min(end + 1, len(self.text))
            if line.strip() == match["name"]:
                return "".join(f"{line}\n" for line in lines)
            lines.append(line)
        raise _Stop("a here-document is not closed")

    def balanced(self) -> None:
        """Pass over everything up to the bracket that closes the one that opens here."""
        depth = 0
        while self.index < len(self.text):
            char = self.text[self.index]
            if char == '"':
                self.plain_string()
                continue
            depth += (char in _OPENING) - (char in _CLOSING)
            self.index += 1
            if depth == 0:
                return
        raise _Stop("a bracket is not closed")

    def plain_string(self) -> None:
        """Pass over a string inside of an expression."""
        self.index += 1
        while self.index < len(self.text) and self.text[self.index] != '"':
            self.index += 2 if self.text[self.index] == "\\" else 1
        self.index += 1

    def pass_over(self) -> None:
        """The rest of an expression, up to the end of its line or to what closes the list or object around it."""
        while self.index < len(self.text):
            self.skip()
            char = self.text[self.index : self.index + 1]
            if char in ("", "\n", ",", *_CLOSING):
                return
            if char == '"':
                self.plain_string()
            elif char in _OPENING:
                self.balanced()
            else:
                self.index += 1

    def name(self) -> str:
        self.skip()
        match = _NAME.match(self.text, self.index)
        if match is None:
            raise _Stop("no name where one should be")
        self.index = match.end()
        return match.group()

    def take(self, char: str) -> bool:
        self.skip()
        if not self.text.startswith(char, self.index):
            return False
        self.index += len(char)
        return True

    def skip(self, newlines: bool = False) -> None:
        """White space and comments."""
        while True:
            match = _SKIPPED.match(self.text, self.index)
            if match is not None:
                self.index = match.end()
            elif self.text.startswith("/*", self.index):
                end = self.text.find("*/", self.index + 2)
                if end < 0:
                    raise _Stop("a comment is not closed")
                self.index = end + 2
            elif newlines and self.text.startswith("\n", self.index):
                self.index += 1
            else:
                return

    def line_number(self) -> int:
        self.line += self.text.count("\n", self.counted, self.index)
        self.counted = self.index
        return self.line
