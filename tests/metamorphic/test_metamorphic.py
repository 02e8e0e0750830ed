"""The same service in other words gets the same verdicts."""

from __future__ import annotations

import shutil
from collections import Counter
from functools import partial
from pathlib import Path

import pytest

from tests.metamorphic import rewriting
from tests.metamorphic.rewriting import Rewriting
from tests.services.environment import GOLDEN, LEAKY
from tests.support import audit_folder

SERVICES = {"golden": GOLDEN, "leaky": LEAKY}
# The rules that judge Python by the model of the whole program.
RULES = ("LIF", "TMO", "PRM", "STR", "ENV")
# Dependencies, a startup hook, error handlers: the frameworks take either kind, and none of these waits for anything.
EITHER_KIND = frozenset(("_assistant", "_agent", "_index", "require_api_key", "connect"))
REWRITINGS: dict[str, Rewriting] = {
    "other names": rewriting.renamed,
    "helpers in other modules": rewriting.moved,
    "helpers as static methods": rewriting.in_classes,
    "imports with aliases": rewriting.with_aliases,
    "one more function in between": rewriting.passed_through,
    "coroutines": partial(rewriting.made_asynchronous, names=EITHER_KIND),
}


def verdicts(folder: Path) -> Counter[str]:
    """How often each rule fires."""
    report = audit_folder(folder, select=RULES)
    assert [d for d in report.diagnostics if d.level == "error"] == []
    return Counter(f"{reported.finding.rule} {reported.finding.name}" for reported in report.findings)


@pytest.mark.parametrize("name", SERVICES)
@pytest.mark.parametrize("words", REWRITINGS)
def test_the_verdicts_stay(name: str, words: str, tmp_path: Path) -> None:
    """Nothing is missed and nothing invented because code is written otherwise."""
    folder = tmp_path / name
    shutil.copytree(SERVICES[name], folder, ignore=shutil.ignore_patterns("__pycache__", ".git"))
    before = rewriting.read(folder)
    after = REWRITINGS[words](before)
    rewriting.write(folder, after)

    assert any(path not in before or module.code != before[path].code for path, module in after.items())
    assert verdicts(folder) == verdicts(SERVICES[name])
