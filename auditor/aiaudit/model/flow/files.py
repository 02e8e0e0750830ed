"""The content of files that the program writes and reads again: from a path back to what was written there."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from aiaudit.model.flow.keys import key_of
from aiaudit.model.flow.places import FETCHED, FILE, Frame, Place
from aiaudit.model.flow.tools import Tools
from aiaudit.model.scopes import Call, Function, last_name
from aiaudit.model.values import FunctionValue
from aiaudit.patterns import regex
from aiaudit.sources.python.facts import Expression

_WRITING = frozenset(("write", "write_bytes", "write_text", "writelines"))
_SAVING = regex(r"save|write|store|copy|upload|dump|stream|move|download|fetch", re.IGNORECASE)
_LOADING = regex(r"download|fetch", re.IGNORECASE)


def written_to(place: Place, tools: Tools) -> Iterator[Place]:
    """What the function of a place writes to the file whose path (or handle) the place's expression is."""
    key = key_of(place.expression)
    function = next((s for s in place.scope.within() if isinstance(s, Function)), None)
    if key is None or function is None:
        return
    naming = tools.remember(function, "files", _Naming)
    keys = {key, *naming.handles.get(key, ())}
    if key.endswith(".name"):
        keys.add(key[:-5])
    for index in sorted({index for one in keys for index in naming.by_key.get(one, ())}):
        yield from _written_by(naming.calls[index], keys, place, tools)


class _Naming:
    """What is named in the calls of a function: key -> calls, and key -> the names of what `open(key)` gives."""

    def __init__(self, function: Function) -> None:
        self.calls = [call for scope in function.descendants() for call in scope.calls]
        self.by_key: dict[str, list[int]] = defaultdict(list)
        self.handles: dict[str, list[str]] = defaultdict(list)
        for index, call in enumerate(self.calls):
            for key in _keys_in(call):
                self.by_key[key].append(index)
        for name, bindings in function.bindings.items():
            for binding in bindings:
                for key in _opened(binding.expression):
                    self.handles[key].append(name)


def _keys_in(call: Call) -> Iterator[str]:
    function = call.expression[2]
    written = [function[2]] if function[0] == "attr" and function[3] in _WRITING else []
    for expression in (*written, *call.arguments, *(value for _, value in call.keywords)):
        key = key_of(expression)
        if key is not None:
            yield key


def _opened(expression: Expression | None) -> Iterator[str]:
    """The keys of the path that is opened."""
    while expression is not None and expression[0] == "await":
        expression = expression[2]
    if expression is None or expression[0] != "call":
        return
    callee = expression[2]
    if last_name(callee) in ("open", "open_file", "async_open"):
        for path in (*expression[3], *((callee[2],) if callee[0] == "attr" else ())):
            key = key_of(path)
            if key is not None:
                yield key


def _written_by(call: Call, keys: set[str], place: Place, tools: Tools) -> Iterator[Place]:
    function = call.expression[2]
    name = last_name(function)
    given = [*call.arguments, *(value for _, value in call.keywords)]
    if function[0] == "attr" and name in _WRITING and key_of(function[2]) in keys and given:
        yield place.inside(given[0], call.scope, (), place.stack)
        return
    if not any(_names(argument, keys) for argument in given):
        return
    entered = False
    for value in tools.evaluator.evaluate(function, call.scope):
        if isinstance(value, FunctionValue) and value.function is not place.scope:
            entered = True
            yield from _written_inside(value, call, keys, place)
    if function[0] == "name" and name == "print":
        yield from (place.inside(argument, call.scope, (), place.stack) for argument in call.arguments)
    elif not entered and _SAVING.search(name):
        others = [argument for argument in given if not _names(argument, keys)]
        if function[0] == "attr" and name in ("save", "move", "download"):
            others.append(function[2])
        path = (FETCHED,) if _LOADING.search(name) else ()
        for other in others:
            yield place.inside(other, call.scope, path, place.stack)


def _written_inside(value: FunctionValue, call: Call, keys: set[str], place: Place) -> Iterator[Place]:
    """The file is passed to a function of the program: what that one writes to its parameter."""
    function = value.function
    offset = int(value.bound is not None and function.self_name is not None)
    for position, parameter in enumerate(function.parameters):
        given = call.argument(parameter[0], position - offset if position >= offset else None)
        if given is not None and _names(given, keys):
            frame = Frame(call, function, offset)
            name: Expression = ("name", parameter[4], parameter[0])
            yield place.inside(name, function, (FILE,), (*place.stack, frame))


def _names(argument: Expression, keys: set[str]) -> bool:
    return key_of(argument) in keys
