"""Every format renders every kind of boot, and nothing that a container writes can act in it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest

from aiaudit.boot import document, verdicts
from aiaudit.boot.record import Boot, Event, Exit, Status, Verdict
from aiaudit.boot.report import FORMATS, render
from aiaudit.boot.report.markdown import inert
from aiaudit.boot.report.numbers import numbers
from aiaudit.boot.report.result import Result
from aiaudit.boot.shown import shown
from aiaudit.report.look import Look
from aiaudit.results import Diagnostic, Reported
from tests.boot.recorded import BAD, FAILED_FAST, GIVEN, GOOD, INCOMPLETE, READY, REBUILD, STARTED, WEIGHT
from tests.report.test_formats import EVERYTHING, RULES, finding_of, report_of
from tests.report.test_sarif import SCHEMA
from tests.support import PROJECT

BOOTS = {"good": GOOD, "bad": BAD, "incomplete": INCOMPLETE}
FOUND = report_of(finding_of(RULES[0]))

TALLY = "6 scenarios (1 passed, 3 failed, 1 inconclusive, 1 skipped)"

HOSTILE = (
    "\x1b[31mred\x1b[0m \x07 \u202eback ]]> <script>alert(1)</script> | cell | `code` ```fence``` [a](http://evil) "
    "@maintainers ![i](https://evil/x.png) www.evil.example \x00 \ud800 \ufffe </details>"
)


def result_of(boot: Boot) -> Result:
    """What is reported of a boot, with a finding."""
    return Result(FOUND, shown(boot), (REBUILD, WEIGHT))


def hostile() -> Result:
    """A boot whose container writes whatever acts somewhere, wherever it can."""
    assert STARTED.observation is not None
    seen = replace(STARTED.observation, log=f"{HOSTILE}\n" * 3, timeline=(Event(0.1, HOSTILE),), command=HOSTILE)
    outcome = replace(STARTED, observation=seen, reason=HOSTILE)
    proof = replace(WEIGHT, kept=((HOSTILE, HOSTILE),), reason=HOSTILE)
    boot = replace(GOOD, outcomes=(READY, outcome), image=replace(GOOD.image, tags=(HOSTILE,), user=HOSTILE))
    return Result(report_of(diagnostics=(Diagnostic("error", "", HOSTILE),)), boot, (proof,))


def text_of(name: str, result: Result, **look: Any) -> str:
    """The rendered text."""
    return render(name, result, Look(**look)).decode()


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("boot", BOOTS.values(), ids=list(BOOTS))
def test_every_format_renders_every_boot(name: str, boot: Boot) -> None:
    """With the values of the user hidden, and the same twice."""
    text = text_of(name, result_of(boot))

    assert text == text_of(name, result_of(boot))
    assert GIVEN not in text
    assert RULES[0].id in text or name == "junit"
    assert name == "sarif" or "READY" in text


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_renders_proofs_alone_and_findings_alone(name: str) -> None:
    """`prove` boots nothing; a boot without findings is worth a word."""
    assert text_of(name, Result(report_of(), None, (REBUILD, WEIGHT))).strip()
    assert text_of(name, Result(EVERYTHING)).strip()


@pytest.mark.parametrize("name", FORMATS)
def test_hostile_text_cannot_act(name: str) -> None:
    """Control characters are shown as escapes in every format."""
    text = text_of(name, hostile())

    assert not set(text) & {"\x1b", "\x07", "\x00", "\u202e"}


def test_text_shows_everything_on_one_screen() -> None:
    """A line a scenario, the numbers, and why something failed with a line that repeats it."""
    text = text_of("text", result_of(BAD))
    lines = text.splitlines()

    for outcome in BAD.outcomes:
        assert any(line.startswith(outcome.scenario.id) and outcome.verdict.value in line for line in lines)
    assert "time to ready   2.1 s (/healthz)" in lines
    assert "memory at ready 96 MiB, at most 120 MiB; declared limit 512 MiB" in lines
    assert "image size      412 MB" in lines
    assert "hosts wanted    huggingface.co (dns)" in lines
    assert "left behind     0 containers and images" in lines
    assert any(line.startswith("1 finding (") and line.endswith(f"{TALLY}, 2 proofs; 1 fixable") for line in lines)
    assert "STREAM_BLOCKS_STOP stop-stream: still there 10 s after SIGTERM with an open stream" in lines
    assert "  = repeat: docker run service" in lines
    start = lines.index("service:latest: 412 MB, amd64, user 10001, built in 21.5 s")
    assert len(lines) - start < 40


def test_text_tells_how_long_each_failure_took_and_what_named_it() -> None:
    """A line a variable."""
    assert FAILED_FAST.observation is not None
    empty = replace(FAILED_FAST.scenario, id="empty:OPENAI_API_KEY")
    seen = replace(FAILED_FAST.observation, scenario=empty, exit=Exit(1, 2.5))
    again = replace(FAILED_FAST, scenario=empty, observation=seen)
    text = text_of("text", result_of(replace(GOOD, outcomes=(*GOOD.outcomes, again))))

    line = "OPENAI_API_KEY: 1.8 s missing, 2.5 s empty; log line 2 (traceback) says \"KeyError: 'OPENAI_API_KEY'\""
    assert f"time to fail    {line}" in text
    assert "14.2 s; the containers' own times are 11.0 s together (3.2 s more); build 21.5 s" in text


def test_times_that_overlap() -> None:
    """Containers side by side take less than one after the other."""
    told = dict(numbers(replace(GOOD, seconds=5.0)))

    assert "6.0 s less, as some ran side by side" in told["time"]


def test_text_fits_a_terminal() -> None:
    """Rows are cut to the width; the line that repeats a boot is not."""
    long = replace(READY, reason="a reason " * 40)
    result = Result(report_of(), replace(GOOD, outcomes=(long, STARTED)))
    lines = text_of("text", result, width=100).splitlines()

    assert max(len(line) for line in lines if not line.startswith("  =")) <= 100
    assert any(line.endswith("…") for line in lines)


def test_quiet_leaves_findings_and_evidence() -> None:
    """And no summary."""
    text = text_of("text", result_of(BAD), quiet=True)

    assert "left behind" not in text
    assert RULES[0].id in text
    assert "STARTED_WITHOUT_VAR" in text


def test_colours_change_nothing_but_colours() -> None:
    """What rich paints is the plain text."""
    painted = text_of("text", result_of(BAD), color=True)
    bare = "\n".join(line.rstrip() for line in re.sub(r"\x1b\[[0-9;]*m", "", painted).split("\n"))

    assert "\x1b[" in painted
    assert bare == text_of("text", result_of(BAD))


@pytest.mark.parametrize("name", ["text", "json", "sarif", "markdown"])
def test_what_the_run_says_of_a_finding_stands_there(name: str) -> None:
    """Confirmed, or refuted and worth a look."""
    confirmed = Reported(finding_of(RULES[0]), "0" * 32, note="confirmed by boot missing: it gets ready")
    refuted = Reported(finding_of(RULES[1]), "1" * 32, note="refuted by boot stop, a bug to look at: it ends")
    text = text_of(name, Result(replace(report_of(), findings=(confirmed, refuted)), shown(GOOD), is_static=True))

    assert re.search("[cC]onfirmed by boot missing: it gets ready", text)
    assert re.search("[rR]efuted by boot stop, a bug to look at: it ends", text)
    assert name != "text" or "1 of the findings about files confirmed by the run\n1 refuted by it" in text


def test_json_is_that_of_check_with_the_boot() -> None:
    """And the boot in it can be read back."""
    found = json.loads(text_of("json", result_of(BAD)))

    assert found["schema_version"] == 1
    assert found["findings"][0]["rule"] == RULES[0].id
    assert document.read(found["boot"]) == shown(BAD)
    assert [document.read_proof(proof) for proof in found["proofs"]] == [REBUILD, WEIGHT]
    assert json.loads(text_of("json", Result(report_of())))["boot"] is None


def test_sarif_is_valid() -> None:
    """By the official schema, with whatever a container wrote in messages."""
    rule = RULES[0]
    report = report_of(rule.at(finding_of(rule).span, HOSTILE, help=HOSTILE))
    log = json.loads(text_of("sarif", Result(report, BAD), exit_code=1))

    jsonschema.Draft4Validator(SCHEMA).validate(log)
    assert log["runs"][0]["results"]


def test_junit_counts_nothing_unproved_as_passed() -> None:
    """Failures, errors, and skipped for what was skipped or told nothing."""
    root = ElementTree.fromstring(text_of("junit", Result(report_of(), BAD)))
    (suite,) = root.findall("testsuite")
    cases = {case.get("name"): case for case in suite.findall("testcase")}
    failures = [name for name, case in cases.items() if case.find("failure") is not None]
    waiting = suite.findall("testcase/skipped")

    assert {key: suite.get(key) for key in ("tests", "failures", "errors", "skipped", "time")} == {
        "tests": "6",
        "failures": "3",
        "errors": "0",
        "skipped": "2",
        "time": "14.200",
    }
    assert failures == ["missing:OPENAI_API_KEY", "stop-stream", "first-request"]
    assert cases["baseline"].get("time") == "2.140"
    assert "inconclusive: WAITING_FOR: waits for db.aiaudit.invalid" in [skipped.get("message") for skipped in waiting]
    assert "repeat: docker run" in (cases["baseline"].findtext("system-out") or "")


def test_junit_tells_what_is_incomplete() -> None:
    """A broken scenario is an error, and so is whatever else could not be looked at."""
    report = report_of(diagnostics=(Diagnostic("error", "", "the engine went away"),))
    root = ElementTree.fromstring(text_of("junit", Result(report, INCOMPLETE, (REBUILD,))))

    assert [(suite.get("name"), suite.get("errors"), suite.get("failures")) for suite in root] == [
        ("aiaudit boot", "1", "0"),
        ("aiaudit prove", "0", "1"),
        ("aiaudit", "1", "0"),
    ]


def test_junit_is_well_formed_whatever_the_container_writes() -> None:
    """`]]>`, markup, characters that XML cannot hold."""
    root = ElementTree.fromstring(text_of("junit", hostile()))
    failure = root.find(".//failure")

    assert failure is not None
    assert "<script>" in (failure.text or "")
    assert "]]>" in (failure.get("message") or "")


def test_markdown_of_hostile_text() -> None:
    """No cell is added, nothing is markup, a link or a mention; a fence ends where it should."""
    text = text_of("markdown", hostile())
    outside = re.sub(r"^(`{3,})text\n.*?^\1$", "", text, flags=re.MULTILINE | re.DOTALL)
    rows = [line for line in outside.splitlines() if line.startswith("| ❌")]

    assert [len(re.findall(r"(?<!\\)\|", row)) for row in rows] == [6]
    assert not [mark for mark in ("<script", "](", "@maintainers", "www.", "://", "`") if mark in outside]
    assert outside.count("<details>") == outside.count("</details>") == 1
    assert "````text" in text


def test_markdown_shows_the_table_and_the_numbers() -> None:
    """As a step summary does."""
    text = text_of("markdown", result_of(BAD))

    assert text.startswith(f"## aiaudit boot: {TALLY}\n")
    assert f"| ✅ | baseline | READY | 2.1 | {inert(READY.reason)} |" in text
    assert "| image size | 412 MB |" in text
    assert "- **" in text
    assert "<summary>" in text


def test_what_could_not_be_limited_is_told() -> None:
    """A container with more than the profile gives is no secret."""
    engine = replace(GOOD.engine, rootless=True, unlimited=("memory", "cpu"))
    text = text_of("text", Result(report_of(), replace(GOOD, engine=engine, default_capabilities=True)))

    assert "rootless, no limit of memory, cpu, with the engine's default capabilities, as the image needs some" in text


def test_every_verdict_and_every_scenario_is_explained() -> None:
    """In the document about boots."""
    told = (PROJECT / "docs/boot.md").read_text("utf-8")
    families = set(re.findall(r"^\| `([a-z-]+)(?::NAME)?` \|", told, re.MULTILINE))

    assert not [verdict.value for verdict in Verdict if not re.search(rf"\b{verdict.value}\b", told)]
    assert families == set(verdicts._JUDGES)


def test_every_status_has_its_mark() -> None:
    """In each of the formats that show one."""
    from aiaudit.boot.report import junit, markdown, text

    assert set(text.STYLES) == set(markdown._MARKS) == set(junit._TAGS) | {Status.PASS} == set(Status)
