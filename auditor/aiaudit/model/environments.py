"""Which branches a program takes in production: `if settings.ENVIRONMENT != "production":`, `if settings.DEBUG:`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from aiaudit.model.scopes import last_name, walk
from aiaudit.model.syntax import blocks, ends_block
from aiaudit.patterns import regex
from aiaudit.sources.python.facts import Expression, Statement

_PRODUCTION = regex(r"(^|[^a-z])(prod|production)($|[^a-z])", re.IGNORECASE)
_ELSEWHERE = regex(r"(^|[^a-z])(dev|develop|development|debug|local|test|testing)($|[^a-z])", re.IGNORECASE)
_SAME, _OTHER = ("Eq", "Is", "In"), ("NotEq", "IsNot", "NotIn")


def holds_in_production(test: Expression) -> bool | None:
    """Whether a test holds in production; None where it asks something else."""
    if test[0] == "unary" and test[2] == "Not":
        holds = holds_in_production(test[3])
        return None if holds is None else not holds
    if test[0] in ("name", "attr", "call"):
        named = last_name(test[2] if test[0] == "call" else test)
        return _named(named)
    if test[0] != "cmp" or len(test[3]) != 1 or test[3][0] not in (*_SAME, *_OTHER):
        return None
    spoken = {_named(text) for part in walk(test) for text in _texts(part)} - {None}
    if len(spoken) != 1:
        return None
    return spoken.pop() is (test[3][0] in _SAME)


def _named(text: str) -> bool | None:
    """Whether a name or value speaks of production, or of any other environment."""
    if _PRODUCTION.search(text):
        return True
    return False if _ELSEWHERE.search(text) else None


def _texts(part: Expression) -> Iterator[str]:
    if part[0] in ("name", "attr"):
        yield last_name(part)
    elif part[0] == "const" and isinstance(part[2], str):
        yield part[2]


def in_production(body: tuple[Statement, ...]) -> Iterator[Statement]:
    """The statements of a block, and of the blocks in it, that may run in production."""
    for statement in body:
        holds = holds_in_production(statement[2]) if statement[0] == "if" else None
        if holds is None:
            yield statement
            for inner in blocks(statement):
                yield from in_production(inner)
            continue
        taken = statement[3 if holds else 4]
        yield from in_production(taken)
        if taken and ends_block(taken[-1]):
            return
