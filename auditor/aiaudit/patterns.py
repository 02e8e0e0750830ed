"""Regular expressions that are compiled when they are first used: a run needs few of the hundreds that there are."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

_USED = ("match", "fullmatch", "search", "findall", "finditer", "sub", "subn", "split", "pattern", "flags")
# What a pattern begins with that is found at the beginnings of lines alone: `re` looks for a fixed character many times
# faster than for `^`.
LINE_END = r"\n"


class _Pattern:
    """Stands for a compiled pattern; after the first use its methods are the compiled pattern's own."""

    def __init__(self, text: Any, flags: int) -> None:
        self._text = text
        self._flags = flags
        self._head: str | None = None

    def fullmatch(self, text: Any, *span: int) -> Any:
        """What the compiled pattern gives; nothing need be compiled for a text that begins with something else."""
        return self._compiled("fullmatch")(text, *span) if span or self._may_match(text) else None

    def match(self, text: Any, *span: int) -> Any:
        """The same, whatever the text ends with."""
        return self._compiled("match")(text, *span) if span or self._may_match(text) else None

    def _compiled(self, method: str) -> Any:
        """The compiled pattern's own method; whoever has got hold of ours asks often."""
        return vars(self).get(method) or self.__getattr__(method)

    def _may_match(self, text: Any) -> bool:
        if self._head is None:
            self._head = head_of(self._text) if isinstance(self._text, str) and not self._flags else ""
        return not self._head or bool(text.startswith(self._head))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        compiled = re.compile(self._text, self._flags)
        for method in _USED:
            setattr(self, method, getattr(compiled, method))
        return getattr(compiled, name)


def head_of(pattern: str) -> str:
    """What every text begins with that a pattern without flags matches, as far as its first characters tell."""
    found, place, depth = "", 0, 0
    while place < len(pattern) and pattern[place] not in "[{*?+|^$().":
        if pattern[place] == "\\":
            place += 1
            if pattern[place].isalnum():
                break
        found += pattern[place]
        place += 1
    if pattern[place : place + 1] in ("*", "?", "{"):
        found = found[:-1]
    while place < len(pattern):  # an alternative of the whole begins otherwise
        character = pattern[place]
        if character == "[" or (character == "|" and not depth):
            return "" if character == "|" or "|" in pattern[place:] else found
        depth += (character == "(") - (character == ")")
        place += 1 + (character == "\\")
    return found


def occurs(text: str, sought: re.Pattern[str] | tuple[str, ...]) -> bool:
    """Whether a pattern, or one of several words, is found in a text; the first line has a line end before it, too."""
    if isinstance(sought, tuple):
        return any(word in text for word in sought)
    return sought.search(f"\n{text}" if sought.pattern.startswith(LINE_END) else text) is not None


if TYPE_CHECKING:
    from typing import AnyStr

    def regex(text: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]: ...
else:

    def regex(text, flags=0):
        """What `re.compile` gives, compiled when it is first used; a pattern that is wrong fails then."""
        return _Pattern(text, flags)
