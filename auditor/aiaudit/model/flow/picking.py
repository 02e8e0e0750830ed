"""One item out of a conversation: what a loop over it leaves behind or gives back, and what `next` takes of it; and
whether items are few."""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.model.flow.checks import Check
from aiaudit.model.flow.keys import key_of
from aiaudit.model.flow.order import Address, Order
from aiaudit.model.flow.places import Place
from aiaudit.model.flow.sizes import EACH
from aiaudit.model.flow.tools import Tools
from aiaudit.model.flow.words import speaks_of_conversation
from aiaudit.model.scopes import Scope, last_name, walk
from aiaudit.sources.python.facts import At, Expression, Statement

# Functions that give the items of a list one after the other.
_ORDERING = frozenset(("reversed", "enumerate", "iter", "list", "tuple", "sorted", "filter"))


def are_few(place: Place, check: Check, tools: Tools) -> bool:
    """Whether items that a check bounds each for itself are limited in their number, too."""
    if EACH not in check.bound.key:
        return False
    key, scope = key_of(place.expression), place.scope
    of_all = tools.checks.bounded(scope, key, (), place.expression[1], lambda: False) if key is not None else None
    if of_all is not None and not of_all.pieces:
        return True
    written = (place.expression, *tools.checks.definitions(scope)(place.expression))
    return any(tools.schema.takes_few(expression, scope, place.path) for expression in written)


def is_left_by_loop(expression: Expression, given: Statement, use: At, scope: Scope, order: Order) -> bool:
    """Whether a value that a statement gives a variable is that of one turn of a conversation where it is used.

    `for turn in turns: question = turn.text`: behind the loop it is the last one. Inside it is each of them.
    """
    layout = order.layout(scope)
    where = layout.address(given)
    if where is None or (len(where) == 1 and given[0] != "for"):
        return False
    place = layout.at(use)
    return place is not None and any(_gives(loop, expression, scope) for loop in _loops(where, place[1], scope, order))


def is_given_back_by_loop(expression: Expression, scope: Scope, order: Order) -> bool:
    """Whether a `return` ends a loop over a conversation with something of the turn that it has come to."""
    found = order.layout(scope).at(expression[1])
    return found is not None and any(_gives(loop, expression, scope) for loop in _loops(found[1], (), scope, order))


def is_first_of(expression: Expression, scope: Scope) -> bool:
    """Whether `next` takes one turn of a conversation of a comprehension or of the list itself."""
    if expression[0] == "comp":
        element, (target, iterable, _, _) = expression[3][-1], expression[4][-1]
        return _is_conversation(iterable) and _stems_from(element, target, scope)
    return _is_conversation(expression)


def _loops(where: Address, use: Address, scope: Scope, order: Order) -> Iterator[Statement]:
    """The loops around a statement, itself included, that a use of what it gives does not stand in."""
    layout = order.layout(scope)
    for length in range(1, len(where) + 1, 2):
        outer = where[:length]
        statement = layout.statement(outer)
        if statement[0] == "for" and use[:length] != outer:
            yield statement


def _gives(loop: Statement, expression: Expression, scope: Scope) -> bool:
    if not _is_conversation(loop[3]):
        return False
    return expression is loop[3] or _stems_from(expression, loop[2], scope)


def _stems_from(expression: Expression, target: Expression, scope: Scope) -> bool:
    """Whether all that an expression takes from variables of its function comes from those of a loop."""
    looped = {part[2] for part in walk(target) if part[0] == "name"}
    used = {part[2] for part in walk(expression) if part[0] == "name"}
    return bool(used & looped) and not any(name in scope.bindings for name in used - looped)


def _is_conversation(iterable: Expression) -> bool:
    """Whether a loop goes through the turns of a conversation, by the name of what it goes through."""
    while True:
        tag = iterable[0]
        if tag == "call" and iterable[3] and last_name(iterable[2]) in _ORDERING:
            iterable = iterable[3][-1]
        elif tag == "sub" and iterable[3][0] == "slice":
            iterable = iterable[2]
        else:
            key = key_of(iterable)
            return key is not None and speaks_of_conversation(key.rpartition(".")[2])
