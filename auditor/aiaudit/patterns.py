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

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        compiled = re.compile(self._text, self._flags)
        for method in _USED:
            setattr(self, method, getattr(compiled, method))
        return getattr(compiled, name)


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
