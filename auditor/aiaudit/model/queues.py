"""Jobs that are queued by name: the function that a worker runs for each, and how the call's arguments reach it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from aiaudit.model.evaluate import Evaluator
from aiaudit.model.evaluation.workers import CONTEXT_NAMES
from aiaudit.model.program import Program
from aiaudit.model.routes import Routing
from aiaudit.model.scopes import Call, Function
from aiaudit.model.values import Constant, FunctionValue
from aiaudit.sources.python.facts import Expression
from aiaudit.values import dataclass

# Calls that put a job into a queue by the name of its function (arq; Celery; RQ, SAQ; Django-Q).
QUEUEING_BY_NAME = frozenset(("enqueue_job", "send_task", "enqueue", "async_task"))
# Those whose arguments stand in `args=[...]` and `kwargs={...}`.
_WRITTEN = frozenset(("send_task",))
# Those of workers that run coroutines (arq, SAQ).
_ON_LOOP = frozenset(("enqueue_job", "enqueue"))


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """What a call queues. `offset` is 1 where the worker gives the function its first parameter; `written` tells that
    the arguments are written out as one list and one dict behind the name."""

    call: Call
    function: Function
    offset: int
    written: bool


class Queues:
    """The jobs of a program."""

    def __init__(self, program: Program, evaluator: Evaluator, routing: Routing) -> None:
        self.program = program
        self.evaluator = evaluator
        self.routing = routing
        self._jobs: dict[int, Job] | None = None
        self._of_function: dict[int, list[Job]] = defaultdict(list)

    def job(self, call: Call) -> Job | None:
        """What a call queues, None where no function of the program bears the name."""
        return self._all().get(id(call))

    def of(self, function: Function) -> list[Job]:
        """The jobs that run a function."""
        self._all()
        return self._of_function.get(id(function), [])

    def _all(self) -> dict[int, Job]:
        if self._jobs is None:
            self._jobs = {}
            for job in self._find():
                self._jobs[id(job.call)] = job
                self._of_function[id(job.function)].append(job)
        return self._jobs

    def _find(self) -> Iterator[Job]:
        calls = [call for name in sorted(QUEUEING_BY_NAME) for call in self.program.calls_by_name.get(name, ())]
        if not calls:
            return
        tasks = {id(entry.scope): entry.scope for entry in self.routing.entries if entry.kind == "task"}
        named: dict[str, list[Function]] = defaultdict(list)
        for function in tasks.values():
            if isinstance(function, Function):
                for name in {function.name, *_given_names(function)}:
                    named[name].append(function)
        if any(call.name in _ON_LOOP for call in calls):  # whoever the worker gets its functions from
            for function in self.program.functions:
                if function.asynchronous and function.owner is None and _takes_context(function):
                    named.setdefault(function.name, []).append(function)
        for call in calls:
            function_or_none = self._function(call, named)
            if function_or_none is not None:
                yield _job(call, function_or_none)

    def _function(self, call: Call, named: dict[str, list[Function]]) -> Function | None:
        written = call.arguments[0] if call.arguments else call.keyword("function") or call.keyword("name")
        for name in self._names(written, call):
            found = named.get(name) or _below(name, named)
            unique = {id(function): function for function in found}
            if len(unique) == 1:
                return next(iter(unique.values()))
        return None

    def _names(self, written: Expression | None, call: Call) -> Iterator[str]:
        """The names that an expression may be: a text, also through variables, or `function.__name__`."""
        if written is None:
            return
        if written[0] == "attr" and written[3] in ("__name__", "__qualname__"):
            for value in self.evaluator.evaluate(written[2], call.scope):
                if isinstance(value, FunctionValue):
                    yield value.function.name
        for value in self.evaluator.evaluate(written, call.scope):
            if isinstance(value, Constant) and isinstance(value.value, str):
                yield value.value


def _given_names(function: Function) -> Iterator[str]:
    """`@app.task(name="reports.build")`"""
    for decorator in function.decorators:
        for key, value in decorator[4] if decorator[0] == "call" else ():
            if key == "name" and value[0] == "const" and isinstance(value[2], str):
                yield value[2]


def _below(name: str, named: dict[str, list[Function]]) -> list[Function]:
    """The functions that a dotted name means: `app.tasks.build` is `build` of a module `app/tasks.py`."""
    module, _, last = name.rpartition(".")
    if not module:
        return []
    return [function for function in named.get(last, ()) if _is_module(function.module.path, module)]


def _is_module(path: str, module: str) -> bool:
    parts = path.removesuffix(".py").removesuffix("/__init__").split("/")
    asked = module.split(".")
    shared = min(len(parts), len(asked))
    return parts[-shared:] == asked[-shared:]


def _takes_context(function: Function) -> bool:
    return bool(function.parameters) and function.parameters[0][0] in CONTEXT_NAMES


def _job(call: Call, function: Function) -> Job:
    if call.name in _WRITTEN:
        bound = any(
            decorator[0] == "call"
            and any(key == "bind" and value[:1] == ("const",) and value[2] for key, value in decorator[4])
            for decorator in function.decorators
        )
        return Job(call, function, int(bound), True)
    given = call.name == "enqueue_job" or (function.asynchronous and _takes_context(function))
    return Job(call, function, int(given), False)
