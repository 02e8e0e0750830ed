"""Flows: for each call of a model the request data that reaches it unbounded, with the way it takes."""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Step
from aiaudit.model.flow.keys import key_of
from aiaudit.model.flow.large import is_decoded, large_size
from aiaudit.model.flow.limits import TEXT_LIMIT, UPLOAD_LIMIT, BodyLimits, accepted_size
from aiaudit.model.flow.places import Place
from aiaudit.model.flow.sources import Source, is_conversation
from aiaudit.model.flow.targets import GENERATING, ModelCall
from aiaudit.model.flow.tools import Tools
from aiaudit.model.flow.verdicts import SPOKEN
from aiaudit.model.flow.walk import Arrival, Walk
from aiaudit.model.scopes import Call, Function, Scope, walk
from aiaudit.values import dataclass, replace


@dataclass(frozen=True, slots=True, eq=False)
class Flow:
    """Request text that reaches a model call and that nothing bounds on its way.

    `source` is the nearest source, `others` the further ones; `steps` lead from the source to the call; `cut` tells
    that the text arrives in pieces, each of them short, but as many as the text has. `accepted` says how much the
    server takes, where that is known, as the end of a sentence; `truncates`: the model reads no more than it can.
    `chosen` is the call on the way that takes one of many ways, which lead to `alternatives` as well; of those the one
    `instead_of` which they are made comes first.
    """

    call: ModelCall
    source: Source
    steps: tuple[Step, ...]
    others: tuple[Source, ...]
    cut: bool
    accepted: str = ""
    truncates: bool = False
    chosen: Call | None = None
    alternatives: tuple[ModelCall, ...] = ()
    instead_of: ModelCall | None = None


def compared(flows: list[Flow]) -> list[Flow]:
    """The flows, with those told apart that one source takes through one call of many ways: to one model or another."""
    groups: dict[object, list[Flow]] = {}
    for flow in flows:
        if flow.chosen is not None:
            groups.setdefault((flow.source.description, flow.source.span, id(flow.chosen)), []).append(flow)
    found = {id(flow): flow for flow in flows}
    for first, *others in groups.values():
        found[id(first)] = replace(first, alternatives=tuple(other.call for other in others))
        found.update((id(other), replace(other, instead_of=first.call)) for other in others)
    return list(found.values())


def flow_of(call: ModelCall, walk: Walk, limits: BodyLimits, tools: Tools) -> Flow | None:
    """What a walk from a model call found: first the nearest source of those whose names speak of what users write."""
    arrivals = [
        a for a in walk.arrivals if not _is_limited(a, limits, call, tools) and not _is_conversation(a.source, call)
    ]
    if not arrivals:
        return None
    first = min(arrivals, key=lambda arrival: (*_rank(arrival), len(arrival.places)))
    others = tuple(arrival.source for arrival in arrivals if arrival is not first)
    cut = any(place.cut for place in first.places)
    checked = _checked_size(first, tools)
    accepted = accepted_size(first.source, limits.of(first.source.route), tools)
    if checked is not None:
        accepted = f" (files of up to {checked / 1024**2:.0f} MiB are taken)"
    steps, chosen = tuple(_steps(first, call)), _chosen(first.places, tools)
    return Flow(call, first.source, steps, others, cut, accepted, _truncates(call), chosen)


def _chosen(places: tuple[Place, ...], tools: Tools) -> Call | None:
    """The last call on the way that takes one of many ways into the function which the way goes on in."""
    for before, after in zip(places[-2::-1], places[:0:-1], strict=True):
        function = _function(after.scope)
        if function is None or function is _function(before.scope):
            continue
        for edge in tools.side.contexts.edges(before.scope):
            call = edge.call if edge.among and edge.target is function else None
            if call is not None and any(part is before.expression for part in walk(call.expression)):
                return call
    return None


def _is_conversation(source: Source, call: ModelCall) -> bool:
    """Whether only the number of a conversation's turns is free: what `GrowingConversation` tells."""
    return source.many and is_conversation(source) and call.purpose in GENERATING


def _is_limited(arrival: Arrival, limits: BodyLimits, call: ModelCall, tools: Tools) -> bool:
    """Whether a check on the way, or the limit on request bodies, is small enough to bound what a source gives.

    Files may be larger than other texts, but for those that a model gets to read whole.
    """
    source, places = arrival.source, arrival.places
    is_read_whole = (
        source.kind == "upload"
        and call.purpose in GENERATING
        and not any(place.cut for place in places)
        and is_decoded(places)
    )
    checked = _checked_size(arrival, tools)
    if checked is not None and not (checked and is_read_whole):
        return True
    limit = limits.of(source.route)
    if limit is None or source.kind == "fetched" or source.description.endswith("socket"):
        return False
    return limit <= (UPLOAD_LIMIT if source.kind == "upload" and not is_read_whole else TEXT_LIMIT)


def _checked_size(arrival: Arrival, tools: Tools) -> float | None:
    """The most that the checks on the way of a text let through: nothing to speak of (0) where they bound a prompt."""
    source, sizes = arrival.source, list[float]()
    if source.handler is not None:
        sizes += [large_size(check, source.handler, tools) or 0.0 for check in source.checks]
    for place in arrival.places if tools.has_large_checks else ():
        key = key_of(place.expression)
        found = tools.checks.bounded(place.scope, key, place.path, place.expression[1], bool) if key else None
        size = large_size(found, place.scope, tools) if found is not None else None
        sizes += [size] if size is not None else []  # what bounds more ends the way
    return min(sizes, default=None)


def _truncates(call: ModelCall) -> bool:
    """Whether the model itself reads only the start of a long text, as local encoders do."""
    return call.known is not None and call.known.entry.path.startswith("sentence_transformers.")


def _rank(arrival: Arrival) -> tuple[int, bool]:
    """Text that arrives whole says more than text in pieces; a `prompt` more than some `options`."""
    source = arrival.source
    pieces = int(any(place.cut for place in arrival.places)) + (source.kind != "text")
    return pieces, bool(source.field) and source.field not in SPOKEN


def _steps(arrival: Arrival, call: ModelCall) -> Iterator[Step]:
    source = arrival.source
    if source.route is not None:
        yield Step(source.route.label, source.route.span)
    yield Step(source.description, source.span)
    previous: Place | None = None
    for place in arrival.places:
        if previous is not None and _function(place.scope) is not _function(previous.scope):
            yield Step(_caption(previous, place), previous.span)
        previous = place
    yield Step(call.name, call.call.span)


def _caption(before: Place, after: Place) -> str:
    function = _function(after.scope)
    name = function.label if function is not None else after.scope.module.path
    return f"passed on to {name}" if len(after.stack) >= len(before.stack) else f"given back to {name}"


def _function(scope: Scope) -> Function | None:
    return next((s for s in scope.within() if isinstance(s, Function)), None)
