"""A broken rule or pack is a diagnostic that names it; everything else goes on."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from aiaudit import api, catalogue
from aiaudit.catalogue import Catalogue
from aiaudit.finding import Finding, Severity
from aiaudit.model.service import Service
from aiaudit.results import CLEAN, FINDINGS, INCOMPLETE
from aiaudit.rule import Rule
from aiaudit.settings import Settings, UsageError
from aiaudit.span import Span
from tests.support import write_tree


class Unheard:
    """A subject that nothing provides."""


def rule_that(check: object, kind: type = Service, rule_id: str = "TST101") -> Rule:
    rule = Rule(rule_id, f"rule-{rule_id.lower()}", "x", Severity.HIGH, "0.1.0")
    rule.checks.append((kind, check))  # type: ignore[arg-type]
    return rule


def one(service: Service) -> Iterator[Finding]:
    yield rule_that(one, rule_id="TST109").at(Span("a.py", 1, 1, 1, 2), "found")


def crash(service: Service) -> Iterator[Finding]:
    yield from one(service)
    raise RuntimeError("boom")


def audited(folder: Path, monkeypatch: pytest.MonkeyPatch, *rules: Rule, **settings: object) -> api.Report:
    monkeypatch.setattr(catalogue, "load", lambda names=(), lacking=(): Catalogue(rules))
    return api.audit([str(write_tree(folder, {"a.py": "x = 1\n"}))], Settings(**settings))  # type: ignore[arg-type]


def test_a_crash_is_named_and_others_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was found before the crash stays."""
    report = audited(tmp_path, monkeypatch, rule_that(crash), rule_that(one, rule_id="TST109"))

    assert len(report.findings) == 2
    assert report.exit_code(Severity.LOW) == INCOMPLETE
    assert [d.message.split(" (")[0] for d in report.diagnostics] == [
        "rule TST101 rule-tst101 crashed: RuntimeError: boom"
    ]


def test_a_model_that_cannot_be_made_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once, however many rules need it."""
    blind = [rule_that(one, Unheard, f"TST10{n}") for n in range(3)]
    report = audited(tmp_path, monkeypatch, *blind)

    assert [d.message for d in report.diagnostics if "Unheard" in d.message] != []
    assert len(report.diagnostics) == 1
    assert not report.complete


def test_exit_codes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Findings count from the severity that fails on."""
    report = audited(tmp_path, monkeypatch, rule_that(one, rule_id="TST109"))

    assert report.exit_code(Severity.HIGH) == FINDINGS
    assert report.exit_code(Severity.CRITICAL) == CLEAN


def test_nothing_to_audit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty folder, and one with nothing in it that an audit looks at."""
    (tmp_path / "empty").mkdir()
    write_tree(tmp_path / "other", {"README.md": "hello"})
    monkeypatch.setattr(catalogue, "load", lambda names=(), lacking=(): Catalogue())
    reports = [api.audit([str(tmp_path / name)], Settings()) for name in ("empty", "other")]

    assert [report.exit_code(Severity.LOW) for report in reports] == [INCOMPLETE, INCOMPLETE]
    assert [report.diagnostics[0].message.split(" in ")[0] for report in reports] == [
        "nothing to audit: no file",
        "nothing to audit: no Dockerfile, Python, manifest, environment or YAML file",
    ]


def test_an_unparsable_python_file_is_named(tmp_path: Path) -> None:
    """With its line; the audit is incomplete."""
    write_tree(tmp_path, {"main.py": "from fastapi import FastAPI\napp = FastAPI()\ndef f(:\n"})
    report = api.audit([str(tmp_path)], Settings())

    assert [(d.path, d.line) for d in report.diagnostics] == [("main.py", 3)]
    assert report.diagnostics[0].message.startswith("cannot be parsed: ")
    assert report.exit_code(Severity.LOW) == INCOMPLETE


def install(folder: Path, name: str, entry: str, files: dict[str, str]) -> None:
    """A distribution as an installer leaves it."""
    meta = {f"{name}-1.0.dist-info/entry_points.txt": f"[console_scripts]\nx = y:z\n\n[aiaudit.rules]\n{entry}\n"}
    write_tree(folder, files | meta)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder on the import path."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    before = set(sys.modules)
    yield folder
    for name in set(sys.modules) - before:
        del sys.modules[name]


RULE = '''"""Docs."""
from aiaudit.rule import LOW, Rule
rule = Rule(id="{id}", name="{name}", summary="x", severity=LOW, since="1.0")
'''


def test_packs_of_other_distributions(site: Path) -> None:
    """Found through their entry points, with their docs and tags."""
    files = {
        "their_rules/__init__.py": 'TAGS = ("security",)',
        "their_rules/mine.py": RULE.format(id="ACM101", name="their-rule"),
    }
    install(site, "their", "acme = their_rules", files)
    found = catalogue.load().find("their-rule")

    assert [(rule.id, rule.docs, rule.tags) for rule in found] == [("ACM101", "Docs.", ("security",))]


def test_broken_packs_are_named(site: Path) -> None:
    """A pack that is not there, one that cannot be imported, one that takes a name that is taken."""
    install(site, "gone", "gone = no_such_pack", {})
    install(site, "bad", "bad = bad_rules", {"bad_rules/__init__.py": "", "bad_rules/one.py": "import nonsense_module"})
    twice = {"two_rules/__init__.py": "", "two_rules/one.py": RULE.format(id="IGN101", name="other-name")}
    install(site, "two", "two = two_rules", twice)
    messages = sorted(
        d.message for d in catalogue.load().diagnostics if "_rules" in d.message or "no_such" in d.message
    )

    assert messages == [
        "rule module bad_rules.one cannot be loaded: ModuleNotFoundError: No module named 'nonsense_module'",
        "rule module no_such_pack cannot be loaded: ModuleNotFoundError: No module named 'no_such_pack'",
        "rule module two_rules.one: IGN101 other-name is already defined",
    ]


def test_only_the_selected_families_are_loaded() -> None:
    """Ids, prefixes and families say which packs are needed; names do not."""
    assert {rule.family for rule in catalogue.load(["LIF101", "LIF3"]).rules} == {"LIF"}
    assert len({rule.family for rule in catalogue.load(["client-per-request"]).rules}) > 1
    assert len({rule.family for rule in catalogue.load(["IGN"]).rules}) > 1


def test_usage_errors_reach_the_caller(tmp_path: Path) -> None:
    """Missing paths and unknown rules are the caller's mistakes."""
    with pytest.raises(UsageError, match="no such file"):
        api.audit([str(tmp_path / "nope")], Settings())
    with pytest.raises(UsageError, match="unknown rule 'nope'"):
        api.audit([str(tmp_path)], Settings(select=("nope",)))
