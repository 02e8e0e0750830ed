"""Settings that not everybody needs: calls go one of several ways, users connect their accounts of other services."""

from __future__ import annotations

from collections.abc import Iterable

from aiaudit.model.contexts import Reach
from aiaudit.model.evaluate import Evaluator
from aiaudit.model.program import scope_of_name
from aiaudit.model.python import PythonSide
from aiaudit.model.scopes import Function, Module, Scope, dotted, last_name, walk, walk_all
from aiaudit.model.settings.asked_for import is_asked_for
from aiaudit.model.settings.lookups import GIVING_NONE, RAISING, Source
from aiaudit.model.settings.reads import Read
from aiaudit.model.syntax import statements_in
from aiaudit.model.values import Constant, External
from aiaudit.sources.python.facts import Expression

# Why a setting is not needed by everybody, in words.
ONE_OF_MANY = "only one of many ways that the call may go needs it"
ONE_OF_SEVERAL = "only one of the ways that the call may go needs it"
ASKED_FOR = "only requests that ask for it by name need it"
CONNECTING = "only those need it who connect an account of that service"
# What is sent to a service that has just asked a user who he is.
_EXCHANGE = "authorization_code"


def reason_of(reach: Reach | None, side: PythonSide, *, answered: bool) -> str:
    """Why not everybody needs a setting that is used there; `answered`: requests are told that it is missing."""
    if reach is None:
        return ""
    if reach.is_one_of_many:
        return ONE_OF_MANY
    if answered and is_asked_for(reach, side):
        return ASKED_FOR
    return ONE_OF_SEVERAL if _goes_one_way(reach, side) else ""


def _goes_one_way(reach: Reach, side: PythonSide) -> bool:
    """Whether a call on the way goes one of several ways: an entry of a table, the method of one of several classes."""
    calls = (link.edge.call for link in reach.chain() if link.edge is not None)
    return any(side.contexts.ways(call, side.evaluator.callees(call)) > 1 for call in calls if call is not None)


def chosen_by(read: Read, evaluator: Evaluator) -> str:
    """Why what is written there is needed by some alone: `if config.provider == "mistral"`. What is chosen by default
    is needed by whoever sets nothing."""
    for test, outcome in read.conditions:
        if test[0] != "cmp" or test[3] != ("Eq",) or not outcome or test[4][0][0] != "const":
            continue
        name, text = dotted(test[2]), test[4][0][2]
        if test[2][0] == "name" and not isinstance(scope_of_name(read.scope, test[2][2]), Module):
            continue  # what comes with a request, or is found on the way
        written = [expression for expression, _ in evaluator.definitions(test[2], read.scope)]
        is_default = any(part[0] == "const" and part[2] == text for each in written for part in walk(each))
        values = evaluator.evaluate(test[2], read.scope)
        is_default = is_default or any(isinstance(value, Constant) and value.value == text for value in values)
        if name is not None and isinstance(text, str) and text and not is_default:
            return f'only where {name} is "{text}" is it needed'
    return ""


def is_exchanged(scopes: Iterable[Scope], side: PythonSide) -> bool:
    """Whether a function gives the code with which a user comes back from another service for that service's token."""
    functions = {id(inner): inner for scope in scopes for inner in scope.within() if isinstance(inner, Function)}
    return any(
        part[0] == "const" and part[2] == _EXCHANGE
        for function in functions.values()
        if side.program.tree.mentions(function.module.path, (_EXCHANGE,))
        for part in walk_all(function.body)
    )


def stands_in_for_another(source: Source, side: PythonSide) -> bool:
    """Whether a setting is looked up where another one is missing, and only if something is so:
    `getenv("A", getenv("B") if kind == "b" else None)`."""
    if source.read is None:
        return False
    is_conditional, child = False, source.read.expression
    for parent in reversed(source.read.parents):
        if parent[0] == "ifexp" and parent[2] is not child:
            is_conditional = True
        elif parent[0] == "call":
            paths = {v.path for v in side.evaluator.evaluate(parent[2], source.scope) if isinstance(v, External)}
            return is_conditional and not paths.isdisjoint(GIVING_NONE | RAISING)
        else:
            return False
        child = parent
    return False


def ends_process(scope: Scope) -> bool:
    """Whether a function ends the process where something is wrong, which nothing but a start does."""
    return isinstance(scope, Function) and any(
        (statement[0] == "raise" and statement[2] is not None and _names(statement[2]) == "SystemExit")
        or (statement[0] == "expr" and statement[2][0] == "call" and last_name(statement[2][2]) in ("exit", "_exit"))
        for statement in statements_in(scope.body)
    )


def _names(raised: Expression) -> str:
    return last_name(raised[2] if raised[0] == "call" else raised)
