"""What the way to a call tells of the object that it is made on.

`def dump(model): return model.dump()` runs the method of every class that any caller gives, taken for itself. On the
way from one caller it runs that caller's alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from aiaudit.model.edge import Edge, is_super_call
from aiaudit.model.evaluate import Evaluator
from aiaudit.model.evaluation.functions import OWN, is_bound
from aiaudit.model.evaluation.keyed import given_for
from aiaudit.model.scopes import Function, Scope
from aiaudit.model.values import ClassValue, Constant, FunctionValue, Instance, Partial, Value, Values
from aiaudit.sources.python.facts import Expression


def told_by(way: Iterable[Edge], edge: Edge, evaluator: Evaluator) -> Values:
    """What the way to a function, from its last edge on, gives for the parameter through which another edge runs
    something; nothing where that goes through no parameter, or where the way does not tell."""
    through = edge.through
    if through is not None and through[0] == "attr":
        through = through[2]
    if through is None or through[0] != "name":
        return ()
    return _given(_completed(through[2], edge.source, evaluator), edge.source, iter(way), evaluator)


def _completed(name: str, scope: Scope, evaluator: Evaluator) -> str:
    """The name of what a variable calls with some arguments: `job = partial(function, *args)`; for others their own."""
    bindings = scope.bindings.get(name, ())
    made = bindings[0].expression if len(bindings) == 1 and bindings[0].kind == "value" else None
    if made is None or made[0] != "call" or not made[3] or made[3][0][0] != "name":
        return name
    values = evaluator.evaluate(made, scope)
    return made[3][0][2] if values and all(isinstance(value, Partial) for value in values) else name


def _given(name: str, function: Scope, way: Iterator[Edge], evaluator: Evaluator) -> Values:
    """What the way to a function gives for one of its parameters."""
    if not isinstance(function, Function) or not function.only_takes(name):
        return ()
    arrival = next(way, None)
    if arrival is None or arrival.call is None or arrival.deferred or arrival.target is not function:
        return ()
    argument = _argument(name, function, arrival, evaluator)
    if argument is None:
        return ()
    if argument[0] == "name" and arrival.source is arrival.call.scope:
        further = _given(_completed(argument[2], arrival.source, evaluator), arrival.source, way, evaluator)
        if further:
            return further
    values = evaluator.evaluate(argument, arrival.call.scope)
    return values if all(isinstance(value, (*OWN, Constant)) for value in values) else ()


def _argument(name: str, function: Function, arrival: Edge, evaluator: Evaluator) -> Expression | None:
    """What the call behind an edge gives for a parameter; for that of the object itself, what it is called on."""
    call = arrival.call
    if call is None:
        return None
    callee = call.expression[2]
    if name == function.self_name:
        if callee[0] != "attr" or callee[3] != function.name:
            return None
        own = arrival.source.self_name if isinstance(arrival.source, Function) else None
        if is_super_call(call):
            return ("name", callee[1], own) if own is not None else None
        return callee[2]  # type: ignore[no-any-return]
    for value in evaluator.callees(call):
        if isinstance(value, FunctionValue) and value.function is function:
            return given_for(call, function, name, is_bound(value))
    return None


def may_be_taken(edge: Edge, given: Values, evaluator: Evaluator) -> bool:
    """Whether an edge runs what it does where one of some objects is given."""
    return not given or any(_may_run(value, edge, evaluator) for value in given)


def _may_run(value: Value, edge: Edge, evaluator: Evaluator) -> bool:
    target, through = edge.target, edge.through
    if isinstance(value, Constant):
        return False
    if through is not None and through[0] == "attr" and through[3] != target.name:
        return True  # what an attribute holds, or what a library runs in place of its own method
    if isinstance(value, (Instance, ClassValue)) and isinstance(target, Function) and target.owner is not None:
        if target.owner in evaluator.lineage(value.cls)[0]:
            return True
        is_exact = isinstance(value, Instance) and value.origin is not None
        return not is_exact and value.cls in evaluator.lineage(target.owner)[0]
    if isinstance(value, FunctionValue) and through is not None and through[0] == "name":
        function = value.function
        if function is target or target in evaluator.wrappers(function):
            return True
        return value.bound is not None and function.name == target.name
    return True
