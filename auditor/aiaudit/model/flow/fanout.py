"""Fan-out: as many calls of a model at the same time as a list of the request has items."""

from __future__ import annotations

import re
from collections.abc import Iterator

from aiaudit.finding import Step
from aiaudit.model.arguments import argument_of
from aiaudit.model.asking import asked_name, model_calls
from aiaudit.model.flow.analysis import tools_of
from aiaudit.model.flow.counts import Counts, Number
from aiaudit.model.flow.tools import Tools
from aiaudit.model.scopes import Call, Function, Scope, last_name, walk, walk_all
from aiaudit.model.service import Service
from aiaudit.model.values import External
from aiaudit.patterns import regex
from aiaudit.sources.python.facts import Expression
from aiaudit.values import dataclass

_GATHERING = ("gather", "wait", "as_completed", "gather_with_progress")
_STARTING = ("create_task", "start_soon", "ensure_future")
_BATCHING = ("abatch", "batch")
# What lets only some go on at a time.
_THROTTLES = frozenset(("Semaphore", "BoundedSemaphore", "CapacityLimiter", "AsyncLimiter", "Limiter", "Throttler"))
_THROTTLED = regex(r"sem(aphore)?$|limit|throttle|slots?$|gate$", re.IGNORECASE)
_DEPTH = 3


@dataclass(frozen=True, slots=True, eq=False)
class FanOut:
    """Calls started together: `number` is the list of the request that says how many, `model` what each asks."""

    call: Call
    number: Number
    model: str
    steps: tuple[Step, ...]


def fan_outs(service: Service) -> list[FanOut]:
    """One a place that starts them."""
    return list(_Finder(tools_of(service)).find())


class _Finder:
    def __init__(self, tools: Tools) -> None:
        self.tools = tools
        self.counts = Counts(tools, lists=True)
        calls = list(model_calls(tools.side))
        self.known = {id(call) for call in calls}
        self.asking = {id(call.scope): call for call in reversed(calls)}

    def find(self) -> Iterator[FanOut]:
        for name in (*_GATHERING, *_STARTING, *_BATCHING):
            for call in self.tools.side.program.calls_by_name.get(name, ()):
                if self.tools.side.contexts.in_request(call.scope) is None:
                    continue
                found = self._of(call, name)
                if found is not None:
                    yield found

    def _of(self, call: Call, name: str) -> FanOut | None:
        if name in _BATCHING:
            return self._batched(call)
        if name in _STARTING:
            started = call.arguments[0] if call.arguments else None
            iterables = [link.node[3] for link in call.around if link.kind == "for"][:1]
            return self._judged(call, started, call.scope, iterables)
        for argument in call.arguments[:1]:
            inner = argument[2] if argument[0] == "star" else argument
            for expression, scope in ((inner, call.scope), *self.tools.evaluator.definitions(inner, call.scope)):
                if expression[0] == "comp" and len(expression[4]) == 1:
                    return self._judged(call, expression[3][-1], scope, [expression[4][0][1]])
            for store in self.tools.evaluator.filled.get(self.tools.evaluator.variable(inner, call.scope), ()):
                links = [link for link in store.enclosing or () if link.kind == "for"]
                if links and store.value is not None:
                    return self._judged(call, store.value, store.scope, [links[0].node[3]])
        return None

    def _batched(self, call: Call) -> FanOut | None:
        """`chain.abatch(inputs)`: LangChain starts them all unless told otherwise."""
        if id(call) not in self.known or not call.arguments:
            return None
        if argument_of(call, "config.max_concurrency", self.tools.evaluator, 1).state != "absent":
            return None
        number = self.counts.free(call.arguments[0], call.scope)
        return self._found(call, number, call) if number is not None else None

    def _judged(
        self, call: Call, started: Expression | None, scope: Scope, iterables: list[Expression]
    ) -> FanOut | None:
        asked = self._asked(started, scope) if started is not None else None
        if asked is None:
            return None
        for iterable in iterables:
            number = self.counts.free(iterable, scope)
            if number is not None:
                return self._found(call, number, asked)
        return None

    def _found(self, call: Call, number: Number, asked: Call) -> FanOut:
        model = asked_name(asked, self.tools.side)
        steps = [Step(number.route.label, number.route.span), Step(number.description, number.span)]
        steps.append(Step("one for each item, all at once", call.span))
        if asked is not call:
            steps.append(Step(f"calls {model}", asked.span))
        return FanOut(call, number, model, tuple(steps))

    def _asked(self, started: Expression, scope: Scope) -> Call | None:
        """The model's call that each of the started ones makes, unless only some of them run at a time."""
        for part in walk(started):
            if part[0] != "call":
                continue
            call = self.tools.evaluator.call_of(part, scope)
            if id(call) in self.known:
                return call
            scopes = [e.target for e in self.tools.side.contexts.edges(scope) if e.call is call]
            for _ in range(_DEPTH):
                if any(isinstance(inner, Function) and self._is_throttled(inner) for inner in scopes):
                    return None
                for inner in scopes:
                    if id(inner) in self.asking:
                        return self.asking[id(inner)]
                scopes = [e.target for s in scopes for e in self.tools.side.contexts.edges(s) if e.call is not None]
        return None

    def _is_throttled(self, function: Function) -> bool:
        """Whether a function waits for a semaphore or a limiter."""
        contexts = (c for part in walk_all(function.body) if part[0] == "with" for c, _ in part[2])
        return any(
            _THROTTLED.search(last_name(c[2] if c[0] == "call" else c)) or self._is_limiter(c, function)
            for c in contexts
        )

    def _is_limiter(self, context: Expression, scope: Scope) -> bool:
        """Whether a context is an object of one of the classes that let only some go on."""
        values = self.tools.evaluator.evaluate(context, scope)
        paths = [value.path for value in values if isinstance(value, External)]
        return any(path.removesuffix("()").rpartition(".")[2] in _THROTTLES for path in paths)
