"""Markdown for the summary of a CI job: a table of scenarios, the numbers, findings, evidence that folds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TextIO

from aiaudit.boot.proofs import RebuildProof, WeightProof
from aiaudit.boot.record import Boot, Outcome, Status
from aiaudit.boot.report.evidence import evidence, is_shown
from aiaudit.boot.report.numbers import engine_line, image_line, numbers, seconds_of, tally
from aiaudit.boot.report.proofs import details, title
from aiaudit.boot.report.result import Result
from aiaudit.patterns import regex
from aiaudit.report import printable
from aiaudit.report.look import Look
from aiaudit.results import Report

_ACTIVE = regex(r"[\\`*_\[\]<>()#!|~@&]|(?<=:)/|(?<=[wW]{3})\.")
_BACKTICKS = regex(r"`+")
_MARKS = {
    Status.PASS: "✅",
    Status.FAIL: "❌",
    Status.INCONCLUSIVE: "❔",
    Status.SKIPPED: "⏭️",
    Status.ERROR: "⚠️",
}


def render(result: Result, stream: TextIO, look: Look) -> None:
    """Write the result as GitHub's Markdown."""
    lines: list[str] = []
    if result.boot:
        lines += _boot(result.boot)
    for proof in result.proofs:
        lines += _proof(proof)
    lines += _findings(result.report)
    lines += [line for outcome in result.outcomes if is_shown(outcome) for line in _evidence(outcome)]
    stream.write("\n".join(lines).rstrip("\n") + "\n")


def _boot(boot: Boot) -> Iterator[str]:
    yield f"## aiaudit boot: {tally(boot.outcomes)}"
    yield ""
    yield f"**{inert(image_line(boot))}**, {inert(engine_line(boot))}"
    yield ""
    yield "| | scenario | verdict | seconds | what was seen |"
    yield "|---|---|---|---:|---|"
    for outcome in boot.outcomes:
        seconds = seconds_of(outcome)
        cells = (
            _MARKS[outcome.status],
            inert(outcome.scenario.id),
            outcome.verdict.value,
            f"{seconds:.1f}" if seconds is not None else "",
            inert(outcome.reason),
        )
        yield f"| {' | '.join(cells)} |"
    yield ""
    yield "| number | |"
    yield "|---|---|"
    yield from (f"| {label} | {inert(text)} |" for label, text in numbers(boot))
    yield ""


def _findings(report: Report) -> Iterator[str]:
    errors = [diagnostic.message for diagnostic in report.diagnostics if diagnostic.level == "error"]
    if errors:
        yield f"**Incomplete**: {inert('; '.join(errors))}"
        yield ""
    if not report.findings:
        return
    yield f"### {len(report.findings)} finding{'s' * (len(report.findings) != 1)}"
    yield ""
    for reported in report.findings:
        finding, span = reported.finding, reported.finding.span
        place = inert(f"{span.path}:{span.line}")
        remedy = f" Remedy: {inert(finding.help)}." if finding.help else ""
        head = f"- **{finding.severity.value}** {finding.rule} {finding.name}, {place}"
        note = f" The run: {inert(reported.note)}." if reported.note else ""
        yield f"{head}: {inert(finding.message)}.{remedy}{note}"
    yield ""


def _evidence(outcome: Outcome) -> Iterator[str]:
    found = evidence(outcome)
    body = [line for line in (found.course, *found.log, found.repro) if line]
    yield from _folded(f"{outcome.verdict.value} {found.head}", body)


def _proof(proof: RebuildProof | WeightProof) -> Iterator[str]:
    yield f"## {inert(title(proof))}: {proof.proof.value}"
    yield ""
    yield f"At {inert(f'{proof.span.path}:{proof.span.line}')}: {inert(proof.reason)}"
    yield ""
    yield from (f"- {inert(label)}: {inert(text)}" for label, text in details(proof))
    yield ""


def _folded(head: str, body: Iterable[str]) -> Iterator[str]:
    """A block that opens on a click, with text that nothing acts upon."""
    lines = [printable(line) for line in body]
    longest = max((len(run) for line in lines for run in _BACKTICKS.findall(line)), default=0)
    fence = "`" * max(3, longest + 1)
    yield f"<details><summary>{inert(head)}</summary>"
    yield ""
    yield f"{fence}text"
    yield from lines
    yield fence
    yield ""
    yield "</details>"
    yield ""


def inert(text: str) -> str:
    """Text on one line in which nothing is markup, a link, a mention or a table's border."""
    return _ACTIVE.sub(lambda match: f"&#{ord(match.group())};", printable(" ".join(text.split("\n"))))
