"""From the parameters of a function back to the arguments of its calls."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from aiaudit.model.flow.places import ANY, Frame, Path, Place, below_store, element_of, is_unknown
from aiaudit.model.flow.tools import Caller, Tools
from aiaudit.model.program import scope_of_name
from aiaudit.model.scopes import Call, Function
from aiaudit.model.values import FunctionValue
from aiaudit.sources.python.facts import Expression, Parameter


def given(caller: Caller, function: Function, parameter: Parameter, path: Path, place: Place) -> Iterator[Place]:
    """What a caller passes for a parameter."""
    call = caller.call
    if not caller.written:
        frame = Frame(call, function, caller.offset, caller.shift)
        yield from arguments(frame, parameter, path, place, ())
        return
    names = _placed(function)
    index = names.index(parameter[0]) - caller.offset if parameter[0] in names else -1
    written = call.argument("args", caller.shift)
    if written is not None and index >= 0:
        yield place.inside(written, call.scope, (index, *path), ())
    named = call.argument("kwargs", caller.shift + 1)
    if named is not None:
        yield place.inside(named, call.scope, (parameter[0], *path), ())


def arguments(
    frame: Frame, parameter: Parameter, path: Path, place: Place, stack: tuple[Frame, ...]
) -> Iterator[Place]:
    """The arguments of a call that a parameter receives."""
    name, kind, call = parameter[0], parameter[1], frame.call
    names = _placed(frame.function)
    if kind == "keywords":
        yield from _named_rest(call, names, path, place, stack)
        return
    if kind == "variadic":
        yield from _rest(call, max(len(names) - frame.offset + frame.shift, 0), path, place, stack)
        return
    found = argument_of(frame, parameter)
    if found is not None:
        yield place.inside(found, call.scope, path, stack)
        return
    for key, spread in call.keywords:
        if key is None:
            yield place.inside(spread, call.scope, (name, *path), stack)
    for argument in call.arguments:
        if argument[0] == "star":
            yield place.inside(argument[2], call.scope, (ANY, *path), stack)


def argument_of(frame: Frame, parameter: Parameter) -> Expression | None:
    """The one argument that a parameter receives, None where none is written for it."""
    name, names = parameter[0], _placed(frame.function)
    position = names.index(name) - frame.offset + frame.shift if name in names else None
    return frame.call.argument(name, position if position is not None and position >= 0 else None)


def _placed(function: Function) -> list[str]:
    """The parameters that arguments without a name are for."""
    return [p[0] for p in function.parameters if p[1] in ("positional", "any")]


def _rest(call: Call, start: int, path: Path, place: Place, stack: tuple[Frame, ...]) -> Iterator[Place]:
    """What `*args` receives."""
    below = element_of(path)
    for argument in call.arguments[start:]:
        if argument[0] == "star":
            yield place.inside(argument[2], call.scope, path, stack)
        elif below is not None:
            yield place.inside(argument, call.scope, below, stack)


def _named_rest(call: Call, names: list[str], path: Path, place: Place, stack: tuple[Frame, ...]) -> Iterator[Place]:
    """What `**kwargs` receives."""
    first = path[0] if path else None
    for key, value in call.keywords:
        if key is None:
            yield place.inside(value, call.scope, path, stack)
        elif first is None and key not in names:
            yield place.inside(value, call.scope, (), stack)
        elif first == key or (first is not None and is_unknown(first)):
            yield place.inside(value, call.scope, path[1:], stack)


def filled_by_functions(
    place: Place, stack: tuple[Frame, ...], tools: Tools, is_gone: Callable[[Call], bool]
) -> Iterator[Place]:
    """What functions put into a list that they are given; `is_gone` tells that a call filled an earlier list."""
    if place.expression[0] != "name":
        return
    name = place.expression[2]
    holder = scope_of_name(place.scope, name)
    if not isinstance(holder, Function):
        return
    for call, position, value in tools.given_names(holder).get(name, ()):
        if call.arguments[position] is not place.expression and not is_gone(call):
            yield from _filled(value, call, position, place, stack, tools)


def _filled(
    value: FunctionValue, call: Call, position: int, place: Place, stack: tuple[Frame, ...], tools: Tools
) -> Iterator[Place]:
    function = value.function
    offset = int(value.bound is not None and function.self_name is not None)
    if position + offset >= len(function.parameters) or any(frame.function is function for frame in stack):
        return
    variable = (id(function), function.parameters[position + offset][0])
    for store in tools.evaluator.filled.get(variable, ()):
        below = below_store(place.path, store)
        if store.value is not None and below is not None and store.scope is function:
            yield place.inside(store.value, function, below, (*stack, Frame(call, function, offset)))
