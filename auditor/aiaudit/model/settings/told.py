"""Functions that tell whether settings are missing, and what those who ask make of it."""

from __future__ import annotations

from aiaudit.model.scopes import Call, last_name, walk
from aiaudit.model.settings.branches import DISABLES
from aiaudit.model.settings.lookups import is_failure
from aiaudit.model.syntax import blocks, statements_in
from aiaudit.sources.python.facts import Statement

_COLLECTING = ("append", "add", "extend")


def tells(test: Statement, outcome: str) -> bool:
    """Whether a test for a missing value makes the function around it give another answer: it returns nothing then, or
    takes note of what is missing."""
    if outcome == DISABLES:
        return True
    return test[0] == "if" and any(
        (inner[0] == "assign" and inner[3][0] == "const" and inner[3][2] is False)
        or (inner[0] == "expr" and inner[2][0] == "call" and last_name(inner[2][2]) in _COLLECTING)
        for block in blocks(test)
        for inner in statements_in(block)
    )


def is_refused(call: Call) -> bool:
    """Whether a test of what a call gives has a branch that fails."""
    body = call.scope.body
    names = {
        target[2]
        for statement in statements_in(body)
        if statement[0] == "assign" and any(part is call.expression for part in walk(statement[3]))
        for written in statement[2]
        for target in (written[2] if written[0] == "tuple" else (written,))
        if target[0] == "name"
    }
    return any(
        statement[0] == "if"
        and any(part is call.expression or (part[0] == "name" and part[2] in names) for part in walk(statement[2]))
        and any(is_failure(inner) for block in blocks(statement) for inner in statements_in(block))
        for statement in statements_in(body)
    )
