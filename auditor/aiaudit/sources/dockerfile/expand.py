"""Words and variables as BuildKit's own small shell lexer reads them."""

from __future__ import annotations

from aiaudit.sources.dockerfile.lexer import ExpansionError, Lexer, Lookup
from aiaudit.sources.dockerfile.patterns import PatternError
from aiaudit.values import dataclass


@dataclass(frozen=True, slots=True)
class Expansion:
    """What became of a text: `unknown` names the variables that no value was known for and that stand as written.

    `error` tells why the builder would refuse the text; it is left as it was then.
    """

    text: str
    unknown: tuple[str, ...] = ()
    error: str | None = None

    @property
    def complete(self) -> bool:
        """Whether the text is fully known."""
        return not self.unknown and self.error is None


def expand(text: str, lookup: Lookup, escape: str = "\\", *, keep_unset: bool = True) -> Expansion:
    """Quotes and escapes removed, variables replaced, as the builder does it outside RUN, CMD and ENTRYPOINT.

    `lookup` gives a variable's value, None for an unset one. An unset variable with a default (`${x:-y}`) takes it; any
    other stays as written and is named, because a build argument or the base image may set it. With `keep_unset`
    false it becomes empty, which is what the builder does with it.
    """
    if "$" not in text and "'" not in text and '"' not in text and escape not in text:
        return Expansion(text)
    lexer = Lexer(text, escape, lookup, keep_unset=keep_unset)
    try:
        result = lexer.run()[0]
    except (ExpansionError, PatternError) as error:
        return Expansion(text, tuple(lexer.unknown), str(error))
    return Expansion(result, tuple(lexer.unknown))


def unquote(text: str, escape: str = "\\") -> str:
    """Quotes and escapes removed, variables left as written."""
    if "'" not in text and '"' not in text and escape not in text:
        return text
    try:
        return Lexer(text, escape, _nothing, as_written=True).run()[0]
    except ExpansionError:
        return text


def split_words(text: str, *, raw_quotes: bool = True, raw_escapes: bool = True) -> list[str]:
    """Words of a line, variables as written; none if a quote or brace is not closed."""
    lexer = Lexer(text, "\\", _nothing, raw_quotes=raw_quotes, raw_escapes=raw_escapes, as_written=True)
    try:
        return lexer.run()[1]
    except ExpansionError:
        return []


def _nothing(name: str) -> str | None:
    return None
