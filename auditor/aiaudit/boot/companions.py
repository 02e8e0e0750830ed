"""Services that are started beside the image, in its network, before it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack

from aiaudit.boot.record import Companion
from aiaudit.boot.world import Clock, Container, Engine, EngineError, Specification, Watcher

_READY_WITHIN = 60.0
_POLL = 0.2


def ports_of(companions: Sequence[Companion]) -> tuple[int, ...]:
    """The ports that they take in the target's network."""
    return tuple(companion.port for companion in companions if companion.port)


def start_companions(
    companions: Sequence[Companion], engine: Engine, watcher: Watcher, clock: Clock, stack: ExitStack, name: str
) -> None:
    """Start them and wait until each listens on its port; the stack removes them.

    `EngineError` for one that ends or does not listen in time.
    """
    started: dict[int, tuple[Companion, Container]] = {}
    for companion in companions:
        container = engine.create(
            Specification(
                companion.image,
                "companion",
                f"{name}-{companion.name}",
                environment=companion.environment,
                network=watcher.network,
                command=companion.command or None,
                default_capabilities=True,  # databases begin as root and change to a user of their own
            )
        )
        stack.callback(container.remove)
        container.start()
        if companion.port:
            started[companion.port] = (companion, container)
    _wait(started, watcher, clock)


def _wait(waited: dict[int, tuple[Companion, Container]], watcher: Watcher, clock: Clock) -> None:
    end = clock.now() + _READY_WITHIN
    while waited:
        for event in watcher.events():
            if event["event"] == "listen":
                waited.pop(event["port"], None)
        for companion, container in waited.values():
            ended = container.exit()
            if ended is not None or clock.now() > end:
                how = "does not listen" if ended is None else f"ended with code {ended.code} before it listened"
                last = (container.log.text().splitlines() or ["nothing"])[-1]
                raise EngineError(f"The service {companion.name} {how} on port {companion.port}; its log ends: {last}")
        if waited:
            clock.sleep(_POLL)
