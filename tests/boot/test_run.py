"""Which scenarios are chosen, and lines that build an image again before they repeat a boot."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from aiaudit import api
from aiaudit.boot.dummies import dummies
from aiaudit.boot.record import Boot
from aiaudit.boot.run import chosen
from aiaudit.boot.scenarios import scenarios
from aiaudit.settings import Settings, UsageError
from aiaudit.sources.store import Store
from tests.boot.recorded import GOOD, PLAN


def planned(*names: str) -> list[str]:
    """The ids of what is booted when these are asked for."""
    plan = chosen(PLAN, names)
    return [scenario.id for scenario in scenarios(plan, dummies(plan.variables, "n")).all]


def test_all_without_a_choice() -> None:
    assert chosen(PLAN, ()) == PLAN
    assert {"baseline", "no-env", "missing:OPENAI_API_KEY", "stop", "hardened", "memory"} <= set(planned())


def test_ids_and_families_are_chosen() -> None:
    assert planned("stop") == ["baseline", "stop"]
    assert planned("empty") == ["baseline", "empty:OPENAI_API_KEY"]
    assert planned("missing:OPENAI_API_KEY", "offline") == ["baseline", "offline", "missing:OPENAI_API_KEY"]


def test_what_the_configuration_skips_stays_out() -> None:
    plan = chosen(replace(PLAN, skip=("stop",)), ("empty", "offline"))

    assert [s.id for s in scenarios(plan, dummies(plan.variables, "n")).all] == [
        "baseline",
        "offline",
        "empty:OPENAI_API_KEY",
    ]
    with pytest.raises(UsageError, match="--scenario stop: there is none of this name"):
        chosen(replace(PLAN, skip=("stop",)), ("stop",))


@pytest.mark.parametrize(
    ("name", "meant"),
    [("hardend", "hardened"), ("missing:OPENAI_KEY", "missing:OPENAI_API_KEY"), ("first-reqest", "first-request")],
)
def test_a_name_that_is_none(name: str, meant: str) -> None:
    with pytest.raises(UsageError, match=f"--scenario {name}: there is none of this name; did you mean '{meant}'"):
        chosen(PLAN, (name,))


def test_an_image_alone_is_enough(tmp_path: Path) -> None:
    """A folder without anything to audit is no gap in a boot."""
    audit = api.Audit(api.scope_for([str(tmp_path)], str(tmp_path)), Settings(select=("RUN",)), Store(), None)

    assert audit.report({Boot: (GOOD,)}).complete
    assert not api.audit([str(tmp_path)], Settings(select=("RUN",))).complete
