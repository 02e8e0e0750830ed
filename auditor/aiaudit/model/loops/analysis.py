"""The loops of a service, found once for all rules."""

from __future__ import annotations

from aiaudit.model.loops.agents import Agents
from aiaudit.model.loops.found import AgentLoop, EndlessRetry
from aiaudit.model.loops.own import OwnLoops
from aiaudit.model.loops.polling import PollingLoops
from aiaudit.model.loops.retries import library_retries
from aiaudit.model.python import python_side
from aiaudit.model.service import Service


def agent_loops(service: Service) -> list[AgentLoop]:
    """Loops in which a model decides on the next round."""
    own = [found for found in _own(service) if isinstance(found, AgentLoop)]
    seen = {loop.span for loop in own}
    polled = [loop for loop in PollingLoops(python_side(service)).find() if loop.span not in seen]
    return [*Agents(python_side(service)).find(), *own, *polled]


def endless_retries(service: Service) -> list[EndlessRetry]:
    """Attempts that are repeated until one succeeds."""
    own = [found for found in _own(service) if isinstance(found, EndlessRetry)]
    return [*library_retries(python_side(service)), *own]


def _own(service: Service) -> list[AgentLoop | EndlessRetry]:
    return service.part("own loops", lambda s: list(OwnLoops(python_side(s)).find()))
