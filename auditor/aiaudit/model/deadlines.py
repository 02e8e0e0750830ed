"""Deadlines around calls: `asyncio.timeout`, `wait_for`, and middleware that bounds every request."""

from __future__ import annotations

import math
from collections.abc import Iterator

from aiaudit.model.contexts import Contexts
from aiaudit.model.evaluate import Evaluator
from aiaudit.model.job_limits import JobLimits
from aiaudit.model.routes import Routing
from aiaudit.model.scopes import Call, Enclosing, Function, Scope, last_name
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
WAITING = frozenset(
    ("asyncio.wait_for", "asyncio.wait", "asyncio.as_completed", "async_timeout.wait_for", "anyio.wait_for")
)
_WAITING_FOR_THREADS = frozenset(("concurrent.futures.wait", "concurrent.futures.as_completed"))
# Calls that wait no longer than they are told: name -> the position of the time-out, None where it has to be named.
WAITED_FOR: dict[str, int | None] = {"wait_for": 1, "wait": None, "result": 0, "as_completed": None}
# Calls that give a future which a plain function may wait for.
STARTING = frozenset(("submit", "run_coroutine_threadsafe"))
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
            if link.kind == "with" and link.node[1][0] == "call":
                yield from self._limits_of_block(link.node[1], call.scope)
        names = _kept_as(call)
        for other in call.scope.calls:
            timeout = other.argument("timeout", WAITED_FOR.get(other.name)) if other is not call else None
            if timeout is not None and not (timeout[0] == "const" and timeout[2] is None):
                if _waits_for(other, call, names) and self._is_wait(other, call):
                    yield self._seconds(timeout, other.scope)
            elif other.name not in WAITED_FOR and any(given is call.expression for given in other.arguments):
                yield from self._limits_of_helper(other)

    def _limits_of_block(self, context: Expression, scope: Scope) -> Iterator[float]:
        """The deadlines that `with asyncio.timeout(10):` sets to its block, or a function of the program does which is
        such a context itself: it yields under one."""
        _, _, function, arguments, _ = context
        if self._is_one_of(function, scope, SCOPES):
            yield self._seconds(arguments[0] if arguments else None, scope)
            return
        for manager in self.evaluator.functions_of(function, scope):
            if not manager.has_decorator("asynccontextmanager", "contextmanager"):
                continue
            for call in filter(_stands_around_yield, manager.calls):
                if self._is_one_of(call.expression[2], manager, SCOPES):
                    yield self._seconds(call.arguments[0] if call.arguments else None, manager)

    def _is_wait(self, other: Call, call: Call) -> bool:
        """Whether a call with a time-out waits for a coroutine or a task, or for a thread that `call` has started."""
        if other.name == "result" or self._is_one_of(other.expression[2], other.scope, _WAITING_FOR_THREADS):
            # What a pool is handed stands where it is handed over; one that is left waits for all that it runs.
            is_started = any(started.at == call.at and started.name in STARTING for started in call.scope.calls)
            return is_started and not any(map(_is_left, call.around))
        return self._is_one_of(other.expression[2], other.scope, WAITING)

    def _limits_of_helper(self, call: Call) -> Iterator[float]:
        """The deadlines that a function of the program sets to a coroutine which it is handed."""
        for function in self.evaluator.functions_of(call.expression[2], call.scope):
            parameters = {parameter[0] for parameter in function.parameters}
            for wait in function.calls:
                timeout = wait.argument("timeout", 1)
                first = wait.arguments[0] if wait.arguments else None
                is_handed = first is not None and first[0] == "name" and first[2] in parameters
                if is_handed and timeout is not None and self._is_one_of(wait.expression[2], wait.scope, WAITING):
                    yield self._seconds(timeout, wait.scope)

    def _is_one_of(self, function: Expression, scope: Scope, paths: frozenset[str]) -> bool:
        values = self.evaluator.evaluate(function, scope)
        return any(isinstance(value, External) and value.path in paths for value in values)

    def _seconds(self, expression: Expression | None, scope: Scope) -> float:
        numbers = list(self.numbers.numbers(expression, scope)) if expression is not None else []
        return max(numbers) if numbers else math.nan

    def _callers_bound(self, scope: object, depth: int) -> bool:
        """Whether every known caller of a function bounds it, one in a thread by waiting no longer for the thread."""
        if not isinstance(scope, Function) or depth > DEPTH:
            return False
        key = id(scope)
        if key not in self._functions:
            self._functions[key] = False  # recursion bounds nothing
            calls = list(self._callers(scope))
            is_entry = key in self.contexts.handlers
            self._functions[key] = (scope.asynchronous and self._wrapped(scope)) or (
                bool(calls)
                and not is_entry
                and all(self._bounds(call, scope, is_handed, depth) for call, is_handed in calls)
            )
        return self._functions[key]

    def _callers(self, function: Function) -> Iterator[tuple[Call, bool]]:
        """The calls of a function, and whether it is handed to somebody who calls it."""
        for call, _, shift in self.evaluator.callers(function):
            yield call, shift > 0
        if function.parent is not None:
            for call in function.parent.calls:
                if any(given is function.node for given in call.arguments):
                    yield call, True  # a lambda

    def _bounds(self, call: Call, function: Function, is_handed: bool, depth: int) -> bool:
        if not function.asynchronous and not is_handed:
            # No deadline of an event loop ends a plain function that runs on it.
            runs_on_loop = isinstance(call.scope, Function) and call.scope.asynchronous
            return not runs_on_loop and self._callers_bound(call.scope, depth + 1)
        if is_handed and self._is_bound_where_handed(call):
            return True
        return self._around(call) or self._callers_bound(call.scope, depth + 1)

    def _is_bound_where_handed(self, call: Call) -> bool:
        """Whether a function of the program that is handed another one runs that under a deadline."""
        for function in self.evaluator.functions_of(call.expression[2], call.scope):
            parameters = {parameter[0] for parameter in function.parameters}
            handing = (
                inner
                for inner in function.calls
                if any(given[0] == "name" and given[2] in parameters for given in inner.arguments[:2])
            )
            if any(map(self._around, handing)):
                return True
        return False

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


def _is_left(link: Enclosing) -> bool:
    """Whether a block is `with ThreadPoolExecutor() as pool:`."""
    return link.kind == "with" and link.node[1][0] == "call" and last_name(link.node[1][2]).endswith("PoolExecutor")


def _stands_around_yield(call: Call) -> bool:
    """Whether a call is the context of a block that its function yields in."""
    last = call.scope.last_yield if call.entered and isinstance(call.scope, Function) else None
    around = call.statement[1]
    return last is not None and bool(around[:2] <= last[:2] < around[2:])


def _holds(outer: Call, inner: Call) -> bool:
    line, column, end_line, end_column = outer.at
    start, end = inner.at[:2], inner.at[2:]
    return outer is not inner and (line, column) <= start and end <= (end_line, end_column)


def _kept_as(call: Call) -> set[str]:
    """The variables that hold a task, a future or a coroutine which a call makes: `task = create_task(ask())`."""
    statement = call.statement
    if call.awaited or statement[0] != "assign":
        return set()
    return {target[2] for target in statement[2] if target[0] == "name"}


def _waits_for(other: Call, call: Call, names: set[str]) -> bool:
    """Whether a wait is for what a call gives: written inside it, or kept in a variable before."""
    if _holds(other, call):
        return True
    waited = other.expression[2][2] if other.name == "result" else other.arguments[0] if other.arguments else None
    if waited is None or not names:
        return False
    items = waited[2] if waited[0] in ("list", "set", "tuple") else (waited,)
    if waited[0] == "call" and last_name(waited[2]) == "gather":
        items = tuple(given[2] if given[0] == "star" else given for given in waited[3])
    return any(item[0] == "name" and item[2] in names for item in items)
