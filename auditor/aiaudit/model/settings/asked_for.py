"""What only those requests need that ask for it by name: `SOURCES[request.args["source"]]()`."""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.model.contexts import Reach
from aiaudit.model.evaluation.functions import OWN
from aiaudit.model.program import scope_of_name
from aiaudit.model.python import PythonSide
from aiaudit.model.scopes import Call, last_name
from aiaudit.model.tenants import may_come_from_request
from aiaudit.sources.python.facts import Expression


def is_asked_for(reach: Reach, side: PythonSide) -> bool:
    """Whether a call on the way takes an entry of a table of several, under a key that came with the request."""
    calls = (link.edge.call for link in reach.chain() if link.edge is not None)
    return any(
        may_come_from_request(key, call.scope, side.evaluator, side.contexts)
        for call in calls
        if call is not None and sum(isinstance(value, OWN) for value in side.evaluator.callees(call)) > 1
        for key in _keys(call)
    )


def _keys(call: Call) -> Iterator[Expression]:
    """The keys under which what is called was found in a table."""
    called = call.expression[2]
    holder = scope_of_name(call.scope, called[2]) if called[0] == "name" else None
    given = [binding.expression for binding in holder.bindings[called[2]]] if holder is not None else [called]
    for expression in given:
        if expression is not None and expression[0] == "sub":
            yield expression[3]
        elif expression is not None and expression[0] == "call" and last_name(expression[2]) == "get":
            yield from expression[3][:1]
