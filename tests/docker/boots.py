"""Booting folders with the engine of the tests: the images of the fixtures, and what the rules say of a boot."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from aiaudit import api
from aiaudit.boot.configuration import load
from aiaudit.boot.record import Boot, Observation, Outcome
from aiaudit.boot.run import Request, boot
from aiaudit.settings import Settings
from aiaudit.sources.store import Store
from tests.boot_fixtures import BASE, BASE_TAG
from tests.docker.base_images import build_arguments
from tests.docker.commands import LABEL
from tests.docker.engine import Engine
from tests.support import AUDIT_DATE, Expectation, found_in


@dataclass(frozen=True)
class Booted:
    """A boot and the findings that the rules make of it: path, line, name."""

    boot: Boot
    findings: list[Expectation]

    def outcome(self, scenario: str) -> Outcome:
        """The outcome of one scenario."""
        return next(outcome for outcome in self.boot.outcomes if outcome.scenario.id == scenario)


class _Quiet:
    """Nobody watches."""

    def say(self, text: str) -> None:
        """Nothing."""

    def __call__(self, scenario: str, what: Observation | Outcome | None) -> None:
        """Nothing."""


def build_base(engine: Engine) -> None:
    """Build what the fixtures' images have in common; what is there already is used again."""
    build(engine, BASE, BASE_TAG, *build_arguments())


def build(engine: Engine, folder: Path, tag: str, *options: str) -> None:
    """Build the image of a folder."""
    engine.docker("build", "--network=host", f"--label={LABEL}=boot", "--tag", tag, *options, str(folder), seconds=900)


def boot_folder(folder: Path, image: str, only: tuple[str, ...] = ()) -> Booted:
    """Boot an image as what the sources in a folder describe, in these scenarios or in all."""
    scope = api.scope_for([str(folder)], str(folder))
    audit = api.Audit(scope, Settings(select=("RUN",), date=AUDIT_DATE), Store(), None)
    found = boot(audit.service, Request(str(folder), load(str(folder)), image=image, only=only), _Quiet())
    return Booted(found, found_in(audit.report({Boot: (found,)})))
