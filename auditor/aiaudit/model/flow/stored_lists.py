"""Lists in Redis that requests add to and read whole: nothing but `ltrim` keeps them short."""

from __future__ import annotations

from aiaudit.model.flow.keys import key_of
from aiaudit.model.flow.places import Place
from aiaudit.model.flow.tools import Tools
from aiaudit.model.scopes import Call
from aiaudit.model.values import External
from aiaudit.sources.python.facts import Expression

_PUSHING = ("rpush", "lpush", "rpushx", "lpushx")
_TAKING_OUT = ("lpop", "rpop", "blpop", "brpop", "lrem", "lmove", "rpoplpush")


def growing_list(place: Place, tools: Tools) -> Call | None:
    """The call of a request that adds to the list which a place reads from end to end, None where something trims."""
    expression = place.expression
    if place.few or expression[0] != "call" or expression[2][0] != "attr" or expression[2][3] != "lrange":
        return None
    call = tools.evaluator.call_of(expression, place.scope)
    first, last = call.argument("start", 1), call.argument("end", 2)
    if _number(first) != 0 or _number(last) != -1 or not _is_of_redis(call, tools):
        return None
    program = tools.side.program
    if program.calls_by_name.get("ltrim") or _is_worked_off(call, tools):
        return None
    pushes = (push for name in _PUSHING for push in program.calls_by_name.get(name, ()))
    return next((push for push in pushes if tools.side.contexts.in_request(push.scope) is not None), None)


def _is_worked_off(call: Call, tools: Tools) -> bool:
    """Whether something takes entries out of the same list again: a queue of tasks is no conversation."""
    given = call.argument("name", 0)
    key = key_of(given) if given is not None else None
    pops = (pop for name in _TAKING_OUT for pop in tools.side.program.calls_by_name.get(name, ()))
    taken = (pop.argument("name", 0) for pop in pops)
    return key is not None and any(other is not None and key_of(other) == key for other in taken)


def _is_of_redis(call: Call, tools: Tools) -> bool:
    """Whether a call is made on a client of Redis, or on something of which nothing is known."""
    paths = [value.path for value in tools.evaluator.callees(call) if isinstance(value, External)]
    return not paths or any("redis" in path.lower() or "valkey" in path.lower() for path in paths)


def _number(expression: Expression | None) -> int | None:
    """A whole number as it is written, with its sign."""
    if expression is None:
        return None
    if expression[0] == "unary" and expression[2] == "USub":
        found = _number(expression[3])
        return None if found is None else -found
    return expression[2] if expression[0] == "const" and type(expression[2]) is int else None
