"""Producers of streams: tasks and threads that ask a model and put its words where a route's stream takes them from."""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Step
from aiaudit.model.buffering import StreamedAnswers
from aiaudit.model.python import PythonSide, python_side
from aiaudit.model.routes import Route
from aiaudit.model.scopes import Call, Function, Scope, walk
from aiaudit.model.service import Service
from aiaudit.values import dataclass

_STARTING = frozenset(("create_task", "ensure_future", "Thread", "submit", "run_in_executor", "start_new_thread"))
_TAKING = frozenset(("get", "aiter", "get_nowait", "iter_queue"))
# What ends a producer when nobody takes its words any more.
_ENDING = frozenset(
    ("cancel", "is_disconnected", "aclose", "cancel_scope", "TaskGroup", "create_task_group", "shutdown")
)
_DEPTH = 4


@dataclass(frozen=True, slots=True, eq=False)
class LonelyProducer:
    """A producer of a route's stream that goes on when the client has left: `call` starts it."""

    call: Call
    route: Route
    steps: tuple[Step, ...]


def lonely_producers(service: Service) -> list[LonelyProducer]:
    """One a place that starts one."""
    return list(_Finder(python_side(service)).find())


class _Finder(StreamedAnswers):
    def __init__(self, side: PythonSide) -> None:
        super().__init__(side)
        self.generating = set(self.streams.generations)

    def find(self) -> Iterator[LonelyProducer]:
        done: set[int] = set()
        for route, answer, _ in self.answers:
            scopes = [scope for scope, _ in self.streams.reached(route)]
            taken = next((call for scope in scopes for call in scope.calls if _takes(call, scope)), None)
            near = [scope for scope, path in self.streams.reached(route) if len(path) <= _DEPTH]
            if taken is None or any(call.name in _ENDING for scope in near for call in scope.calls):
                continue
            for scope in near:
                for call in scope.calls:
                    if id(call) not in done and self._produces(call):
                        done.add(id(call))
                        steps = (
                            Step(route.label, route.span),
                            Step("answers with a stream", answer.span),
                            Step("which takes the words here", taken.span),
                            Step("from a producer of its own", call.span),
                        )
                        yield LonelyProducer(call, route, steps)

    def _produces(self, call: Call) -> bool:
        """Whether a call starts a task or thread that asks a model."""
        if call.name not in _STARTING:
            return False
        given = (*call.arguments, *(value for _, value in call.keywords))
        inner = [part for argument in given for part in walk(argument) if part[0] == "call"]
        started = {id(call), *(id(self.side.evaluator.call_of(part, call.scope)) for part in inner)}
        if any(id(known.call) in started for known in self.streams.generations.get(id(call.scope), ())):
            return True
        scopes: list[Scope] = [e.target for e in self.side.contexts.edges(call.scope) if id(e.call) in started]
        for _ in range(_DEPTH):
            if any(id(scope) in self.generating for scope in scopes):
                return True
            scopes = [e.target for s in scopes for e in self.side.contexts.edges(s) if isinstance(e.target, Function)]
        return False


def _takes(call: Call, scope: Scope) -> bool:
    """Whether a generator takes what somebody else puts: `await queue.get()` in a loop, `callback.aiter()`."""
    name = call.name
    if not isinstance(scope, Function) or not scope.generator or name not in _TAKING:
        return False
    return name == "aiter" or (not call.arguments and any(link.kind in ("while", "for") for link in call.around))
