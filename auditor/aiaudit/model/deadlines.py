"""Deadlines around calls: `asyncio.timeout`, `wait_for`, and middleware that bounds every request."""

from __future__ import annotations

import math
from collections.abc import Iterator

from aiaudit.model.contexts import Contexts
from aiaudit.model.evaluate import Evaluator
from aiaudit.model.job_limits import JobLimits
from aiaudit.model.routes import Routing
from aiaudit.model.scopes import Call, Function
from aiaudit.model.seconds import Seconds
from aiaudit.model.values import External, FunctionValue
from aiaudit.sources.python.facts import Expression

SCOPES = frozenset(
    (
        "asyncio.timeout",
        "asyncio.timeout_at",
        "async_timeout.timeout",
        "async_timeout.timeout_at",
        "anyio.fail_after",
        "anyio.move_on_after",
        "trio.fail_after",
        "trio.move_on_after",
        "stopit.ThreadingTimeout",
        "func_timeout.func_timeout",
    )
)
WAITING = frozenset(("asyncio.wait_for", "async_timeout.wait_for", "anyio.wait_for"))
DEPTH = 6


class Deadlines:
    """Answers whether something outside a call bounds how long it may take."""

    def __init__(self, evaluator: Evaluator, contexts: Contexts, routing: Routing) -> None:
        self.evaluator = evaluator
        self.contexts = contexts
        self.numbers = Seconds(evaluator)
        self.jobs = JobLimits(evaluator, contexts, routing)
        self._functions: dict[int, bool] = {}
        self.everywhere = any(
            entry.kind == "request" and entry.label.startswith("every request") and self._bounds_the_rest(entry.scope)
            for entry in routing.entries
        )

    def bound(self, call: Call) -> bool:
        """Whether a deadline stands around a call: in its function, in all callers of that, around every request or
        the job."""
        around = self.everywhere or self._around(call) or self._callers_bound(call.scope, 0)
        return around or self.jobs.bound(call)

    def limit(self, call: Call) -> float | None:
        """The seconds of the shortest deadline around a call: None without one, not a number where it is not known."""
        written = [seconds for seconds in self._limits(call) if not math.isnan(seconds)]
        if written:
            return min(written)
        return math.nan if self.bound(call) else None

    def _around(self, call: Call) -> bool:
        return any(True for _ in self._limits(call))

    def _limits(self, call: Call) -> Iterator[float]:
        """The deadlines in the call's own function."""
        for link in call.around:
            if link.kind == "with" and link.node[1][0] == "call" and self._is_one_of(link.node[1][2], call, SCOPES):
                arguments = link.node[1][3]
                yield self._seconds(arguments[0] if arguments else None, call)
        for other in call.scope.calls:
            timeout = other.argument("timeout", 1)
            if other.name != "wait_for" or timeout is None or not _holds(other, call):
                continue
            if timeout[:1] == ("const",) and timeout[2] is None:
                continue
            if self._is_one_of(other.expression[2], other, WAITING):
                yield self._seconds(timeout, other)

    def _is_one_of(self, function: Expression, call: Call, paths: frozenset[str]) -> bool:
        values = self.evaluator.evaluate(function, call.scope)
        return any(isinstance(value, External) and value.path in paths for value in values)

    def _seconds(self, expression: Expression | None, call: Call) -> float:
        numbers = list(self.numbers.numbers(expression, call.scope)) if expression is not None else []
        return max(numbers) if numbers else math.nan

    def _callers_bound(self, scope: object, depth: int) -> bool:
        """Whether every known caller of an asynchronous function bounds it."""
        if not isinstance(scope, Function) or not scope.asynchronous or depth > DEPTH:
            return False
        key = id(scope)
        if key not in self._functions:
            self._functions[key] = False  # recursion bounds nothing
            calls = [call for call, _, _ in self.evaluator.callers(scope)]
            is_entry = key in self.contexts.handlers
            self._functions[key] = self._wrapped(scope) or (
                bool(calls)
                and not is_entry
                and all(self._around(call) or self._callers_bound(call.scope, depth + 1) for call in calls)
            )
        return self._functions[key]

    def _wrapped(self, function: Function) -> bool:
        """Whether a decorator of the function runs it under a deadline."""
        return any(
            isinstance(value, FunctionValue) and value.function is function and self._around(call)
            for wrapper in self.evaluator.wrappers(function)
            for call in wrapper.calls
            for value in self.evaluator.evaluate(call.expression[2], wrapper)
        )

    def _bounds_the_rest(self, scope: object) -> bool:
        """A middleware that awaits the rest of the application under a deadline."""
        if not isinstance(scope, Function):
            return False
        return any(call.name in ("call_next", "app") and self._around(call) for call in scope.calls)


def _holds(outer: Call, inner: Call) -> bool:
    line, column, end_line, end_column = outer.at
    start, end = inner.at[:2], inner.at[2:]
    return outer is not inner and (line, column) <= start and end <= (end_line, end_column)
