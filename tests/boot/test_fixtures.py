"""The fixtures of booting are whole: pairs that differ in what they expect, with verdicts and rules that exist."""

from __future__ import annotations

import pytest

from aiaudit.boot.record import Verdict
from tests.boot_fixtures import BASE, BASE_TAG, FOLDER, KINDS, Twin, twins
from tests.support import expected_in

_PAIRS = sorted(folder.name for folder in FOLDER.iterdir() if folder != BASE)
_TWINS = {twin.id: twin for twin in twins()}
_SEEN = {"zombies", "contacts"}


def test_there_are_enough() -> None:
    assert len(_PAIRS) >= 30


@pytest.mark.parametrize("twin", _TWINS.values(), ids=_TWINS)
def test_a_twin_expects_what_exists(twin: Twin) -> None:
    assert (twin.folder / "Dockerfile").read_text("utf-8").startswith(f"FROM {BASE_TAG}\n")
    assert set(twin.verdicts.values()) <= {verdict.value for verdict in Verdict}
    assert set(twin.seen) <= _SEEN


@pytest.mark.parametrize("name", _PAIRS)
def test_the_fixed_one_differs_and_is_without_findings(name: str) -> None:
    bad, fixed = (_TWINS[f"{name}-{kind}"] for kind in KINDS)
    assert not expected_in(fixed.folder)
    assert expected_in(bad.folder) or bad.verdicts != fixed.verdicts or bad.seen != fixed.seen
