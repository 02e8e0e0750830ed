"""Text of programs without secrets: values that are known to be secret, and what looks like a key."""

from __future__ import annotations

from collections.abc import Iterable

from aiaudit.boot.leaks import parts
from aiaudit.sources.secrets import extract, is_secret_name
from aiaudit.sources.secrets.collect import mask

_READ_AS = "output.sh"  # what programs print is full of commands and assignments
_SHORTEST = 4  # a shorter value is in every text


def masked(text: str, values: Iterable[str] = ()) -> str:
    """The text with these values and everything that has the form of a credential masked."""
    for value in sorted({value for value in values if len(value) >= _SHORTEST}, key=len, reverse=True):
        cut = () if "://" in value else parts(value)  # programs cut long values; the ends of an address are no secret
        for part in (value, *cut):
            text = text.replace(part, mask(value))
    lines = text.split("\n")
    for fact in sorted(extract(text, _READ_AS).secrets, key=lambda fact: fact.extent, reverse=True):
        place = fact.extent
        if place.end_line != place.line:
            lines[place.line - 1 : place.end_line] = [fact.masked]
            continue
        line = lines[place.line - 1]
        lines[place.line - 1] = line[: place.column - 1] + fact.masked + line[place.end_column - 1 :]
    return "\n".join(lines)


def secret_values(pairs: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """The values whose names say that they are secret, and addresses that hold a password."""
    return tuple(value for name, value in pairs if is_secret_name(name) or ("://" in value and "@" in value))
