"""What an object was put together from: the expressions behind a chain, an agent or an engine."""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.model.evaluate import Evaluator, method_of
from aiaudit.model.program import scope_of_name
from aiaudit.model.scopes import Function, Scope, walk
from aiaudit.model.values import FunctionValue
from aiaudit.sources.python.facts import Expression

# Objects of more parts than this are read no further.
LIMIT = 400


def ingredients(expression: Expression, scope: Scope, evaluator: Evaluator) -> Iterator[tuple[Expression, Scope]]:
    """The parts of an expression, and of all that its names, attributes, parameters and own calls stand for."""
    queue = [(expression, scope)]
    seen = {id(expression)}
    count = 0
    for whole, place in queue:  # grows while it is walked
        for part in walk(whole):
            count += 1
            if count > LIMIT:
                return
            yield part, place
            for inner, holder in _behind(part, place, evaluator):
                if id(inner) not in seen:
                    seen.add(id(inner))
                    queue.append((inner, holder))


def _behind(part: Expression, scope: Scope, evaluator: Evaluator) -> Iterator[tuple[Expression, Scope]]:
    """The expressions that one part stands for."""
    tag = part[0]
    if tag == "name":
        yield from evaluator.definitions(part, scope)
        holder = scope_of_name(scope, part[2])
        if isinstance(holder, Function) and any(p[0] == part[2] for p in holder.parameters):
            yield from evaluator.passed(holder, part[2])
    elif tag == "attr":
        yield from evaluator.definitions(part, scope)
        yield from attribute_values(part, scope, evaluator)
    elif tag == "call":
        for value in evaluator.evaluate(part[2], scope):
            if isinstance(value, FunctionValue):
                yield from ((returned, value.function) for returned, _ in value.function.returns)


def attribute_values(part: Expression, scope: Scope, evaluator: Evaluator) -> Iterator[tuple[Expression, Scope]]:
    """What methods of the class store in an attribute of `self`, or its body binds it to."""
    method = method_of(scope)
    if method is None or method.owner is None or part[2][0] != "name" or part[2][2] != method.self_name:
        return
    classes = evaluator.lineage(method.owner)[0]
    for store in evaluator.program.stores_by_attribute.get(part[3], ()):
        if store.value is not None and evaluator.store_class(store, classes):
            yield store.value, store.scope
    for cls in classes:
        for binding in cls.bindings.get(part[3], ()):
            if binding.kind == "value" and binding.expression is not None:
                yield binding.expression, cls
