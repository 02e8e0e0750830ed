"""Calls that nobody wrote down: functions handed to others and partial applications, as if they were written out."""

from __future__ import annotations

from typing import Any

from aiaudit.model.scopes import Call, last_name
from aiaudit.sources.python.facts import Expression

# Calls that call the function given to them, with the arguments that come after it: last name -> its position.
HANDING = {
    "to_thread": 0,
    "run_in_threadpool": 0,
    "run_sync": 0,
    "run_in_executor": 1,
    "submit": 0,
    "map": 0,
    "add_task": 0,
    "iterate_in_threadpool": 0,
    "call_soon_threadsafe": 0,
}
# Those that take them by the names `target`, `args` and `kwargs`.
STARTING = frozenset(("Thread", "Process", "Timer"))
# The names of all calls that `handed_over` has an answer for: most passes over all calls ask nothing of the others.
HANDING_OVER = STARTING | HANDING.keys()


class Handing:
    """Makes each such call once, so that it can be told by its identity."""

    def __init__(self) -> None:
        self._written: dict[tuple[int, object], Call] = {}

    def handed(self, call: Call, position: int) -> Call:
        """`f(x)` of `to_thread(f, x)`; the function stands at `position` or is a keyword."""
        known = self._written.get((id(call.expression), position))
        if known is None:
            function, arguments, keywords = _given(call, position)
            known = self._written[id(call.expression), position] = written_out(call, function, arguments, keywords)
        return known

    def handed_over(self, call: Call) -> tuple[Call, ...]:
        """The calls of functions that a call hands to a thread, a pool or a task, as far as names tell."""
        name = call.name
        if name in HANDING:
            given = len(call.arguments) > HANDING[name] or call.keyword("func") is not None
            return (self.handed(call, HANDING[name]),) if given else ()
        if name in STARTING and call.keyword("target") is not None:
            return (self.handed(call, 0),)
        return ()

    def rewritten(self, call: Call, how: str) -> Call | None:
        """What a call was written out as before."""
        return self._written.get((id(call.expression), how))

    def rewrite(self, call: Call, how: str, written: Call) -> Call:
        """Keep what a call is written out as."""
        return self._written.setdefault((id(call.expression), how), written)

    def applied(self, partial: Call, call: Call) -> Call:
        """`f(x, y)` of `g = partial(f, x)` and `g(y)`; it stands where `g(y)` does."""
        known = self._written.get((id(call.expression), id(partial.expression)))
        if known is None:
            own = {name for name, _ in call.keywords}
            keywords = (*((n, v) for n, v in partial.keywords if n is None or n not in own), *call.keywords)
            arguments = (*partial.arguments[1:], *call.arguments)
            known = written_out(call, partial.arguments[0], arguments, keywords, call.awaited)
            self._written[id(call.expression), id(partial.expression)] = known
        return known


def written_out(call: Call, function: Expression, arguments: Any, keywords: Any, awaited: bool = False) -> Call:
    """A call that stands where another one does."""
    expression = ("call", call.at, function, tuple(arguments), tuple(keywords))
    return Call(call.scope, expression, last_name(expression[2]), call.enclosing, call.statement, awaited, call.parent)


def _given(call: Call, position: int) -> tuple[Expression, Any, Any]:
    """The function that a call gets, and the arguments that it will be called with."""
    target = call.keyword("target")
    if target is not None:
        arguments, options = call.keyword("args"), call.keyword("kwargs")
        listed = arguments[2] if arguments is not None and arguments[0] in ("tuple", "list") else ()
        return target, listed, () if options is None else ((None, options),)
    if len(call.arguments) > position:
        return call.arguments[position], call.arguments[position + 1 :], call.keywords
    chosen = call.keyword("func") or call.keyword("dependency") or ("const", call.at, None)
    return chosen, (), tuple((name, value) for name, value in call.keywords if value is not chosen)
