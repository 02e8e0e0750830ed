"""The fixtures of booting: small images that go wrong in one way each, and the same with the fault mended."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.support import FIXTURES, PROJECT

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FOLDER = FIXTURES / "boot"
BASE = FOLDER / "base"
BASE_TAG = "aiaudit-tests/boot-base"
KINDS = ("bad", "fixed")
RECORD = PROJECT / ".cache" / "boot-verdicts.json"


@dataclass(frozen=True)
class Twin:
    """One image of a pair. `verdicts` belong to ids of scenarios; those not named are not run, but for the baseline.

    `seen` tells what else the baseline must show: the hosts it contacts, whether it leaves zombies.
    """

    fixture: str
    kind: str
    row: str
    verdicts: Mapping[str, str]
    seen: Mapping[str, object]

    @property
    def folder(self) -> Path:
        """Its sources, with the expected findings on their lines."""
        return FOLDER / self.fixture / self.kind

    @property
    def id(self) -> str:
        """Its name in output of tests."""
        return f"{self.fixture}-{self.kind}"

    @property
    def tag(self) -> str:
        """Its image."""
        return f"aiaudit-tests/boot-{self.fixture}:{self.kind}"


def twins() -> tuple[Twin, ...]:
    """All of them, pair by pair."""
    return tuple(twin for folder in sorted(FOLDER.iterdir()) if folder != BASE for twin in _pair(folder))


def _pair(folder: Path) -> tuple[Twin, ...]:
    expected = tomllib.loads((folder / "expected.toml").read_text("utf-8"))
    return tuple(
        Twin(
            folder.name,
            kind,
            expected["row"],
            {"baseline": "READY", **expected[kind]["verdicts"]},
            expected[kind].get("seen", {}),
        )
        for kind in KINDS
    )
