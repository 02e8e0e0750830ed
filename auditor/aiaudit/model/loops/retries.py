"""Retries of libraries that go on until an attempt succeeds."""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Step
from aiaudit.model.arguments import argument_of
from aiaudit.model.asking import asked_name, model_calls
from aiaudit.model.knowledge.schema import INFINITE, Entry
from aiaudit.model.loops.found import EndlessRetry
from aiaudit.model.python import PythonSide
from aiaudit.model.resources import short_name
from aiaudit.model.scopes import Call, Function
from aiaudit.model.values import Constant, External
from aiaudit.sources.python.facts import Expression
from aiaudit.span import Span

# Whatever fails when it is asked over a network.
_REMOTE = frozenset(("llm", "embedding", "agent", "chain", "rerank", "speech", "image", "http", "vector", "search"))
_DEPTH = 3


def library_retries(side: PythonSide) -> Iterator[EndlessRetry]:
    """Functions whose decorator repeats them without end, where they ask a model or another service."""
    asked = {id(call.scope): call for call in model_calls(side)}
    for known in side.known:
        if known.entry.kind == "call" and known.entry.purpose in _REMOTE:
            asked.setdefault(id(known.call.scope), known.call)
    for function in side.program.functions:
        for decorator in function.decorators:
            found = _endless(decorator, function, side)
            if found is None:
                continue
            reach = side.contexts.in_request(function) or side.contexts.before_requests(function)
            call = _asked_by(function, asked, side)
            if reach is None or call is None:
                continue
            name, parameter = found
            span = Span.at(function.module.path, decorator[1])
            target = asked_name(call, side)
            steps = (*reach.steps(), Step(f"{name} repeats {function.label}", span), Step(f"calls {target}", call.span))
            yield EndlessRetry(name, target, parameter, span, steps)


def _endless(decorator: Expression, function: Function, side: PythonSide) -> tuple[str, str] | None:
    """The library's decorator that never gives up, and the parameter that would make it."""
    scope = function.parent or function.module
    callee = decorator[2] if decorator[0] == "call" else decorator
    for value in side.evaluator.evaluate(callee, scope):
        entry = side.knowledge.find(value.path) if isinstance(value, External) else None
        if entry is None or entry.loop_cap is None or entry.purpose != "framework":
            continue
        call = side.evaluator.call_of(decorator, scope) if decorator[0] == "call" else None
        if _never_stops(entry, call, side):
            return short_name(entry.path), entry.loop_cap.parameters[0]
    return None


def _never_stops(entry: Entry, call: Call | None, side: PythonSide) -> bool:
    cap = entry.loop_cap
    assert cap is not None
    if call is None:
        return cap.default == INFINITE
    found = [argument_of(call, name, side.evaluator) for name in cap.parameters]
    if any(argument.state == "hidden" for argument in found):
        return False
    given = [argument for argument in found if argument.state == "given"]
    if any(not (argument.is_none or _is_never(argument.values)) for argument in given):
        return False
    if cap.default == INFINITE:
        return True
    return cap.removable and len(given) == len(cap.parameters)


def _is_never(values: object) -> bool:
    """tenacity's `stop_never`, or a number below zero."""
    found = list(values) if isinstance(values, tuple) else []
    return bool(found) and all(
        (isinstance(v, External) and v.path.endswith("stop_never"))
        or (isinstance(v, Constant) and type(v.value) is int and v.value < 0)
        for v in found
    )


def _asked_by(function: Function, asked: dict[int, Call], side: PythonSide) -> Call | None:
    """A call of a model or service in a function, or a few calls deeper."""
    scopes = [function]
    for _ in range(_DEPTH):
        for scope in scopes:
            if id(scope) in asked:
                return asked[id(scope)]
        scopes = [
            edge.target
            for scope in scopes
            for edge in side.contexts.edges(scope)
            if isinstance(edge.target, Function) and edge.call is not None and not edge.deferred
        ]
    return None
