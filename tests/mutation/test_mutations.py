"""The golden service has no finding; with one defect it has that defect's, and nothing else."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from aiaudit import catalogue
from aiaudit.finding import Finding
from tests.mutation import image_mutations, instruction_mutations, python_mutations, secret_mutations
from tests.mutation.mutation import Expected, Mutation
from tests.support import FIXTURES, audit_folder

GOLDEN = FIXTURES / "services" / "golden"
MUTATIONS = (
    *image_mutations.MUTATIONS,
    *instruction_mutations.MUTATIONS,
    *secret_mutations.MUTATIONS,
    *python_mutations.MUTATIONS,
)


def test_the_golden_service_has_no_finding(tmp_path: Path) -> None:
    report = audit_folder(_copy(tmp_path))
    assert [_told(found.finding) for found in (*report.findings, *report.suppressed)] == []
    assert report.diagnostics == ()
    assert report.files > 40


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_one_defect_gives_its_finding_and_no_other(mutation: Mutation, tmp_path: Path) -> None:
    folder = _copy(tmp_path)
    mutation.apply(folder)
    report = audit_folder(folder)
    assert report.diagnostics == ()
    found = [item.finding for item in report.findings]
    told = "\n".join(map(_told, found)) or "no finding"
    unexpected = [_told(finding) for finding in found if not any(_is(finding, e, folder) for e in mutation.expected)]
    missing = [expected for expected in mutation.expected if not any(_is(f, expected, folder) for f in found)]
    assert (missing, unexpected, len(found)) == ([], [], len(mutation.expected)), told


def test_every_family_is_mutated() -> None:
    families = {rule.family for rule in catalogue.load().rules if rule.profile == "default" and rule.checks}
    mutated = {expected.rule.rstrip("0123456789") for mutation in MUTATIONS for expected in mutation.expected}
    assert mutated == families - {"IGN"}


def test_names_are_unique() -> None:
    names = [mutation.name for mutation in MUTATIONS]
    assert len(names) == len(set(names))


def test_a_text_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    broken = Mutation("broken", (), (("Dockerfile", "FROM nowhere", ""),))
    with pytest.raises(ValueError, match="holds 0 times"):
        broken.apply(_copy(tmp_path))


def _copy(folder: Path) -> Path:
    skipped = shutil.ignore_patterns("__pycache__", ".venv", ".env")
    return Path(shutil.copytree(GOLDEN, folder / "service", ignore=skipped))


def _is(finding: Finding, expected: Expected, folder: Path) -> bool:
    if (finding.rule, finding.span.path) != (expected.rule, expected.path):
        return False
    return expected.text in (folder / expected.path).read_text(encoding="utf-8").splitlines()[finding.span.line - 1]


def _told(finding: Finding) -> str:
    return f"{finding.span.path}:{finding.span.line}: {finding.rule} {finding.message}"
