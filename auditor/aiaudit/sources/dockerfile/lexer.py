"""BuildKit's own small shell lexer: words, quotes, escapes and variables of one text."""

from __future__ import annotations

from collections.abc import Callable

from aiaudit.sources.dockerfile import patterns
from aiaudit.sources.dockerfile.characters import is_digit, is_letter, is_space

Lookup = Callable[[str], "str | None"]

_SPECIAL_PARAMETERS = frozenset("@*#?-$!0")
_HEREDOC_BLANKS = "\t\r "
_NESTING_LIMIT = 100
_LONGEST = 65_536


class ExpansionError(Exception):
    """The builder refuses the text."""


class Lexer:
    """One run over one text. The buffer of the word under way is shared with nested runs, as in BuildKit."""

    __slots__ = (
        "as_written",
        "depth",
        "escape",
        "index",
        "keep_unset",
        "lookup",
        "raw_escapes",
        "raw_quotes",
        "substituted",
        "text",
        "unknown",
        "word",
    )

    def __init__(
        self,
        text: str,
        escape: str,
        lookup: Lookup,
        *,
        raw_quotes: bool = False,
        raw_escapes: bool = False,
        keep_unset: bool = True,
        as_written: bool = False,
    ) -> None:
        self.text = text
        self.escape = escape
        self.lookup = lookup
        self.raw_quotes = raw_quotes
        self.raw_escapes = raw_escapes
        self.keep_unset = keep_unset
        self.as_written = as_written
        self.unknown: dict[str, None] = {}
        self.index = 0
        self.depth = 0
        self.substituted = 0
        self.word: list[str] = []

    def run(self) -> tuple[str, list[str]]:
        """The processed text, and its words."""
        return self._until("")

    def _until(self, stop: str) -> tuple[str, list[str]]:
        self.depth += 1
        if self.depth > _NESTING_LIMIT:
            raise ExpansionError("substitutions are nested too deeply")
        result: list[str] = []
        words: list[str] = []
        in_word = False
        self.word = []
        text, length = self.text, len(self.text)
        while self.index < length:
            char = text[self.index]
            if char == stop:
                self.index += 1
                self._finish(words)
                self.depth -= 1
                return "".join(result), words
            if char == "$":
                piece = self._dollar()
                self.substituted += len(piece)
                if self.substituted > _LONGEST:
                    raise ExpansionError(f"variables stand for more than {_LONGEST} characters")
                result.append(piece)
                for part in piece:
                    in_word = self._add(part, words, in_word)
                continue
            if char == "'" or char == '"':
                piece = self._single_quoted() if char == "'" else self._double_quoted()
            elif char == "<":
                piece = self._angle()
            elif char == self.escape:
                piece = self._escaped()
                if not piece:
                    break
            else:
                self.index += 1
                result.append(char)
                in_word = self._add(char, words, in_word)
                continue
            result.append(piece)
            self.word.append(piece)
            in_word = True
        if stop:
            raise ExpansionError(f"unexpected end of statement while looking for matching {stop}")
        self._finish(words)
        self.depth -= 1
        return "".join(result), words

    def _add(self, char: str, words: list[str], in_word: bool) -> bool:
        if not is_space(char):
            self.word.append(char)
            return True
        if in_word and any(self.word):
            self._finish(words)
            return False
        return in_word

    def _finish(self, words: list[str]) -> None:
        if any(self.word):
            words.append("".join(self.word))
        self.word = []

    def _escaped(self) -> str:
        self.index += 1
        kept = self.escape if self.raw_escapes else ""
        if self.index >= len(self.text):
            return kept
        char = self.text[self.index]
        self.index += 1
        return kept + char

    def _single_quoted(self) -> str:
        end = self.text.find("'", self.index + 1)
        if end < 0:
            self.index = len(self.text)
            raise ExpansionError("unexpected end of statement while looking for matching single-quote")
        inner = self.text[self.index + 1 : end]
        self.index = end + 1
        return f"'{inner}'" if self.raw_quotes else inner

    def _double_quoted(self) -> str:
        result = ['"'] if self.raw_quotes else []
        self.index += 1
        text, length = self.text, len(self.text)
        while self.index < length:
            char = text[self.index]
            if char == '"':
                self.index += 1
                if self.raw_quotes:
                    result.append(char)
                return "".join(result)
            if char == "$":
                result.append(self._dollar())
                continue
            self.index += 1
            if char == self.escape:
                if self.raw_escapes:
                    result.append(char)
                following = text[self.index : self.index + 1]
                if not following:
                    continue
                if following in ('"', "$", self.escape):
                    char = following
                    self.index += 1
            result.append(char)
        raise ExpansionError("unexpected end of statement while looking for matching double-quote")

    def _angle(self) -> str:
        start = self.index
        self.index += 1
        if self.text[self.index : self.index + 1] != "<":
            return "<"
        self.index += 1
        while self.text[self.index : self.index + 1] in _HEREDOC_BLANKS and self.index < len(self.text):
            self.index += 1
        return self.text[start : self.index]

    def _dollar(self) -> str:
        start = self.index
        self.index += 1
        if self.text[self.index : self.index + 1] == "{":
            self.index += 1
            return self._braced(start)
        name = self._name()
        if not name:
            return "$"
        value = self.lookup(name)
        return self._unset(name, start) if value is None else value

    def _unset(self, name: str, start: int) -> str:
        if not self.keep_unset:
            return ""
        self.unknown[name] = None
        return self.text[start : self.index]

    def _braced(self, start: int) -> str:
        first = self.text[self.index : self.index + 1]
        if not first:
            raise ExpansionError("syntax error: missing '}'")
        if first in "{}:":
            raise ExpansionError("syntax error: bad substitution")
        name = self._name()
        modifier = self.text[self.index : self.index + 1]
        self.index += 1
        value = self.lookup(name)
        if modifier == "}":
            return self._unset(name, start) if value is None else value
        if modifier == "/":
            return self._replaced(name, value, start)
        null_is_unset = modifier == ":"
        if null_is_unset:
            modifier = self.text[self.index : self.index + 1]
            self.index += 1
        if not modifier or modifier not in ("-+?" if null_is_unset else "-+?#%"):
            written = f":{modifier}" if null_is_unset else modifier
            raise ExpansionError(f"unsupported modifier ({written}) in substitution")
        word = self._operand("}", modifier in "#%", "syntax error: missing '}'")
        if value is None and self.as_written:
            return self.text[start : self.index]
        unset = value is None or (null_is_unset and value == "")
        if modifier == "-":
            return word if unset or value is None else value
        if modifier == "+":
            return "" if unset else word
        if modifier == "?":
            if value is not None and unset:
                raise ExpansionError(f"{name}: {word or 'is not allowed to be empty'}")
            return self._unset(name, start) if value is None else value
        if value is None:
            return self._unset(name, start)
        longest = word.startswith(modifier)
        trim = patterns.trim_suffix if modifier == "%" else patterns.trim_prefix
        return trim(word[1:] if longest else word, value, longest)

    def _replaced(self, name: str, value: str | None, start: int) -> str:
        everywhere = self.text[self.index : self.index + 1] == "/"
        if everywhere:
            self.index += 1
        pattern = self._operand("/", True, "syntax error: missing '/' in ${}")
        replacement = self._operand("}", True, "syntax error: missing '}'")
        if value is None:
            return self._unset(name, start)
        return patterns.replace(pattern, value, replacement, everywhere)

    def _operand(self, stop: str, raw_escapes: bool, at_end: str) -> str:
        before, self.raw_escapes = self.raw_escapes, raw_escapes
        try:
            return self._until(stop)[0]
        except ExpansionError:
            if self.index >= len(self.text):
                raise ExpansionError(at_end) from None
            raise
        finally:
            self.raw_escapes = before

    def _name(self) -> str:
        start = self.index
        text, length = self.text, len(self.text)
        if start >= length:
            return ""
        first = text[start]
        if is_digit(first):
            while self.index < length and is_digit(text[self.index]):
                self.index += 1
            return text[start : self.index]
        if first in _SPECIAL_PARAMETERS:
            self.index += 1
            return first
        while self.index < length:
            char = text[self.index]
            if not (is_letter(char) or is_digit(char) or char == "_"):
                break
            self.index += 1
        return text[start : self.index]
