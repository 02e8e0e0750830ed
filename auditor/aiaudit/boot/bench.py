"""What the boots of a run share, and how long one of them is waited for."""

from __future__ import annotations

from collections.abc import Mapping

from aiaudit.boot.record import ImageFacts, Plan
from aiaudit.boot.world import Clock, Engine, Watchers
from aiaudit.values import dataclass, field


class Cancelled(Exception):
    """The user or the total budget ended the run."""


@dataclass(frozen=True, slots=True)
class Bench:
    """What the boots of a run share. `health` are the paths known to tell readiness, `secrets` the dummy secrets by
    variable; `usual` is the seconds that the baseline took to get ready, `usual_cpu` those of processor time that it
    had by then, 0 while they are not known. `default_capabilities` is for an image that cannot start without any."""

    plan: Plan
    image: ImageFacts
    engine: Engine
    watchers: Watchers
    clock: Clock
    health: tuple[str, ...] = ()
    secrets: Mapping[str, str] = field(default_factory=dict)
    usual: float = 0.0
    usual_cpu: float = 0.0
    default_capabilities: bool = False


@dataclass(frozen=True, slots=True)
class Waiting:
    """How long one boot is waited for: `budget` seconds to get ready or to end, `hold` seconds that it must stay ready,
    `stop` seconds to end after the signal. `load` is what these were multiplied by."""

    budget: float
    hold: float = 0.5
    stop: float = 10.0
    load: float = 1.0
