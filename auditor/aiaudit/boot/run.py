"""A whole boot: engine, image, plan and matrix, in the order in which they are needed."""

from __future__ import annotations

import os
import shlex
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from aiaudit.boot.build import BuildResult, Options, build, recipe
from aiaudit.boot.configuration import BootConfiguration
from aiaudit.boot.dummies import dummies
from aiaudit.boot.engine import connect
from aiaudit.boot.matrix import run as run_matrix
from aiaudit.boot.plan import image_of, plan_for
from aiaudit.boot.record import Boot, ImageFacts, Observation, Outcome, Plan, Verdict
from aiaudit.boot.scenarios import BASELINE, scenarios
from aiaudit.boot.session import Session
from aiaudit.boot.watcher import watchers
from aiaudit.boot.world import EngineError, NoEngine
from aiaudit.model.image import Image
from aiaudit.model.service import Service
from aiaudit.settings import UsageError
from aiaudit.suggestion import suggestion
from aiaudit.values import dataclass, replace

_ANY_ADDRESS = "http://127.0.0.1:1/v1"  # a scenario may be about the variable that is set to the stub's


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
    with interruptible(session):
        built = built_image(session, image, request, display) if image is not None else None
        facts = session.image(built.image if built else request.image)
        found = _booted(service, request, facts, request.only, session, display)
    found = replace(found, built=built.seconds if built else 0.0, leftovers=session.leftovers)
    if request.keep:
        return found
    return repeatable(found, built_again(image, request) if image is not None else request.image)


@contextmanager
def interruptible(session: Session) -> Iterator[None]:
    """A session that a signal may end: then that is what is told, and not what broke off because of it."""
    try:
        with session:
            yield
    except (EngineError, NoEngine):
        if session.cancelled_by in ("", "budget"):
            raise
    if session.cancelled_by not in ("", "budget"):
        raise Interrupted(session.cancelled_by)


def gets_ready(name: str, service: Service, request: Request, session: Session, display: Display) -> bool:
    """Whether an image gets ready with everything set."""
    baseline = _booted(service, request, session.image(name), (BASELINE,), session, display).baseline
    return baseline is not None and baseline.verdict is Verdict.READY


def _booted(
    service: Service, request: Request, facts: ImageFacts, only: tuple[str, ...], session: Session, display: Display
) -> Boot:
    """The boots of an image that the engine has."""
    plan = replace(plan_for(service, facts, request.configuration, request.dockerfile), only=only)
    beside = [companion.name for companion in plan.companions]
    made = watchers(session, facts, request.configuration.watcher, beside)
    return run_matrix(plan, session, made, Seconds(), display)


def built_image(session: Session, image: Image, request: Request, display: Display) -> BuildResult:
    """Build an image of the model, as its deploy files and the request say."""
    display.say(f"building {image.path}, whose RUN lines are executed")
    return build(*recipe(image, Path(request.folder), request.options), session)


def chosen(plan: Plan, names: tuple[str, ...]) -> Plan:
    """The plan with only these scenarios or families; a name that is none of them is a `UsageError`."""
    ids = [scenario.id for scenario in scenarios(plan, dummies(plan.variables, "", _ANY_ADDRESS)).all]
    known = [*dict.fromkeys(id.partition(":")[0] for id in ids), *ids]
    for name in names:
        if name not in known:
            raise UsageError(f"--scenario {name}: there is none of this name{suggestion(name, known)}")
    return replace(plan, only=names)


def built_again(image: Image, request: Request) -> str:
    """What a shell replaces by the id of the image, which it builds for that; build arguments have no values in it."""
    folder, options = os.path.relpath(request.folder), request.options
    words = ["docker", "build", "--quiet", f"--file={os.path.join(folder, image.path)}"]
    words += [f"--build-arg={name}" for name, _ in options.arguments]
    words += [f"--network={options.network}"] if options.network else []
    words += [f"--target={options.target}"] if options.target else []
    return f"$({shlex.join([*words, os.path.normpath(os.path.join(folder, image.context.folder))])})"


def repeatable(boot: Boot, image: str) -> Boot:
    """The boot with lines that repeat it when what the run built is gone: with these words for the image's id."""

    def changed(outcome: Outcome) -> Outcome:
        seen = outcome.observation
        if seen is None:
            return outcome
        return replace(outcome, observation=replace(seen, command=seen.command.replace(boot.image.id, image)))

    return replace(boot, outcomes=tuple(map(changed, boot.outcomes)))


class Seconds:
    """The clock of the machine."""

    now: Callable[[], float] = staticmethod(time.monotonic)
    sleep: Callable[[float], None] = staticmethod(time.sleep)
