"""What is known when a test has an outcome: of the test itself, and of what the flags in it were computed from."""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.model.evaluate import Evaluator
from aiaudit.model.program import scope_of_name
from aiaudit.model.scopes import Class, Function, Scope
from aiaudit.model.values import ClassValue, FunctionValue, Instance
from aiaudit.sources.python.facts import Expression

# `enabled = bool(KEY)`, and what is computed from `enabled` in turn.
_DEPTH = 3


def meanings(
    test: Expression, outcome: bool, scope: Scope, evaluator: Evaluator, depth: int = _DEPTH
) -> Iterator[tuple[Expression, bool]]:
    """The test and its parts with the outcomes that they must have had, flags replaced by what they stand for."""
    yield test, outcome
    tag = test[0]
    if tag == "unary" and test[2] == "Not":
        yield from meanings(test[3], not outcome, scope, evaluator, depth)
    elif tag == "bool" and (test[2] == "And") is outcome:
        for part in test[3]:
            yield from meanings(part, outcome, scope, evaluator, depth)
    elif tag in ("name", "attr", "call") and depth > 0:
        computed = [
            (value, where) for value, where in _computed(test, scope, evaluator) if not (outcome and _no(value))
        ]
        if len(computed) == 1:
            yield from meanings(computed[0][0], outcome, computed[0][1], evaluator, depth - 1)


def _computed(flag: Expression, scope: Scope, evaluator: Evaluator) -> Iterator[tuple[Expression, Scope]]:
    """What a flag gets: the values of a variable or an attribute, what a property or a call without arguments gives."""
    tag = flag[0]
    if tag == "name":
        holder = scope_of_name(scope, flag[2])
        bindings = holder.bindings[flag[2]] if holder is not None else []
        if all(binding.kind == "value" for binding in bindings):
            yield from ((b.expression, b.scope) for b in bindings if b.expression is not None)
    elif tag == "attr":
        for value in evaluator.evaluate(flag[2], scope):
            if isinstance(value, (Instance, ClassValue)):
                yield from _attribute(value.cls, flag[3], evaluator)
    elif not flag[3] and not flag[4]:
        for value in evaluator.evaluate(flag[2], scope):
            if isinstance(value, FunctionValue):
                yield from _given(value.function)


def _attribute(cls: Class, name: str, evaluator: Evaluator) -> Iterator[tuple[Expression, Scope]]:
    classes = evaluator.lineage(cls)[0]
    for candidate in classes:
        method = candidate.method(name)
        if method is not None and method.has_decorator("property", "cached_property", "computed_field"):
            yield from _given(method)
            return
    for store in evaluator.program.stores_by_attribute.get(name, ()):
        if store.value is not None and evaluator.store_class(store, classes):
            yield store.value, store.scope


def _given(function: Function) -> Iterator[tuple[Expression, Scope]]:
    yield from ((value, function) for value, _ in function.returns)


def _no(value: Expression) -> bool:
    return value[0] == "const" and not value[2]
