"""What tests that build images share: a session, options that reach the package index, a Dockerfile's model."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from aiaudit import api
from aiaudit.boot.build import Options
from aiaudit.boot.engine import connect
from aiaudit.boot.session import Session
from aiaudit.finding import Finding
from aiaudit.model.image import Image
from aiaudit.settings import Settings
from aiaudit.sources.store import Store
from tests.docker.base_images import build_values
from tests.docker.engine import Engine

BUILDERS = ("legacy", "buildkit")


@contextmanager
def session_of(engine: Engine) -> Iterator[Session]:
    """A session that has to leave nothing."""
    with Session(connect(engine.address or None)) as running:
        yield running
    assert running.leftovers == 0


def options(builder: str, **more: object) -> Options:
    """Options of a build that can install packages."""
    made = Options(builder=builder, network="host", arguments=tuple(build_values().items()))
    return replace(made, **more)  # type: ignore[arg-type]


def audited(folder: Path, dockerfile: str = "Dockerfile") -> tuple[Image, list[Finding]]:
    """The model of a Dockerfile and what is found in it."""
    audit = api.Audit(api.scope_for((str(folder),), str(folder)), Settings(), Store(), None)
    findings = [reported.finding for reported in audit.report().findings]
    image = next(image for image in audit.service.subjects(Image) if image.path == dockerfile)
    return image, [finding for finding in findings if finding.span.path == dockerfile]
