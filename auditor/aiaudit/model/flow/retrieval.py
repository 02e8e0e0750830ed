"""Retrieved context without a limit: how many passages a request may have put into a prompt."""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Step
from aiaudit.model.arguments import argument_of
from aiaudit.model.asking import answering_calls, asked_name
from aiaudit.model.flow.analysis import tools_of
from aiaudit.model.flow.counts import Counts, Number
from aiaudit.model.flow.tools import Tools
from aiaudit.model.routes import Route
from aiaudit.model.scopes import Call, Function, Scope
from aiaudit.model.service import Service
from aiaudit.sources.python.facts import Expression
from aiaudit.span import Span
from aiaudit.values import dataclass

_RETRIEVING = frozenset(("vector", "retriever", "search", "index", "rerank", "chain"))
# Names of the parameter that says how many passages come back.
_COUNTS = (
    "k", "top_k", "n_results", "similarity_top_k", "limit", "num_results", "max_results", "topk", "top_n", "size",
    "search_kwargs.k", "number_of_results", "num_documents",
)  # fmt: skip
# How pgvector measures the distance that a query of SQLAlchemy or Django is ordered by.
_DISTANCES = frozenset(
    ("l2_distance", "cosine_distance", "max_inner_product", "l1_distance", "hamming_distance", "jaccard_distance")
)
# A call that retrieves, its name, the parameter that says how many passages it gives, what that is given, and where.
Retrieval = tuple[Call, str, str, Expression, Scope]


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
        self._known: dict[int, list[Call]] = {}

    def find(self) -> Iterator[UnboundedContext]:
        done: set[int] = set()
        for call, name, parameter, given, scope in (*self._counted(), *self._ordered_by_distance()):
            found = self._judged(call, name, parameter, given, scope) if id(call) not in done else None
            if found is not None:
                done.add(id(call))
                yield found

    def _counted(self) -> Iterator[Retrieval]:
        """Calls of libraries that are told how many passages to give."""
        for known in self.tools.side.known:
            if known.entry.purpose not in _RETRIEVING:
                continue
            for name in _COUNTS:
                given = argument_of(known.call, name, self.tools.evaluator)
                if given.state == "given" and given.expression is not None and given.scope is not None:
                    yield known.call, known.name, name.rpartition(".")[2], given.expression, given.scope

    def _ordered_by_distance(self) -> Iterator[Retrieval]:
        """`select(...).order_by(Passage.vector.cosine_distance(vector)).limit(k)`, as pgvector has it."""
        for call in self.tools.side.program.calls_by_name.get("limit", ()):
            measure = next((other for other in call.scope.calls if other.name in _DISTANCES), None)
            if measure is not None and call.arguments:
                yield call, f"the query by {measure.name}", "limit", call.arguments[0], call.scope

    def _judged(
        self, call: Call, name: str, parameter: str, given: Expression, scope: Scope
    ) -> UnboundedContext | None:
        number = self.counts.free(given, scope)
        models = self._answers(number.route) if number is not None else []
        if number is None or not models:
            return None
        asked = asked_name(models[0], self.tools.side) if len(models) == 1 else "a model"
        steps = (
            Step(number.route.label, number.route.span),
            Step(number.description, number.span),
            Step(f"{parameter} of {name}", call.span),
            Step(asked, models[0].span),
        )
        return UnboundedContext(name, parameter, number, asked, call.span, steps)

    def _answers(self, route: Route) -> list[Call]:
        """The calls that write answers in a route; a route that only searches puts nothing into a prompt."""
        if id(route) not in self._known:
            self._known[id(route)] = list(self._find_answers(route))
        return self._known[id(route)]

    def _find_answers(self, route: Route) -> Iterator[Call]:
        seen: set[int] = set()
        queue: list[Scope] = [route.handler]
        for scope in queue:  # grows while it is walked
            if id(scope) in seen:
                continue
            seen.add(id(scope))
            if id(scope) in self.answering:
                yield self.answering[id(scope)]
            edges = self.tools.side.contexts.edges(scope)
            queue.extend(edge.target for edge in edges if isinstance(edge.target, Function))
