"""Rules that a tree has nothing for are left alone, and are there for whoever asks for all of them."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from aiaudit import catalogue
from aiaudit.api import audit
from aiaudit.kinds import may_state_images
from aiaudit.model.image import dockerfiles
from aiaudit.model.service import Service
from aiaudit.settings import Settings
from aiaudit.sources.store import Store
from aiaudit.workspace import Workspace, scope_of
from tests.support import FIXTURES, write_tree

ALL = {rule.id: rule for rule in catalogue.load().rules}
LEFT = catalogue.load(lacking=("image", "run"))
LOADED = {rule.id for rule in LEFT.loaded}


def test_only_rules_about_images_and_runs_are_left() -> None:
    """Those that look at anything else are loaded."""
    left = [rule for rule in ALL.values() if rule.id not in LOADED]
    kinds = {kind.__name__ for rule in left for kind, _ in rule.checks}

    assert len(left) > 100
    assert kinds == {"Dockerfile", "Image"}
    assert all(rule.checks or rule.observations for rule in left)


def test_all_rules_about_images_and_runs_are_left() -> None:
    """No pack forgets to say what its rules need."""
    for rule in (ALL[rule_id] for rule_id in LOADED):
        kinds = {kind.__name__ for kind, _ in rule.checks}
        assert not kinds or not kinds <= {"Dockerfile", "Image"}, rule.id
        assert kinds or not rule.observations, rule.id


@pytest.mark.parametrize("pack", ["image", "secrets", "startup"])
def test_needs_name_modules(pack: str) -> None:
    """What a pack says of a module is said of one that is there."""
    needs = importlib.import_module(f"aiaudit_rules.{pack}").NEEDS

    for name in needs.keys() - {"*"}:
        importlib.import_module(f"aiaudit_rules.{pack}.{name}")


def test_whoever_asks_gets_all() -> None:
    """By a name, or for all rules."""
    found = catalogue.load(lacking=("image", "run"))

    assert [rule.id for rule in found.find("IMG")] == [rule_id for rule_id in sorted(ALL) if rule_id.startswith("IMG")]
    assert [rule.id for rule in found.rules] == sorted(ALL)
    assert not found.diagnostics


def test_names(tmp_path: Path) -> None:
    """What a file is called tells whether images may be stated; an ignore comment may still name their rules."""
    images = ("Dockerfile", "a/api.Dockerfile", "compose.yaml", "Makefile", "ci/build.sh", "docker-bake.hcl")
    assert all(may_state_images([path]) for path in images)
    assert not may_state_images(["app/main.py", "README.md", "requirements.txt", "pyproject.toml"])

    text = "import os  # aiaudit: ignore[IMG101, KEY1, base-image-not-by-digest] none of it\n"
    report = audit(["."], Settings(profile="pedantic"), cwd=str(write_tree(tmp_path, {"app/main.py": text})))
    assert not [found for found in report.findings if "unknown" in found.finding.message]
    assert len(report.rules) > 100


def test_trees_without_such_files_have_no_images() -> None:
    """Fixtures whose files state no image by their names give none."""
    asked = 0
    for folder in sorted((FIXTURES / "rules").glob("*/*/*"))[::5]:
        workspace = Workspace(scope_of([], str(folder)), Store()) if folder.is_dir() else None
        if workspace is not None and not may_state_images(workspace.files()):
            asked += 1
            assert not dockerfiles(Service(workspace)), folder
    assert asked > 20
