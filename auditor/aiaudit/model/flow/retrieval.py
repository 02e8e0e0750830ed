"""Retrieved context without a limit: how many passages a request may have put into a prompt."""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Step
from aiaudit.model.arguments import argument_of
from aiaudit.model.asking import answering_calls, asked_name
from aiaudit.model.flow.analysis import tools_of
from aiaudit.model.flow.counts import Counts, Number
from aiaudit.model.flow.tools import Tools
from aiaudit.model.resources import Known
from aiaudit.model.routes import Route
from aiaudit.model.scopes import Call, Function, Scope
from aiaudit.model.service import Service
from aiaudit.span import Span
from aiaudit.values import dataclass

_RETRIEVING = frozenset(("vector", "retriever", "search", "index", "rerank", "chain"))
# Names of the parameter that says how many passages come back.
_COUNTS = (
    "k", "top_k", "n_results", "similarity_top_k", "limit", "num_results", "max_results", "topk", "top_n", "size",
    "search_kwargs.k", "number_of_results", "num_documents",
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class UnboundedContext:
    """A retrieval of which the request says how many passages it gives, for an answer of a model.

    `number` is the request's number, `parameter` what it becomes in the retrieval `name`.
    """

    name: str
    parameter: str
    number: Number
    model: str
    span: Span
    steps: tuple[Step, ...]


def unbounded_contexts(service: Service) -> list[UnboundedContext]:
    """One a retrieval."""
    return list(_Finder(tools_of(service)).find())


class _Finder:
    def __init__(self, tools: Tools) -> None:
        self.tools = tools
        self.counts = Counts(tools)
        self.answering = {id(call.scope): call for call in answering_calls(tools.side)}
        self._answers: dict[int, Call | None] = {}

    def find(self) -> Iterator[UnboundedContext]:
        done: set[int] = set()
        for known in self.tools.side.known:
            if known.entry.purpose not in _RETRIEVING or id(known.call) in done:
                continue
            found = self._of(known)
            if found is not None:
                done.add(id(known.call))
                yield found

    def _of(self, known: Known) -> UnboundedContext | None:
        for name in _COUNTS:
            given = argument_of(known.call, name, self.tools.evaluator)
            if given.state != "given" or given.expression is None or given.scope is None:
                continue
            number = self.counts.free(given.expression, given.scope)
            model = self._answer(number.route) if number is not None else None
            if number is None or model is None:
                continue
            asked = asked_name(model, self.tools.side)
            steps = (
                Step(number.route.label, number.route.span),
                Step(number.description, number.span),
                Step(f"{name.rpartition('.')[2]} of {known.name}", known.call.span),
                Step(asked, model.span),
            )
            return UnboundedContext(known.name, name.rpartition(".")[2], number, asked, known.call.span, steps)
        return None

    def _answer(self, route: Route) -> Call | None:
        """The call that writes an answer in a route; a route that only searches puts nothing into a prompt."""
        if id(route) not in self._answers:
            self._answers[id(route)] = self._find_answer(route)
        return self._answers[id(route)]

    def _find_answer(self, route: Route) -> Call | None:
        seen: set[int] = set()
        queue: list[Scope] = [route.handler]
        for scope in queue:  # grows while it is walked
            if id(scope) in seen:
                continue
            seen.add(id(scope))
            if id(scope) in self.answering:
                return self.answering[id(scope)]
            edges = self.tools.side.contexts.edges(scope)
            queue.extend(edge.target for edge in edges if isinstance(edge.target, Function))
        return None
