"""The catalogue as a whole: rules, fixtures, documentation and changelog say the same."""

from __future__ import annotations

import re
import sys

import pytest

from aiaudit import catalogue
from aiaudit.rule import Rule
from tests.support import FIXTURES, PROJECT

LOADED = catalogue.load()
RULES = LOADED.rules
NAMES = {rule.name for rule in RULES}


def module_of(rule: Rule) -> str:
    """The module that defines a rule."""
    return next(name for name, module in sys.modules.items() if getattr(module, "rule", None) is rule)


def test_every_module_loads() -> None:
    """No rule module is broken."""
    assert LOADED.diagnostics == []
    assert len(RULES) > 20


def test_ids_and_names_are_unique() -> None:
    """Nothing that may be typed for a rule stands for two."""
    typed = [text for rule in RULES for text in (rule.id, rule.name)]

    assert len(typed) == len(set(typed))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_form(rule: Rule) -> None:
    """Module, name, check and metadata follow the house rules."""
    module = module_of(rule)
    spelled = rule.name.replace("-", "_")

    assert re.fullmatch(r"[A-Z]{3}[1-9]\d{2}", rule.id)
    assert re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)+", rule.name)
    assert module.rpartition(".")[2] == spelled
    checks = [check for _, check in (*rule.checks, *rule.observations)]
    assert spelled in {check.__name__ for check in checks}
    assert rule.summary
    assert not rule.summary.endswith(".")
    assert rule.profile in ("default", "pedantic")
    assert rule.fix in (None, "safe", "unsafe")
    assert all(check.__doc__ for check in checks)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_family_lives_in_one_pack(rule: Rule) -> None:
    """The pack says which family it holds, so that a selection need not load the others."""
    pack = sys.modules[module_of(rule).rpartition(".")[0]]

    assert rule.family == pack.FAMILY


def test_fixtures_are_the_rules() -> None:
    """Each rule has a folder with bad and good cases; each folder has a rule."""
    folders = {path for path in (FIXTURES / "rules").glob("*/*") if path.is_dir()}
    kinds = {path.name.replace("_", "-"): {case.name.partition("_")[0] for case in path.iterdir()} for path in folders}

    assert set(kinds) == NAMES
    assert [name for name, found in kinds.items() if not {"bad", "good"} <= found] == []
    assert {path.parent.name for path in folders} == {module_of(rule).split(".")[-2] for rule in RULES}


def test_documentation_is_the_rules() -> None:
    """One generated page a rule, and an index that lists them all."""
    pages = {path.stem for path in (PROJECT / "docs/rules").glob("*.md")} - {"index"}
    listed = set(re.findall(r"\]\(([a-z0-9-]+)\.md\)", (PROJECT / "docs/rules/index.md").read_text()))

    assert pages == NAMES
    assert listed == NAMES


def test_the_changelog_is_the_rules() -> None:
    """Every rule was announced once, by id and name and in their order, and nothing else was."""
    announced = re.findall(r"^- `([A-Z]{3}\d{3}) ([a-z0-9-]+)`", (PROJECT / "CHANGELOG.md").read_text(), re.MULTILINE)

    assert announced == sorted((rule.id, rule.name) for rule in RULES)


def test_since_is_a_release_of_the_changelog() -> None:
    """`since` names a version that is there."""
    versions = set(re.findall(r"^## \[?(\d+\.\d+\.\d+)", (PROJECT / "CHANGELOG.md").read_text(), re.MULTILINE))

    assert {rule.since for rule in RULES} <= versions
