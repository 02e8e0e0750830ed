"""Documentation is executed: a rule's example fires, what to use instead does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from aiaudit import catalogue
from aiaudit.results import Report
from aiaudit.rule import Rule
from tests.recorded import FILE
from tests.rules.documentation import ORDER, REQUIRED, files_in, sections
from tests.support import audit_folder, found_in, skip_without_program, write_tree

RULES = catalogue.load().rules


def selection(rule: Rule) -> tuple[str, ...]:
    """The rule alone; one about ignore comments with the rules that those may name."""
    return tuple(other.id for other in RULES) if rule.family == catalogue.ABOUT_COMMENTS else (rule.id,)


def audited(rule: Rule, section: str, folder: Path) -> Report:
    """The audit of the files that a section shows, with the boot or proof that it tells of."""
    files = files_in(sections(rule.docs)[section])
    recorded = files.pop(FILE, "")
    return audit_folder(write_tree(folder, files), recorded, select=selection(rule))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_sections(rule: Rule) -> None:
    """All required sections are there, in the fixed order, below a first line that says what the rule is about."""
    found = sections(rule.docs)

    assert rule.docs.strip().splitlines()[0].strip()
    assert set(REQUIRED) <= set(found)
    assert list(found) == [title for title in ORDER if title in found]
    assert all(found.values())


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_example_fires(rule: Rule, tmp_path: Path) -> None:
    """The example is what the rule is about."""
    skip_without_program(rule)
    report = audited(rule, "Example", tmp_path)

    assert rule.name in {name for _, _, name in found_in(report)}
    assert [d for d in report.diagnostics if d.level == "error"] == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_use_instead_is_clean(rule: Rule, tmp_path: Path) -> None:
    """What the documentation recommends passes the rule."""
    skip_without_program(rule)
    report = audited(rule, "Use instead", tmp_path)

    assert rule.name not in {name for _, _, name in found_in(report)}
    assert [d for d in report.diagnostics if d.level == "error"] == []
