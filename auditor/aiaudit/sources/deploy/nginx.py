"""nginx configuration with places: directives, their arguments and blocks.

Lenient, as templates of configurations are read too: a file that breaks off gives what stands before.
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.span import Extent
from aiaudit.values import dataclass

VERSION = 1

_DEEPEST = 20


@dataclass(frozen=True, slots=True)
class Directive:
    """`name argument ...;`, or `name argument ... { block }`: then `block` holds the directives inside."""

    name: str
    arguments: tuple[str, ...]
    extent: Extent
    block: tuple[Directive, ...] = ()
    has_block: bool = False

    @property
    def first(self) -> str:
        """The first argument, "" if there is none."""
        return self.arguments[0] if self.arguments else ""

    def own(self, name: str) -> Directive | None:
        """The last directive of that name directly inside."""
        return next((inner for inner in reversed(self.block) if inner.name == name), None)


@dataclass(frozen=True, slots=True)
class NginxFacts:
    """The directives outside of all blocks."""

    directives: tuple[Directive, ...] = ()


def extract(text: str) -> NginxFacts:
    """Read a configuration."""
    return NginxFacts(tuple(_Reader(_tokens(text)).block(0)))


Token = tuple[str, int, int, bool]


def _tokens(text: str) -> Iterator[Token]:
    """Words with line, column and whether they were quoted; `{`, `}` and `;` stand for themselves."""
    line, start, position = 1, 0, 0
    while position < len(text):
        character = text[position]
        if character == "\n":
            line, start = line + 1, position + 1
            position += 1
        elif character.isspace():
            position += 1
        elif character == "#":
            end = text.find("\n", position)
            position = len(text) if end < 0 else end
        elif character in "{};":
            yield character, line, position - start + 1, False
            position += 1
        else:
            word, end, quoted = _word(text, position)
            yield word, line, position - start + 1, quoted
            line += text.count("\n", position, end)
            start = max(start, text.rfind("\n", 0, end) + 1)
            position = end


def _word(text: str, position: int) -> tuple[str, int, bool]:
    """A word from a position on, where it ends, and whether it is quoted."""
    quote = text[position] if text[position] in "\"'" else ""
    end = position + 1 if quote else position
    found: list[str] = []
    while end < len(text):
        character = text[end]
        if character == "\\" and end + 1 < len(text):
            found.append(text[end : end + 2])
            end += 2
        elif quote and character == quote:
            return "".join(found), end + 1, True
        elif not quote and text.startswith("${", end):  # a variable, not a block
            close = text.find("}", end)
            close = len(text) - 1 if close < 0 else close
            found.append(text[end : close + 1])
            end = close + 1
        elif not quote and (character.isspace() or character in "{};"):
            break
        else:
            found.append(character)
            end += 1
    return "".join(found), end, bool(quote)


class _Reader:
    def __init__(self, tokens: Iterator[Token]) -> None:
        self.tokens = tokens

    def block(self, depth: int) -> Iterator[Directive]:
        """The directives up to the end of a block or of the file."""
        words: list[Token] = []
        for token in self.tokens:
            text, line, column, quoted = token
            if quoted or text not in ("{", "}", ";"):
                words.append(token)
                continue
            if text == "{":
                inner = tuple(self.block(depth + 1)) if depth < _DEEPEST else ()
                if words:
                    yield _directive(words, line, column, inner, True)
            elif words:
                yield _directive(words, line, column, (), False)
            words = []
            if text == "}":
                return


def _directive(words: list[Token], line: int, column: int, block: tuple[Directive, ...], has_block: bool) -> Directive:
    name, first_line, first_column, _ = words[0]
    extent = Extent(first_line, first_column, line, column + 1)
    return Directive(name, tuple(word[0] for word in words[1:]), extent, block, has_block)
