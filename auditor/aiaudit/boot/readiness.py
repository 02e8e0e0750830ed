"""When a service is ready: a state machine over what is seen of it, and how long it is waited for.

A connection proves nothing (servers listen long before the application is loaded), and neither does the log: only HTTP
answers count. `serving` is any answer below 500; `ready` is a good answer of a health route, or, where no health route
answers as one, serving for a while, which is then told as an assumption.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Any

from aiaudit.boot.record import Budgets, Listener
from aiaudit.values import dataclass, replace

# Paths that are asked for where no health route is known, the likeliest ones to tell the truth first. A good answer of
# the last two only tells that something serves.
GUESSES = ("/readyz", "/healthz", "/health", "/livez", "/ping", "/openapi.json", "/")
_HEALTH = GUESSES[:-2]
STABLE_SECONDS = 3.0
_STABLE_ANSWERS = 3
# So long a service answers without any health route before that is taken for ready.
_ASSUMING = 1.0
# A machine that is busy, or that emulates the image's processor, takes so many times as long at most.
EMULATED = 3.0
# From such a load on, times prove nothing.
BUSY = 1.5
_LEAST_FAIL, _MOST_FAIL, _FAIL_WITHOUT_BASELINE = 15.0, 60.0, 30.0
_LEAST_READY = 20.0
# The share of a processor that counts as work, and how many times the budget something at work may take. A start that
# has not had the processor time that the baseline took was kept from it by others: then any work counts.
_WORKING, _LONGER = 0.05, 1.5
_STARVED_WORKING, _STARVED_LONGER = 0.005, 4.0


class Level(enum.IntEnum):
    """How far a boot has come."""

    CREATED = 0
    RUNNING = 1
    LISTENING = 2
    RESPONDING = 3
    SERVING = 4
    READY = 5
    STABLE = 6
    EXITED = 7


@dataclass(frozen=True, slots=True)
class Readiness:
    """What has been seen so far. `health` are the routes known to tell it, `left_out` ports of others beside it.

    `statuses` holds the last status of each path asked for; `row` counts good answers of the ready path in a row.
    """

    health: tuple[str, ...] = ()
    left_out: frozenset[int] = frozenset()
    running: bool = False
    exited: bool = False
    listeners: tuple[Listener, ...] = ()
    responding: float | None = None
    serving: float | None = None
    serving_path: str = ""
    ready: float | None = None
    ready_path: str = ""
    port: int = 0
    assumed: bool = False
    row: int = 0
    stable: bool = False
    statuses: tuple[tuple[str, int], ...] = ()

    @property
    def level(self) -> Level:
        """The state that these facts amount to."""
        if self.exited:
            return Level.EXITED
        if self.stable:
            return Level.STABLE
        if self.ready is not None:
            return Level.READY
        if self.serving is not None:
            return Level.SERVING
        if self.responding is not None:
            return Level.RESPONDING
        if self.listeners:
            return Level.LISTENING
        return Level.RUNNING if self.running else Level.CREATED

    @property
    def paths(self) -> tuple[str, ...]:
        """What is asked for: the known routes and, in case they are none, the usual ones."""
        return tuple(dict.fromkeys((*self.health, *GUESSES)))


def advance(state: Readiness, event: Mapping[str, Any]) -> Readiness:
    """The state after an event: one of a watcher, or `start`, `tick` and `exit` with their `t`."""
    if state.exited:
        return state
    match event["event"]:
        case "start":
            return replace(state, running=True)
        case "exit":
            return replace(state, exited=True)
        case "listen":
            return _listening(state, event)
        case "answer" if not event.get("request") and event["port"] not in state.left_out:
            return _answered(state, event)
        case "tick":
            return _assuming(state, event["t"])
    return state


def _listening(state: Readiness, event: Mapping[str, Any]) -> Readiness:
    listener = Listener(event["host"], event["port"], event["t"])
    known = {(seen.host, seen.port) for seen in state.listeners}
    if listener.port in state.left_out or (listener.host, listener.port) in known:
        return state
    return replace(state, listeners=(*state.listeners, listener))


def _answered(state: Readiness, event: Mapping[str, Any]) -> Readiness:
    path, status, seconds = event["path"], event["status"], event["t"]
    if not status:
        return replace(state, row=0) if path == state.ready_path else state
    statuses = (*((known, last) for known, last in state.statuses if known != path), (path, status))
    state = replace(state, statuses=statuses, responding=seconds if state.responding is None else state.responding)
    if status >= 500:
        return replace(state, row=0) if path == state.ready_path else state
    if state.serving is None:
        state = replace(state, serving=seconds, serving_path=path, port=event["port"])
    if state.ready is None:
        return _maybe_ready(state, event)
    if path != state.ready_path:
        return state
    row = state.row + 1
    stable = row >= _STABLE_ANSWERS and seconds - state.ready >= STABLE_SECONDS
    return replace(state, row=row, stable=state.stable or stable)


def _maybe_ready(state: Readiness, event: Mapping[str, Any]) -> Readiness:
    path, status = event["path"], event["status"]
    if not 200 <= status < 300 or path not in _telling(state):
        return state
    return replace(state, ready=event["t"], ready_path=path, port=event["port"], row=1)


def _telling(state: Readiness) -> tuple[str, ...]:
    """The paths whose good answer means ready: those that speak of readiness before those that speak of life."""
    known = dict(state.statuses)
    paths = [path for path in state.health if not 300 <= known.get(path, 0) < 500]
    if not paths:
        paths = [path for path in _HEALTH if path in known and not 300 <= known[path] < 500]
    return tuple([path for path in paths if "ready" in path.lower()] or paths)


def _assuming(state: Readiness, now: float) -> Readiness:
    """Ready without a health route: it has served for a while, and nothing that looks like one says otherwise."""
    if state.ready is not None or state.serving is None or now - state.serving < _ASSUMING:
        return state
    known = dict(state.statuses)
    if any(path not in known for path in state.health):
        return state
    if any(status >= 500 for path, status in state.statuses if path in (*state.health, *_HEALTH)):
        return state
    return replace(state, ready=state.serving, ready_path=state.serving_path, assumed=True, row=1)


@dataclass(frozen=True, slots=True)
class Growth:
    """What a container has used up to a moment: CPU seconds, bytes of memory, bytes of log."""

    seconds: float
    cpu: float
    memory: int
    log: int

    def is_more_than(self, earlier: Growth, share: float = _WORKING) -> bool:
        """Whether it has been at work since: that share of a processor, 4 MiB, or a line."""
        passed = self.seconds - earlier.seconds
        worked = self.cpu - earlier.cpu > share * passed
        return worked or self.memory - earlier.memory > 4 << 20 or self.log > earlier.log


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait: `budget` seconds, longer while it grows. `needs` are the CPU seconds that a start takes, 0 if
    that does not matter; growth is what came in the last `window` seconds."""

    budget: float
    deadline: float
    needs: float = 0.0
    window: float = 3.0

    def is_starved(self, now: Growth, earlier: Growth) -> bool:
        """Whether it is at work, and has not had the processor time yet that a start takes."""
        return now.cpu < self.needs and now.is_more_than(earlier, _STARVED_WORKING)

    def with_growth(self, now: Growth, earlier: Growth) -> Patience:
        """The deadline moved on where there was growth since `earlier` and the end is near."""
        is_starved = self.is_starved(now, earlier)
        if now.seconds + self.window < self.deadline or not (is_starved or now.is_more_than(earlier)):
            return self
        cap = self.budget * (_STARVED_LONGER if is_starved else _LONGER)
        return replace(self, deadline=max(self.deadline, min(cap, now.seconds + self.window)))

    @property
    def extended(self) -> float:
        """Seconds that growth added."""
        return self.deadline - self.budget


def patience(budget: float, needs: float = 0.0, slowness: float = 1.0) -> Patience:
    """Waiting for so many seconds; on a machine that is so many times slower, growth is looked for as much longer."""
    return Patience(budget, budget, needs, 3.0 * slowness)


def fail_budget(budgets: Budgets, ready: float | None, factor: float = 1.0) -> float:
    """Seconds that a start may take to fail, relative to what the baseline took to get ready."""
    if budgets.fail:
        return budgets.fail
    if ready is None:
        return _FAIL_WITHOUT_BASELINE * factor
    return min(max(2 * ready + 5, _LEAST_FAIL), _MOST_FAIL) * factor


def ready_budget(budgets: Budgets, ready: float | None, factor: float = 1.0) -> float:
    """Seconds that a start may take to get ready: the baseline's own limit, the others' relative to what it took."""
    limit = budgets.ready * factor
    return limit if ready is None else min(limit, max(3 * ready + 10, _LEAST_READY * factor))
