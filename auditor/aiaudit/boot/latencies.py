"""Whether the first request does what belongs to the start: its time against that of the next ones."""

from __future__ import annotations

from collections.abc import Sequence

from aiaudit.boot.record import Answer, Endpoint, Latency, Purpose
from aiaudit.boot.scenarios import model_endpoint
from aiaudit.boot.watching import Watching

_FOLLOWING = 5
# Slow answers are not asked for so often.
_FOLLOWING_WITHIN = 6.0
_SLOWER_SECONDS, _SLOWER_TIMES, _GROWTH = 0.25, 20, 8 << 20


def time_requests(watching: Watching) -> tuple[Latency, ...]:
    """The times of a route of a model, with those of the health route as control; none where it does not answer."""
    endpoint = model_endpoint(watching.bench.plan)
    assert endpoint is not None
    trail = watching.trail
    watching.watcher.probe((), ())  # nothing else is asked meanwhile
    control = _answers(watching, Endpoint("GET", trail.state.ready_path, Purpose.HEALTH), _FOLLOWING + 1)
    watching.sample()
    before, contacted = watching.samples.memory, len(trail.contacts)
    first = watching.call(endpoint)
    if first is None or not first.status or not control:
        return ()
    watching.sample()
    growth = max(0, watching.samples.memory - before)
    contacts = tuple(trail.contacts[contacted:])
    following = _answers(watching, endpoint, _FOLLOWING)
    if not following:
        return ()
    times = tuple(answer.took for answer in following)
    control_times = tuple(answer.took for answer in control)
    return (Latency(endpoint, first.took, times, control_times[0], control_times[1:], growth, contacts),)


def is_lazy(latency: Latency) -> bool:
    """Whether the first call of a route did work that belongs to the start: much slower than the next ones, beyond what
    a health route's first call costs, with memory that grew or a host asked for the first time. How many times slower
    is told by the quickest of the next ones: a busy machine only adds to them."""
    usual = median(latency.following)
    control = latency.control_first - median(latency.control_following)
    more = latency.first - usual - max(0.0, control)
    grew = latency.growth >= _GROWTH or bool(latency.contacts)
    return more >= _SLOWER_SECONDS and more >= _SLOWER_TIMES * min(latency.following) and grew


def median(values: Sequence[float]) -> float:
    """The middle one of the values, 0 for none."""
    ordered = sorted(values)
    return ordered[len(ordered) // 2] if ordered else 0.0


def _answers(watching: Watching, endpoint: Endpoint, count: int) -> list[Answer]:
    """So many answers of a route, fewer where they take long; none where one does not come."""
    found: list[Answer] = []
    end = watching.now + _FOLLOWING_WITHIN
    while len(found) < count and (len(found) < 2 or watching.now < end):
        answer = watching.call(endpoint)
        if answer is None or not answer.status:
            return []
        found.append(answer)
    return found
