"""Checks that let through more than a prompt may hold: 20 MiB of a file are little for memory, and a lot of text."""

from __future__ import annotations

from aiaudit.model.flow.checks import Check
from aiaudit.model.flow.limits import TEXT_LIMIT, compared_sizes
from aiaudit.model.flow.places import Place
from aiaudit.model.flow.tools import Tools
from aiaudit.model.scopes import Class, Scope


def large_size(check: Check, scope: Scope, tools: Tools) -> float | None:
    """How much a check lets through where that is more than a prompt may hold, None for others."""
    for holder in scope.within():
        if isinstance(holder, Class) or not any(check is other for other in tools.checks.of(holder)):
            continue
        statement = tools.order.layout(holder).statement(check.address)
        if statement[0] not in ("if", "assert"):
            return None
        smallest = min(compared_sizes(statement[2], holder, tools), default=0.0)
        return smallest if smallest > TEXT_LIMIT else None
    return None


def is_decoded(places: tuple[Place, ...]) -> bool:
    """Whether the bytes of a file become text as they are: what is read out of a PDF is far shorter than the file."""
    return any(_decodes(place) for place in places)


def _decodes(place: Place) -> bool:
    expression = place.expression
    if expression[0] != "call":
        return False
    if expression[2][0] == "attr":
        return bool(expression[2][3] == "decode")
    return bool(expression[2][0] == "name" and expression[2][2] == "str" and len(expression[3]) > 1)
