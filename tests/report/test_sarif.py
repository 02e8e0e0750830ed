"""SARIF: valid by the official schema, complete by what GitHub's code scanning asks for, within its limits."""

from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from aiaudit import report
from aiaudit.finding import Severity, Step
from aiaudit.report import sarif
from aiaudit.report.look import Look
from aiaudit.results import Diagnostic, Report
from aiaudit.span import Span
from tests.report.test_formats import EVERYTHING, RULES, SPAN, finding_of, report_of

SCHEMA = json.loads((Path(__file__).parent.parent / "data/sarif-schema-2.1.0.json").read_text())
DIAGNOSTICS = (
    Diagnostic("error", "x.py", "cannot be parsed: [invalid]", 3),
    Diagnostic("warning", "data.csv", "skipped"),
    Diagnostic("error", "", "nothing to audit"),
)


def log(found: Report, **look: Any) -> dict[str, Any]:
    """The rendered log, checked against the schema."""
    document: dict[str, Any] = json.loads(report.render("sarif", found, Look(**look)))
    jsonschema.Draft4Validator(SCHEMA).validate(document)
    return document


def run(found: Report, **look: Any) -> dict[str, Any]:
    """The only run of the log."""
    return log(found, **look)["runs"][0]  # type: ignore[no-any-return]


def test_everything_is_valid() -> None:
    """All rules, all kinds of content."""
    assert log(EVERYTHING, exit_code=1)["$schema"] == SCHEMA["id"]
    assert log(report_of(diagnostics=DIAGNOSTICS), exit_code=3)["version"] == "2.1.0"
    assert log(report_of(finding_of(RULES[0]), suppressed=1))["runs"]


@pytest.mark.parametrize("rule", run(EVERYTHING)["tool"]["driver"]["rules"], ids=lambda rule: rule["id"])
def test_rules_have_what_code_scanning_needs(rule: dict[str, Any]) -> None:
    """Descriptions, help in both forms, severity and precision in their ranges, tags within the limit."""
    properties = rule["properties"]

    assert rule["shortDescription"]["text"].endswith(".")
    assert 0 < len(rule["fullDescription"]["text"]) <= 1024
    assert rule["help"]["text"]
    assert "## What it does" in rule["help"]["markdown"]
    assert "](../" not in rule["help"]["markdown"]
    assert rule["defaultConfiguration"]["level"] in ("note", "warning", "error")
    assert 0.0 < float(properties["security-severity"]) <= 10.0
    assert properties["precision"] in ("very-high", "high", "medium", "low")
    assert properties["problem.severity"] in ("error", "warning", "recommendation")
    assert 1 <= len(properties["tags"]) <= 20


def test_results() -> None:
    """Place, message with links, chain, fingerprint, fix."""
    found = run(report_of(finding_of(RULES[0])))
    result = found["results"][0]
    region = {"startLine": 4, "startColumn": 18, "endLine": 4, "endColumn": 37}

    assert result["ruleId"] == found["tool"]["driver"]["rules"][result["ruleIndex"]]["id"]
    assert result["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "service/app/%C3%A4%20b.py", "uriBaseId": "%SRCROOT%"},
        "region": region,
    }
    assert result["message"]["text"] == (
        f"a message of {RULES[0].name} with \\[brackets\\] and \\\\ backslash. Do something else. "
        "Reached through [POST /chat](1), [calls (it)](2). See [declared here](3)."
    )
    assert [place["id"] for place in result["relatedLocations"]] == [1, 2, 3]
    flow = result["codeFlows"][0]["threadFlows"][0]["locations"]
    assert [step["executionOrder"] for step in flow] == [1, 2, 3]
    assert flow[-1]["location"]["physicalLocation"]["region"] == region
    assert result["partialFingerprints"]["primaryLocationLineHash"] == f"{'0' * 16}:1"
    assert result["fixes"][0]["artifactChanges"][0]["replacements"][0]["insertedContent"] == {"text": "client"}
    assert result["suppressions"] == []
    assert found["automationDetails"] == {"id": "aiaudit/service/"}
    assert found["columnKind"] == "unicodeCodePoints"


def test_suppressed_results_stay_visible() -> None:
    """With who accepted them and why."""
    result = run(report_of(finding_of(RULES[0]), suppressed=1))["results"][0]

    assert result["suppressions"] == [{"kind": "inSource", "status": "accepted", "justification": "a reason"}]


def test_what_could_not_be_looked_at() -> None:
    """Notifications, with places."""
    invocation = run(report_of(diagnostics=DIAGNOSTICS), exit_code=3, arguments=("--format", "sarif"))["invocations"][0]
    notifications = invocation["toolExecutionNotifications"]

    assert (invocation["executionSuccessful"], invocation["exitCode"]) == (False, 3)
    assert invocation["exitCodeDescription"] == "the audit is incomplete"
    assert [n["level"] for n in notifications] == ["error", "warning", "error"]
    assert notifications[0]["locations"][0]["physicalLocation"]["region"] == {"startLine": 3}
    assert notifications[0]["message"]["text"] == "cannot be parsed: \\[invalid\\]"


@pytest.mark.parametrize(("severity", "level"), [("low", "note"), ("medium", "warning"), ("high", "error")])
def test_levels_follow_the_finding(severity: str, level: str) -> None:
    """Not the rule: a finding may be milder than its rule."""
    found = run(report_of(finding_of(RULES[0], severity=Severity(severity))))

    assert found["results"][0]["level"] == level


def test_limits() -> None:
    """The most severe results stay, what was left out is counted, chains and places are cut."""
    chain = tuple(Step(f"step {n}", SPAN) for n in range(1_500))
    rule = RULES[0]
    findings = [rule.at(SPAN, "many", severity=Severity.LOW) for _ in range(6_000)]
    findings.append(rule.at(SPAN, "worst", severity=Severity.CRITICAL, trace=chain))
    found = run(report_of(*findings))

    assert len(found["results"]) == sarif.MOST_RESULTS
    assert found["results"][-1]["level"] == "error"
    assert len(found["results"][-1]["relatedLocations"]) == sarif.MOST_LOCATIONS
    assert len(found["results"][-1]["codeFlows"][0]["threadFlows"][0]["locations"]) == sarif.MOST_STEPS
    assert "1001 results were left out" in found["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"]


def test_size_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """The compressed log stays below what can be uploaded."""
    monkeypatch.setattr(sarif, "MOST_BYTES", 120_000)
    findings = [RULES[0].at(SPAN, f"{hashlib.sha256(bytes([n % 256, n // 256])).hexdigest()}") for n in range(5_000)]
    text = report.render("sarif", report_of(*findings), Look())

    assert len(gzip.compress(text)) <= 120_000
    assert 100 < len(json.loads(text)["runs"][0]["results"]) < 5_000


def test_the_log_is_reproducible_and_names_no_machine() -> None:
    """Two runs over the same tree give the same bytes; no absolute path is in them."""
    first = report.render("sarif", EVERYTHING, Look())

    assert first == report.render("sarif", EVERYTHING, Look())
    assert b"/repo" not in first


def test_a_whole_file_has_a_region() -> None:
    """Code scanning wants start and end, also for a finding about a file as such."""
    found = run(report_of(RULES[0].at(Span.whole_file(".env"), "committed")))

    assert found["results"][0]["locations"][0]["physicalLocation"]["region"]["endColumn"] == 1
