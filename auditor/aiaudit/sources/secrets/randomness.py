"""Does a text look generated? Entropy alone takes long words for secrets; neighbouring letters tell them apart."""

from __future__ import annotations

import itertools
import math
import re
from collections import Counter

from aiaudit.patterns import regex

# The 190 most frequent pairs of letters in English identifiers; random text holds about a quarter of all 676.
_COMMON_PAIRS = (
    "abacadagaialamanaparasatbabebiblbobucacechcickclcocrctcudadddedidodrdsdueaecedeeefegelemeneperesetevewexfafefffi"
    "flfofrfugegigshahehihoiaibicidieifigiliminioipirisitivizkelaldlelilllolsltlulymamemimompmsnancndnenfngninonsntnu"
    "nvobocodolomonoooporosotouovowpapepiplpoppprptqurarcrdrergrirmrnrorrrsrtrurysascseshsisospssstsutatctethtitltotp"
    "trtstttutyubueulumunupurusutvaveviwawixtypze"
)
_PAIRS = frozenset(_COMMON_PAIRS[at : at + 2] for at in range(0, len(_COMMON_PAIRS), 2))
_TOKEN = regex(r"[\w\-.+/=~:|@!#$%^&*()?,;\[\]]+")
_HEXADECIMAL = regex(r"[0-9a-fA-F]+")
_UUID = regex(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_LONGEST = 4096


def entropy(value: str) -> float:
    """Shannon's bits a character."""
    if not value:
        return 0.0
    size = len(value)
    return -sum(count / size * math.log2(count / size) for count in Counter(value).values())


def wordiness(value: str) -> float:
    """The share of neighbouring letters that are usual in English; 1 for words, about 0.3 for random text."""
    lower = value.lower()
    pairs = [lower[at : at + 2] for at in range(len(lower) - 1)]
    letters = [pair for pair in pairs if pair.isalpha()]
    return sum(pair in _PAIRS for pair in letters) / len(letters) if letters else 0.0


def is_sequence(value: str) -> bool:
    """`abcdefgh`, `12345678`, `aaaaaaaa` and mixtures of such runs."""
    if len(value) < 6:
        return False
    steps = sum(ord(right) - ord(left) in (0, 1) for left, right in itertools.pairwise(value))
    return steps >= 0.6 * (len(value) - 1) or len(set(value.lower())) <= max(3, len(value) // 8)


def is_random(value: str) -> bool:
    """Whether the text has the make of a generated secret rather than of words, a path or an expression."""
    if len(value) < 16 or len(value) > _LONGEST or is_sequence(value) or not _TOKEN.fullmatch(value):
        return False
    value = value.removeprefix("django-insecure-")
    digits = sum(character.isdigit() for character in value)
    if digits == len(value) or value.count("/") > 3 or value.count(".") > 3:
        return False
    if _UUID.fullmatch(value):
        return True
    if _HEXADECIMAL.fullmatch(value):
        return digits > 0 and entropy(value) >= 2.8
    if digits == 0:
        mixed = value not in (value.lower(), value.upper())
        return mixed and len(value) >= 20 and entropy(value) >= 3.8 and wordiness(value) < 0.5
    return entropy(value) >= 3.2 and _changes(value) >= 4 and (wordiness(value) < 0.58 or _has_few_letters(value))


def _has_few_letters(value: str) -> bool:
    """Whether so few letters stand side by side that they cannot be words: `ct-9f83b1c4d7e24a60`."""
    pairs = sum(left.isalpha() and right.isalpha() for left, right in itertools.pairwise(value))
    return pairs * 8 < len(value) - 1


def _changes(value: str) -> int:
    """How often letters, digits and signs, or the case within letters, take turns."""
    kinds = ["d" if c.isdigit() else "u" if c.isupper() else "l" if c.isalpha() else "s" for c in value]
    return sum(left != right for left, right in itertools.pairwise(kinds))
