"""Text for people: findings as `check` shows them, the evidence of what did not pass, then all of it on one screen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TextIO

from aiaudit.boot.proofs import Proof, RebuildProof, WeightProof
from aiaudit.boot.record import Boot, Outcome, Status
from aiaudit.boot.report.evidence import evidence, is_shown
from aiaudit.boot.report.numbers import engine_line, image_line, numbers, seconds_of, tally
from aiaudit.boot.report.proofs import details
from aiaudit.boot.report.result import Result
from aiaudit.report import printable
from aiaudit.report.look import Look
from aiaudit.report.text import Line, findings, looked_at, summary, write

STYLES = {
    Status.PASS: "good",
    Status.FAIL: "high",
    Status.INCONCLUSIVE: "medium",
    Status.SKIPPED: "faint",
    Status.ERROR: "critical",
}
_PROOF_STYLES = {Proof.PROVEN: "high", Proof.REFUTED: "good", Proof.INCONCLUSIVE: "medium"}
_LABEL = 16


def render(result: Result, stream: TextIO, look: Look) -> None:
    """Write the report."""
    lines = [*findings(result.report, look)]
    for proof in result.proofs:
        lines += _proof(proof)
    if result.boot:
        lines += [line for outcome in result.outcomes if is_shown(outcome) for line in _evidence(outcome)]
        if not look.quiet:
            lines += [*_screen(result.boot, look), []]
    if not look.quiet:
        lines += [*_noted(result), *summary(result.report, look, _looked_at(result))]
    write(lines, stream, look)


def _noted(result: Result) -> Iterator[Line]:
    """What the run says of findings about files, counted."""
    notes = [reported.note for reported in result.report.findings if reported.note]
    confirmed = sum(note.startswith("confirmed") for note in notes)
    if confirmed:
        yield [(f"{confirmed} of the findings about files confirmed by the run", "")]
    if len(notes) > confirmed:
        yield [(f"{len(notes) - confirmed} refuted by it: look for `run: refuted`", "medium")]


def _looked_at(result: Result) -> str:
    """What the findings are about."""
    parts = [looked_at(result.report)] if result.is_static else []
    if result.boot:
        parts.append(tally(result.outcomes))
    if result.proofs:
        parts.append(f"{len(result.proofs)} proof{'s' * (len(result.proofs) != 1)}")
    return ", ".join(parts) or looked_at(result.report)


def _evidence(outcome: Outcome) -> Iterator[Line]:
    found = evidence(outcome)
    style = STYLES[outcome.status]
    yield [(outcome.verdict.value, style), (f" {printable(found.head)}", "strong")]
    if found.course:
        yield [("  = ", "gutter"), ("course", "help"), (f": {printable(found.course)}", "")]
    for line in found.log:
        yield [("  | ", "gutter"), (printable(line), "faint")]
    if found.repro:
        yield [("  = ", "gutter"), ("repeat", "help"), (f": {printable(found.repro)}", "")]
    yield []


def _screen(boot: Boot, look: Look) -> Iterator[Line]:
    """Everything on one screen: what was booted, a line a scenario, the numbers."""
    yield [(printable(image_line(boot)), "strong")]
    yield [(printable(engine_line(boot)), "faint")]
    yield []
    widths = [max(map(len, words), default=0) for words in zip(*map(_words, boot.outcomes), strict=True)]
    for outcome in boot.outcomes:
        yield _row(outcome, widths, look.width)
    yield []
    previous = ""
    for label, text in numbers(boot):
        shown = label if label != previous else ""
        previous = label
        yield [(f"{shown:<{_LABEL}}", "help"), (printable(text), "")]


def _row(outcome: Outcome, widths: list[int], columns: int) -> Line:
    scenario, verdict, seconds = (f"{word:<{width}}  " for word, width in zip(_words(outcome), widths, strict=True))
    reason = _cut(printable(outcome.reason), columns - sum(widths) - 2 * len(widths))
    return [(scenario, ""), (verdict, STYLES[outcome.status]), (seconds, ""), (reason, "faint")]


def _words(outcome: Outcome) -> tuple[str, str, str]:
    """What stands in a row before the reason."""
    seconds = seconds_of(outcome)
    time = f"{seconds:5.1f} s" if seconds is not None else ""
    return printable(outcome.scenario.id), outcome.verdict.value, time


def _cut(text: str, columns: int) -> str:
    """A text cut to a width, when there is room for any of it."""
    most = max(columns, 10)
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _proof(proof: RebuildProof | WeightProof) -> Iterator[Line]:
    place = f"{proof.span.path}:{proof.span.line}:{proof.span.column}"
    yield [(proof.proof.value, _PROOF_STYLES[proof.proof]), (f" {printable(proof.reason)}", "strong")]
    yield [("  --> ", "gutter"), (printable(place), "path")]
    for label, text in details(proof):
        yield [("  = ", "gutter"), (label, "help"), (f": {printable(text)}", "")]
    yield []
