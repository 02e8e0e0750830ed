"""A whole boot: engine, image, plan and matrix, in the order in which they are needed."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from aiaudit.boot.build import BuildResult, Options, build, recipe
from aiaudit.boot.configuration import BootConfiguration
from aiaudit.boot.dummies import dummies
from aiaudit.boot.engine import connect
from aiaudit.boot.matrix import run as run_matrix
from aiaudit.boot.plan import image_of, plan_for
from aiaudit.boot.record import Boot, Observation, Outcome, Plan
from aiaudit.boot.scenarios import scenarios
from aiaudit.boot.session import Session
from aiaudit.boot.watcher import watchers
from aiaudit.model.image import Image
from aiaudit.model.service import Service
from aiaudit.settings import UsageError
from aiaudit.suggestion import suggestion
from aiaudit.values import dataclass


class Interrupted(Exception):
    """The user ended the run by a signal; everything of it is removed. The message names the signal."""


class Display(Protocol):
    """Who is told how far a run is."""

    def say(self, text: str) -> None:
        """What is being done."""

    def __call__(self, scenario: str, what: Observation | Outcome | None) -> None:
        """A scenario has begun (None), was seen, or has its outcome."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a user asks for. `folder` is absolute; `dockerfile` is a path below it, "" for the likeliest one; `image`
    is the name of one that is there, "" to build it. `only` are scenarios or their families, none for all."""

    folder: str
    configuration: BootConfiguration
    image: str = ""
    dockerfile: str = ""
    options: Options = Options()
    only: tuple[str, ...] = ()
    keep: bool = False


def boot(service: Service, request: Request, display: Display) -> Boot:
    """Boot the image of a service in all the ways that tell something about it.

    Errors: `UsageError` for a request that means nothing, `NoEngine` and `EngineError` for what can be booted nowhere,
    `Interrupted`. Nothing of the run is left then either.
    """
    expected = chosen(plan_for(service, None, request.configuration, request.dockerfile), request.only)
    image = None if request.image else image_of(service, request.dockerfile)
    if not request.image and image is None:
        raise UsageError(
            f"{request.folder} has no Dockerfile: name one with --file, or an image that is there with --image"
        )
    client = connect()
    session = Session(client, keep=request.keep, budget=expected.budgets.total)
    with session:
        built = _built(session, image, request, display) if image is not None else None
        facts = session.image(built.image if built else request.image)
        plan = chosen(plan_for(service, facts, request.configuration, request.dockerfile), request.only)
        found = run_matrix(plan, session, watchers(session, facts, request.configuration.watcher), Seconds(), display)
    if session.cancelled_by not in ("", "budget"):
        raise Interrupted(session.cancelled_by)
    return replace(found, built=built.seconds if built else 0.0, leftovers=session.leftovers)


def _built(session: Session, image: Image, request: Request, display: Display) -> BuildResult:
    """Build an image of the model, as its deploy files and the request say."""
    display.say(f"building {image.path}, whose RUN lines are executed")
    return build(*recipe(image, Path(request.folder), request.options), session)


def chosen(plan: Plan, names: tuple[str, ...]) -> Plan:
    """The plan with only these scenarios or families; the baseline is always there, for nothing counts without it."""
    if not names:
        return plan
    ids = [scenario.id for scenario in scenarios(plan, dummies(plan.variables, "")).all]
    families = {id.partition(":")[0] for id in ids}
    for name in names:
        if name not in families and name not in ids:
            raise UsageError(f"--scenario {name}: there is none of this name{suggestion(name, [*families, *ids])}")
    others = [id for id in ids if id not in names and id.partition(":")[0] not in names]
    return replace(plan, skip=(*plan.skip, *others))


class Seconds:
    """The clock of the machine."""

    now: Callable[[], float] = staticmethod(time.monotonic)
    sleep: Callable[[float], None] = staticmethod(time.sleep)
