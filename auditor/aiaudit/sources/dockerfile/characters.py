"""Which characters Go, and so BuildKit, takes for white space, letters and digits."""

from __future__ import annotations

import unicodedata

SPACES = "\t\n\v\f\r \x85\xa0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000"
"""White space in Unicode's sense (Python's str.strip would take the separators U+001C to U+001F as well)."""

BLANKS = "\t\v\f\r "
"""What separates the words of an instruction."""

_SPACE_SET = frozenset(SPACES)


def is_space(char: str) -> bool:
    """Whether a character is white space."""
    return char in _SPACE_SET


def is_letter(char: str) -> bool:
    """Whether a character is a letter."""
    return char.isalpha() if char.isascii() else unicodedata.category(char)[0] == "L"


def is_digit(char: str) -> bool:
    """Whether a character is a decimal digit."""
    return "0" <= char <= "9" if char.isascii() else unicodedata.category(char) == "Nd"


def upper(text: str) -> str:
    """Upper case, letter by letter: none becomes two."""
    return text.upper() if text.isascii() else "".join(c.upper() if len(c.upper()) == 1 else c for c in text)
