"""Entries whose keys are parameters: a cache that a program wraps gives under a key what was put in under that key."""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.model.flow.owners import is_of_other
from aiaudit.model.flow.passing import argument_of
from aiaudit.model.flow.places import (
    ANY,
    FETCHED,
    FILE,
    ONE,
    SOMEHOW,
    DependsOnStack,
    Frame,
    Part,
    Path,
    Place,
    may_be,
    part_written,
)
from aiaudit.model.flow.tools import Tools
from aiaudit.model.program import scope_of_name
from aiaudit.model.scopes import Function, Module, Scope, Store
from aiaudit.sources.python.facts import Expression, Parameter

# Wrappers of wrappers: so many functions hand a key on.
_DEPTH = 3


def part_of_key(key: Expression, container: Expression, place: Place, tools: Tools) -> Part:
    """The part of a container that a key names: written there, or given by the call that entered the function.

    The latter counts for what outlives the call alone: an attribute or a variable of the module.
    """
    if key[0] == "unary" and key[3][0] == "const":
        return -1
    if key[0] != "name" or not _outlives_calls(container, place.scope):
        return part_written(key)
    return _given(key, place.scope, place.stack, tools)


def put_in(step: Place, store: Store, part: Path, tools: Tools) -> Iterator[Place]:
    """What a store puts under a key, which may be a parameter: the calls that give another key put nothing there."""
    wanted = part[0] if part else ONE
    parameter = _parameter(store.key, store.scope) if store.key is not None else None
    stacks = None
    if parameter is not None and not step.stack and isinstance(wanted, str) and wanted not in (ANY, ONE, FILE, FETCHED):
        stacks = _ways(parameter, store.scope, wanted, step, tools, 0)
    if stacks is None:
        yield step
        return
    for stack in stacks:
        yield step.entered(stack)


def _ways(
    parameter: Parameter, function: Scope, wanted: Part, step: Place, tools: Tools, depth: int
) -> list[tuple[Frame, ...]] | None:
    """The calls through which a function is given a key; None where all of them may be."""
    if not isinstance(function, Function) or tools.sources.route_of(function) is not None or depth > _DEPTH:
        return None
    found: list[tuple[Frame, ...]] = []
    others = False
    for caller in tools.callers(function):
        frame = Frame(caller.call, function, caller.offset, caller.shift)
        given = argument_of(frame, parameter)
        if caller.written:
            return None
        if is_of_other(caller.call, function, step, tools):
            continue
        if given is not None and not may_be(_written(given, caller.call.scope, tools), wanted):
            others = True
            continue
        outer = _parameter(given, caller.call.scope) if given is not None else None
        stacks = _ways(outer, caller.call.scope, wanted, step, tools, depth + 1) if outer is not None else None
        found += [(frame,)] if stacks is None else [(*stack, frame) for stack in stacks]
        others = others or stacks is not None
    return found if others else None


def _written(key: Expression, scope: Scope, tools: Tools) -> Part:
    """What is written of a key, in its place or where its variable gets it."""
    given = tools.checks.definitions(scope)(key)
    return part_written(given[0] if len(given) == 1 else key)


def _given(key: Expression, scope: Scope, stack: tuple[Frame, ...], tools: Tools) -> Part:
    """What open calls give of a key that is a parameter."""
    parameter = _parameter(key, scope)
    while parameter is not None:
        if stack and stack[-1] is SOMEHOW[0]:
            raise DependsOnStack
        if not stack or stack[-1].function is not scope:
            return ONE
        given = argument_of(stack[-1], parameter)
        if given is None:
            return ONE
        key, scope, stack = given, stack[-1].call.scope, stack[:-1]
        parameter = _parameter(key, scope)
    return _written(key, scope, tools)


def _outlives_calls(container: Expression, scope: Scope) -> bool:
    if container[0] == "name":
        return isinstance(scope_of_name(scope, container[2]), Module)
    return bool(container[0] == "attr")


def _parameter(expression: Expression, scope: Scope) -> Parameter | None:
    """The parameter of a function that an expression is, if it has its value throughout."""
    if expression[0] != "name" or not isinstance(scope, Function) or expression[2] == scope.self_name:
        return None
    bound = scope.bindings.get(expression[2], ())
    if len(bound) != 1 or bound[0].kind != "parameter":
        return None
    parameter: Parameter = bound[0].target
    return parameter
