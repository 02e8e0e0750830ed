"""Objects that are None where a setting is missing, and what is done without them."""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.model.scopes import last_name
from aiaudit.model.settings.branches import ABSENT, DISABLES, OTHER, first_behind, outcome_of
from aiaudit.model.settings.emptiness import filled, key_of
from aiaudit.model.settings.reads import Read, Reads
from aiaudit.model.settings.uses import Use


def is_replaced(use: Use, reads: Reads) -> bool:
    """Whether the program does something else where `client = Client(KEY) if KEY else None` gave nothing, and never
    complains of it."""
    statement = use.read.statement
    if not use.ignored or statement[0] not in ("assign", "ann"):
        return False
    outcomes = {
        outcome
        for target in (statement[2] if statement[0] == "assign" else (statement[2],))
        for read in reads.of(last_name(target))
        for outcome in _outcomes(read)
    }
    return bool(outcomes) and outcomes <= {OTHER, DISABLES}


def _outcomes(read: Read) -> Iterator[str]:
    """What is done where what is read is missing, if that is what a statement asks."""
    statement, key = read.statement, key_of(read.expression)
    if statement[0] != "if" or key is None:
        return
    if key in filled(statement[2], True):
        outcome = outcome_of(statement[4] or first_behind(statement, read.scope), read.scope)
    elif key in filled(statement[2], False):
        outcome = outcome_of(statement[3], read.scope)
    else:
        return
    if outcome != ABSENT:
        yield outcome
