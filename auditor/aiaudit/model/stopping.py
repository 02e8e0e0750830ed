"""What a lifespan runs when the service stops: what stands behind its `yield`, and behind those of what it enters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiaudit.model.scopes import Function, last_name
from aiaudit.span import Span

if TYPE_CHECKING:
    from aiaudit.model.contexts import Reach

_ENTERING = frozenset(("enter_async_context", "enter_context"))


def is_at_shutdown(place: Span, reach: Reach) -> bool:
    """Whether a place is reached from startup, but left for the end. A lifespan with several ways has several
    `yield`s: only what stands behind the last one surely comes after the first request."""
    last = reach.scope.last_yield
    if last is None or reach.entry.kind != "startup":
        return False
    return (place.line, place.column) >= last[2:] and _is_left_open(reach)


def _is_left_open(reach: Reach) -> bool:
    """Whether a scope waits at its `yield` while the service runs: a lifespan, or what one enters around its own."""
    edge, before = reach.edge, reach.before
    if edge is None or before is None:
        return True
    call = edge.call
    is_manager = isinstance(reach.scope, Function) and reach.scope.has_decorator(
        "asynccontextmanager", "contextmanager"
    )
    if call is None or not is_manager:
        return False
    if call.parent is not None and call.parent[0] == "call" and last_name(call.parent[2]) in _ENTERING:
        return _is_left_open(before)
    last, around = before.scope.last_yield, call.statement[1]
    is_around = call.entered and last is not None and around[:2] <= last[:2] < around[2:]
    return is_around and _is_left_open(before)
