"""How long workers let a job run: limits that the program sets for its tasks, after which the worker ends them."""

from __future__ import annotations

import math
from collections.abc import Iterator

from aiaudit.model.callbacks import functions_in
from aiaudit.model.contexts import Contexts
from aiaudit.model.evaluate import Evaluator
from aiaudit.model.routes import Routing
from aiaudit.model.scopes import Call, Class, Function, Scope
from aiaudit.model.seconds import Seconds
from aiaudit.model.values import ClassValue
from aiaudit.sources.python.facts import Expression
from aiaudit.values import dataclass

# A job may run this long and longer: no limit worth the name, and what arq allows by default.
LONG = 300.0
_DEPTH = 6
_LIMITS = ("time_limit", "soft_time_limit")
# What Celery calls them in its configuration, in lower and in upper case.
_SETTINGS = ("task_time_limit", "task_soft_time_limit", "CELERY_TASK_TIME_LIMIT", "CELERY_TASK_SOFT_TIME_LIMIT",
             "CELERYD_TASK_TIME_LIMIT", "CELERYD_TASK_SOFT_TIME_LIMIT")  # fmt: skip


@dataclass(frozen=True, slots=True)
class JobLimit:
    """The seconds that a task may take, not a number where that is not written down. `ends_anything`: the worker ends
    the process or interrupts the thread; otherwise it cancels what is awaited, and only that."""

    seconds: float
    ends_anything: bool


class JobLimits:
    """The limits of a program's tasks."""

    def __init__(self, evaluator: Evaluator, contexts: Contexts, routing: Routing) -> None:
        self.evaluator = evaluator
        self.contexts = contexts
        self.numbers = Seconds(evaluator)
        self._tasks = {
            id(e.scope): e.scope for e in routing.entries if e.kind == "task" and isinstance(e.scope, Function)
        }
        self._limits: dict[int, JobLimit] | None = None

    def bound(self, call: Call) -> bool:
        """Whether a call is made in tasks alone whose limit ends it."""
        if not self._tasks:
            return False
        limits = self._all()
        if not limits:
            return False
        found = self._around(call.scope, limits, _DEPTH)
        return found is not None and (found.ends_anything or _is_awaited(call))

    def _around(self, scope: Scope, limits: dict[int, JobLimit], depth: int) -> JobLimit | None:
        """The limit of the tasks that a function runs in, None where it also runs elsewhere."""
        if not isinstance(scope, Function) or depth == 0:
            return None
        own = limits.get(id(scope))
        if own is None and id(scope) in self.contexts.handlers:
            return None
        callers = [call.scope for call, _, _ in self.evaluator.callers(scope)]
        found = [own] if own is not None else []
        for caller in callers:
            around = self._around(caller, limits, depth - 1)
            if around is None:
                return None
            found.append(around)
        return min(found, key=lambda limit: limit.ends_anything) if found else None

    def _all(self) -> dict[int, JobLimit]:
        if self._limits is None:
            everywhere = self._of_celery()
            self._limits = {}
            for key, function in self._tasks.items():
                own = self._of_decorators(function) or (everywhere if _is_of_celery(function) else None)
                if own is not None:
                    self._limits[key] = own
            for cls in self.evaluator.program.classes:
                self._limits.update(self._of_worker(cls))
            self._limits = {key: limit for key, limit in self._limits.items() if not limit.seconds >= LONG}
        return self._limits

    def _of_decorators(self, function: Function) -> JobLimit | None:
        """`@app.task(time_limit=60)`"""
        outer = function.parent or function.module
        given = [
            value
            for decorator in function.decorators
            for key, value in (decorator[4] if decorator[0] == "call" else ())
            if key in _LIMITS
        ]
        seconds = [self._seconds(value, outer) for value in given]
        return JobLimit(_shortest(seconds), True) if seconds else None

    def _of_celery(self) -> JobLimit | None:
        """What the application's configuration says for all of its tasks."""
        program = self.evaluator.program
        seconds: list[float] = []
        for name in _SETTINGS:
            for store in program.stores_by_attribute.get(name, ()):
                if store.value is not None:
                    seconds.append(self._seconds(store.value, store.scope))
            for call in (*program.calls_by_name.get("update", ()), *program.calls_by_name.get("Celery", ())):
                given = call.keyword(name)
                if given is not None:
                    seconds.append(self._seconds(given, call.scope))
            for scope in (*program.modules, *program.classes):
                for binding in scope.bindings.get(name, ()):
                    if binding.expression is not None:
                        seconds.append(self._seconds(binding.expression, scope))
        return JobLimit(_shortest(seconds), True) if seconds else None

    def _of_worker(self, cls: Class) -> Iterator[tuple[int, JobLimit]]:
        """`job_timeout` of arq's settings class; `func(job, timeout=30)` has one of its own."""
        limits = [b for b in cls.bindings.get("job_timeout", ()) if b.expression is not None]
        shared = _shortest([self._seconds(b.expression, cls) for b in limits]) if limits else None
        for binding in cls.bindings.get("functions", ()) if cls.name.endswith("Settings") else ():
            for function, wrapper in functions_in(binding.expression, binding.scope, self.evaluator):
                own = [value for key, value in wrapper if key == "timeout"]
                seconds = self._seconds(own[0], cls) if own else shared
                if seconds is not None:
                    yield id(function), JobLimit(seconds, False)

    def _seconds(self, expression: Expression | None, scope: Scope) -> float:
        if expression is None or (expression[0] == "const" and not expression[2]):
            return math.inf
        if expression[0] == "call":
            return self._of_interval(expression, scope)
        numbers = list(self.numbers.numbers(expression, scope))
        return max(numbers) if numbers else math.nan

    def _of_interval(self, expression: Expression, scope: Scope) -> float:
        """`timedelta(minutes=2)`; of other calls nothing is known."""
        units = {"seconds": 1.0, "minutes": 60.0, "hours": 3600.0, "days": 86400.0}
        if not any(isinstance(value, ClassValue) for value in self.evaluator.evaluate(expression[2], scope)):
            given = [(units[key], value[2]) for key, value in expression[4] if key in units and value[0] == "const"]
            if given:
                return sum(unit * float(value) for unit, value in given)
        return math.nan


def _shortest(seconds: list[float]) -> float:
    known = [number for number in seconds if not math.isnan(number)]
    return min(known) if known else math.nan


def _is_of_celery(function: Function) -> bool:
    return function.has_decorator("task", "shared_task", "periodic_task")


def _is_awaited(call: Call) -> bool:
    """Whether cancelling reaches a call: it is awaited, alone or with others, or an `async` statement holds it."""
    if call.awaited or call.statement[0] in ("for", "with"):
        return True
    return call.parent is not None and call.parent[0] in ("call", "list", "tuple", "listcomp", "star")
