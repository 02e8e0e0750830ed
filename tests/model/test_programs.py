"""Small programs in pairs: the same construct once with a defect and once as look-alike that must stay clean."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import FIXTURES, audit_folder, expected_in, found_in

PROGRAMS = FIXTURES / "programs"
PAIRS = sorted(path for path in PROGRAMS.iterdir() if path.is_dir())
CASES = [pair / kind for pair in PAIRS for kind in ("defect", "lookalike")]
# The rules whose verdicts depend on what the model of the program knows of its constructs.
JUDGES = (
    *("LIF101", "LIF102", "LIF103", "LIF104", "LIF105", "LIF301"),
    *("TMO101", "TMO102", "TMO103", "TMO105", "PRM101", "PRM102", "PRM201"),
    *("ENV101", "ENV102", "ENV103"),
)


def _name(path: Path) -> str:
    return path.relative_to(PROGRAMS).as_posix()


@pytest.mark.parametrize("case", CASES, ids=_name)
def test_program_gives_exactly_the_findings_written_in_it(case: Path) -> None:
    """A defect hidden behind a construct is found, its look-alike is not."""
    report = audit_folder(case, select=JUDGES)

    assert [d for d in report.diagnostics if d.level == "error"] == []
    assert found_in(report) == expected_in(case)


@pytest.mark.parametrize("pair", PAIRS, ids=_name)
def test_defect_expects_a_finding_and_look_alike_none(pair: Path) -> None:
    """What a pair is about differs between its two programs."""
    assert expected_in(pair / "defect")
    assert expected_in(pair / "lookalike") == []


def test_there_are_enough_pairs() -> None:
    """Each construct of the model that may hide a defect stands in a pair of its own."""
    assert len(PAIRS) >= 110
