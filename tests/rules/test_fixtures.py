"""Every rule over every fixture: findings are exactly the expectations written in the fixture."""

from __future__ import annotations

from pathlib import Path

import pytest

from aiaudit import catalogue
from tests.support import FIXTURES, audit_folder, expected_in, found_in, recorded_beside, skip_without_program

CASES = sorted(path for path in (FIXTURES / "rules").glob("*/*/*") if path.is_dir())
BY_NAME = {rule.name: rule for rule in catalogue.load().rules}
DEFAULT = tuple(rule.id for rule in catalogue.load().rules if rule.profile == "default")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.relative_to(FIXTURES / "rules").as_posix())
def test_findings_are_exactly_the_expectations(case: Path) -> None:
    """All default rules and the fixture's own rule run; another rule's false alarm fails too."""
    own = case.parent.name.replace("_", "-")
    skip_without_program(BY_NAME[own])

    report = audit_folder(case, recorded_beside(case), select=(*DEFAULT, own))

    assert [d for d in report.diagnostics if d.level == "error"] == []
    assert found_in(report) == expected_in(case)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.relative_to(FIXTURES / "rules").as_posix())
def test_bad_cases_expect_their_rule_and_good_cases_do_not(case: Path) -> None:
    """A fixture is about the rule whose name its folder has."""
    own = case.parent.name.replace("_", "-")
    names = {name for _, _, name in expected_in(case)}

    assert case.name.startswith(("bad", "good", "fixed"))
    assert (own in names) == case.name.startswith("bad")
