"""The service map: what each route reaches, what is made when, which settings stop the start."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property

from aiaudit.model.arguments import argument_of, first_given
from aiaudit.model.asking import COSTLY
from aiaudit.model.python import PythonSide, python_side
from aiaudit.model.resources import Known, Resource, origins
from aiaudit.model.routes import Route
from aiaudit.model.scopes import Scope
from aiaudit.model.service import Service
from aiaudit.model.settings.judge import judge_of
from aiaudit.model.settings.lookups import Source
from aiaudit.model.subjects import provide
from aiaudit.model.timeouts import Wait
from aiaudit.model.values import Constant
from aiaudit.span import Span
from aiaudit.values import dataclass

EACH_REQUEST, FIRST_REQUEST, STARTUP, IMPORT = "each request", "first request", "startup", "import"


@dataclass(frozen=True, slots=True, eq=False)
class TimeLimit:
    """How long a call may wait. `state` is that of `Wait`, or "unknown"; `seconds` all attempts together, infinite for
    ever, None where not known; `given_at` is where it is set."""

    state: str
    seconds: float | None = None
    attempts: int = 1
    given_at: Span | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """A call that a route reaches. `output` is the cap in tokens, "capped", "uncapped", or "" for what generates
    nothing; `unbounded` describes the request data that reaches it unbounded."""

    name: str
    purpose: str
    span: Span
    limit: TimeLimit
    streams: bool
    output: str
    unbounded: tuple[str, ...]

    @property
    def is_model(self) -> bool:
        """Whether it asks a model."""
        return self.purpose in COSTLY


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """A client, model, index or engine: `when` it is made, and `chain`, what leads there."""

    name: str
    purpose: str
    cost: str
    span: Span
    when: tuple[str, ...]
    chain: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class RouteMap:
    """A route, what it asks, and the resources that those calls use."""

    route: Route
    asks: tuple[Asked, ...]
    uses: tuple[Made, ...]


@dataclass(frozen=True, slots=True, eq=False)
class SettingMap:
    """A setting: where it enters, its default ("raises", "none", "empty", "literal", "computed"), when it is read
    ("import", "startup", "each request", "never"), and whether the start fails without it."""

    name: str
    span: Span
    default: str
    read: str
    fails_fast: bool


class ServiceMap:
    """Answers for one service."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.side: PythonSide = python_side(service)
        self._made: dict[int, Made] = {}

    def routes(self) -> list[RouteMap]:
        """All routes, in the order in which they were found."""
        return [self._route(route) for route in self.side.routing.routes]

    def starts(self) -> Iterator[tuple[str, str, Span]]:
        """What runs before the first request: ("import" or "startup", label, place)."""
        for entry in self.side.routing.entries:
            if entry.kind in (IMPORT, STARTUP):
                yield entry.kind, entry.label, entry.span

    def resources(self) -> list[Made]:
        """Everything that costs something to make."""
        return [self._resource(resource) for resource in self.side.resources if resource.expensive]

    def settings(self) -> list[SettingMap]:
        """All settings by where they enter."""
        judge = judge_of(self.service)
        return [
            SettingMap(
                source.name,
                source.span,
                judge.default_of(source).kind,
                self._read(source),
                any(name in judge.checked for name in source.names),
            )
            for source in judge.sources
        ]

    def _read(self, source: Source) -> str:
        reach = self.side.contexts.before_requests(source.scope)
        if reach is not None:
            return reach.entry.kind
        return EACH_REQUEST if self.side.contexts.in_request(source.scope) is not None else "never"

    # Routes

    def _route(self, route: Route) -> RouteMap:
        known = [k for scope in self._reached(route) for k in self._known_in.get(id(scope), ())]
        asks = {id(k.call): self._asked(k) for k in known if k.entry.kind == "call"}
        uses: dict[int, Made] = {}
        for k in known:
            for origin in (k.call, *origins(k.value)):
                resource = self._resource_at.get(id(origin))
                if resource is not None and resource.expensive:
                    uses[id(origin)] = self._resource(resource)
        return RouteMap(route, tuple(asks.values()), tuple(uses.values()))

    def _reached(self, route: Route) -> list[Scope]:
        """What runs when the route is asked, nearest first."""
        queue: list[Scope] = [route.handler, *route.dependencies]
        seen = {id(scope) for scope in queue}
        for scope in queue:  # grows while it is walked
            for edge in self.side.contexts.edges(scope):
                if id(edge.target) not in seen:
                    seen.add(id(edge.target))
                    queue.append(edge.target)
        return queue

    @cached_property
    def _known_in(self) -> dict[int, list[Known]]:
        found: dict[int, list[Known]] = defaultdict(list)
        for known in self.side.known:
            found[id(known.call.scope)].append(known)
        return found

    @cached_property
    def _resource_at(self) -> dict[int, Resource]:
        return {id(resource.call): resource for resource in self.side.resources}

    # Calls

    def _asked(self, known: Known) -> Asked:
        return Asked(
            known.name,
            known.entry.purpose,
            known.call.span,
            self._limit(known),
            self._streams(known),
            self._output(known) if known.entry.generates else "",
            tuple(self._unbounded.get(known.call.span, ())),
        )

    @cached_property
    def _waits(self) -> dict[int, Wait]:
        waits: list[Wait] = list(provide(self.service, "Wait"))
        return {id(wait.known.call): wait for wait in waits}

    @cached_property
    def _unbounded(self) -> dict[Span, list[str]]:
        found: dict[Span, list[str]] = defaultdict(list)
        for flow in provide(self.service, "Flow"):
            found[flow.call.call.span] += [source.description for source in (flow.source, *flow.others)]
        return found

    @cached_property
    def _uncapped(self) -> set[int]:
        return {id(uncapped.call) for uncapped in provide(self.service, "UncappedOutput")}

    def _limit(self, known: Known) -> TimeLimit:
        """The time-out of a call: its own, else that of the object that it is made on."""
        for call in (known.call, *origins(known.value)):
            wait = self._waits.get(id(call))
            if wait is not None:
                given = wait.setting
                place = given.expression[1] if given is not None and given.expression is not None else None
                path = given.scope.module.path if given is not None and given.scope is not None else ""
                span = Span.at(path, place) if place is not None and path else None
                return TimeLimit(wait.state, wait.seconds, wait.attempts, span)
        return TimeLimit("unknown")

    def _streams(self, known: Known) -> bool:
        if known.entry.streams:
            return True
        parameter = known.entry.stream_parameter
        if parameter is None:
            return False
        given = argument_of(known.call, parameter, self.side.evaluator)
        return any(isinstance(value, Constant) and value.value is True for value in given.values)

    def _output(self, known: Known) -> str:
        for call in (known.call, *origins(known.value)):
            if id(call) in self._uncapped:
                return "uncapped"
        output = known.entry.output
        given = first_given(known.call, output.parameters, self.side.evaluator) if output is not None else None
        if given is not None and given.number is not None:
            return f"{given.number:.0f}"
        return "capped" if output is not None else "unknown"

    # Resources

    def _resource(self, resource: Resource) -> Made:
        known = self._made.get(id(resource))
        if known is None:
            reach = resource.per_request or resource.early or resource.first_request
            chain = tuple(step.message for step in reach.steps()) if reach is not None else ()
            entry, call = resource.entry, resource.call
            when = tuple(_occasions(resource))
            known = self._made[id(resource)] = Made(resource.name, entry.purpose, entry.cost, call.span, when, chain)
        return known


def _occasions(resource: Resource) -> Iterator[str]:
    if resource.early is not None:
        yield resource.early.entry.kind
    if resource.per_request is not None:
        yield EACH_REQUEST
    elif resource.first_request is not None and resource.early is None:
        yield FIRST_REQUEST
