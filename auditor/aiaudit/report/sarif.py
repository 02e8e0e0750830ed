"""SARIF 2.1.0 with every field that GitHub's code scanning requires or recommends, within its limits."""

from __future__ import annotations

import gzip
import json
import os
from typing import Any, TextIO
from urllib.parse import quote

from aiaudit import __version__
from aiaudit.finding import Confidence, Severity, Step
from aiaudit.fix import Fix
from aiaudit.report.look import Look
from aiaudit.report.sarif_rules import described, escaped
from aiaudit.results import Diagnostic, Report, Reported
from aiaudit.span import Span

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
LEVELS = {Severity.LOW: "note", Severity.MEDIUM: "warning", Severity.HIGH: "error", Severity.CRITICAL: "error"}
RANKS = {Confidence.LOW: 30.0, Confidence.MEDIUM: 60.0, Confidence.HIGH: 90.0}

# GitHub keeps 5,000 results of a run, shows 1,000 steps and 100 locations, and refuses more than 10 MB compressed.
MOST_RESULTS, MOST_STEPS, MOST_LOCATIONS, MOST_BYTES = 5_000, 1_000, 100, 9_500_000

_EXIT_CODES = {
    0: "nothing at or above the severity that fails",
    1: "findings",
    2: "usage or configuration error",
    3: "the audit is incomplete",
}


def render(report: Report, stream: TextIO, look: Look) -> None:
    """Write the report as one SARIF log; what does not fit is left out, the least severe first, and said so."""
    most = MOST_RESULTS
    while True:
        text = json.dumps(log(report, look, most), indent=1)
        if len(text) <= MOST_BYTES or most <= 1 or len(gzip.compress(text.encode(), 6)) <= MOST_BYTES:
            break
        most //= 2
    stream.write(text + "\n")


def log(report: Report, look: Look, most: int = MOST_RESULTS) -> dict[str, Any]:
    """The report as one SARIF log with one run."""
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [_Run(report, look, most).document()]}


class _Run:
    """Makes one run: rules, results, what could not be looked at."""

    def __init__(self, report: Report, look: Look, most: int) -> None:
        self.report = report
        self.look = look
        self.prefix = _prefix(report)
        self.indexes = {rule.id: number for number, rule in enumerate(report.rules)}
        everything = [*report.findings, *report.suppressed]
        by_weight = sorted(everything, key=lambda r: (r.suppression is not None, -r.finding.severity.rank))
        kept = {id(reported) for reported in by_weight[:most]}
        self.kept = [reported for reported in everything if id(reported) in kept]
        self.left_out = len(everything) - len(self.kept)

    def document(self) -> dict[str, Any]:
        """The run."""
        return {
            "tool": {
                "driver": {
                    "name": "aiaudit",
                    "version": __version__,
                    "semanticVersion": __version__,
                    "shortDescription": {"text": "Tells whether an AI API is fit for production."},
                    "rules": [described(rule, LEVELS[rule.severity]) for rule in self.report.rules],
                }
            },
            "automationDetails": {"id": f"aiaudit/{self.prefix}"},
            "originalUriBaseIds": {"%SRCROOT%": {"description": {"text": "the top folder of the repository"}}},
            "columnKind": "unicodeCodePoints",
            "invocations": [self._invocation()],
            "results": [self._result(reported) for reported in self.kept],
        }

    def _invocation(self) -> dict[str, Any]:
        notifications = [self._notification(diagnostic) for diagnostic in self.report.diagnostics]
        if self.left_out:
            text = f"{self.left_out} results were left out, the least severe first: code scanning takes no more"
            notifications.append({"level": "warning", "message": {"text": text}})
        return {
            "executionSuccessful": self.report.complete,
            "exitCode": self.look.exit_code,
            "exitCodeDescription": _EXIT_CODES[self.look.exit_code],
            "arguments": list(self.look.arguments),
            "toolExecutionNotifications": notifications,
        }

    def _notification(self, diagnostic: Diagnostic) -> dict[str, Any]:
        found: dict[str, Any] = {"level": diagnostic.level, "message": {"text": escaped(diagnostic.message)}}
        if diagnostic.path:
            line = max(diagnostic.line, 1)
            place = {"artifactLocation": self._artifact(diagnostic.path), "region": {"startLine": line}}
            found["locations"] = [{"physicalLocation": place}]
        return found

    def _result(self, reported: Reported) -> dict[str, Any]:
        finding = reported.finding
        related = [*finding.trace, *finding.related][:MOST_LOCATIONS]
        found: dict[str, Any] = {
            "ruleId": finding.rule,
            "ruleIndex": self.indexes[finding.rule],
            "level": LEVELS[finding.severity],
            "rank": RANKS[finding.confidence],
            "message": {"text": _message(reported, len(finding.trace), related)},
            "locations": [{"physicalLocation": self._physical(finding.span)}],
            "partialFingerprints": {
                "primaryLocationLineHash": f"{reported.fingerprint[:16]}:1",
                "aiaudit/v1": reported.fingerprint,
            },
            "properties": {"severity": finding.severity.value, "confidence": finding.confidence.value},
            "suppressions": [],
        }
        if related:
            found["relatedLocations"] = [self._location(step, number) for number, step in enumerate(related, 1)]
        if finding.trace:
            steps = [*finding.trace[: MOST_STEPS - 1], Step(finding.message, finding.span)]
            flow = [{"location": self._location(step), "executionOrder": n} for n, step in enumerate(steps, 1)]
            found["codeFlows"] = [{"threadFlows": [{"locations": flow}]}]
        if reported.suppression:
            kind = "inSource" if reported.suppression.kind == "comment" else "external"
            suppression = {"kind": kind, "status": "accepted"}
            if reported.suppression.reason:
                suppression["justification"] = reported.suppression.reason
            found["suppressions"] = [suppression]
        if finding.fix:
            found["fixes"] = [self._fix(finding.fix)]
        return found

    def _location(self, step: Step, number: int | None = None) -> dict[str, Any]:
        found: dict[str, Any] = {"physicalLocation": self._physical(step.span)}
        if number is not None:
            found["id"] = number
        found["message"] = {"text": escaped(step.message)}
        return found

    def _physical(self, span: Span) -> dict[str, Any]:
        return {"artifactLocation": self._artifact(span.path), "region": _region(span)}

    def _artifact(self, path: str) -> dict[str, Any]:
        return {"uri": quote(f"{self.prefix}{path}", safe="/", errors="surrogateescape"), "uriBaseId": "%SRCROOT%"}

    def _fix(self, fix: Fix) -> dict[str, Any]:
        changes: dict[str, list[dict[str, Any]]] = {}
        for edit in fix.edits:
            replacement = {"deletedRegion": _region(edit.span), "insertedContent": {"text": edit.replacement}}
            changes.setdefault(edit.span.path, []).append(replacement)
        return {
            "description": {"text": escaped(f"{fix.title} ({fix.safety.value})")},
            "artifactChanges": [
                {"artifactLocation": self._artifact(path), "replacements": replacements}
                for path, replacements in changes.items()
            ],
        }


def _region(span: Span) -> dict[str, int]:
    return {
        "startLine": span.line,
        "startColumn": span.column,
        "endLine": span.end_line,
        "endColumn": span.end_column,
    }


def _message(reported: Reported, steps: int, related: list[Step]) -> str:
    """The message as a first sentence, what to do as the second, then links to the related places."""
    finding = reported.finding
    sentences = [_sentence(finding.message)]
    if finding.help:
        sentences.append(_sentence(f"{finding.help[:1].upper()}{finding.help[1:]}"))
    if reported.note:
        sentences.append(_sentence(f"{reported.note[:1].upper()}{reported.note[1:]}"))
    links = [f"[{_label(step.message)}]({number})" for number, step in enumerate(related, 1) if number <= steps]
    if links:
        sentences.append(f"Reached through {', '.join(links)}.")
    others = [f"[{_label(step.message)}]({number})" for number, step in enumerate(related, 1) if number > steps]
    if others:
        sentences.append(f"See {', '.join(others)}.")
    return " ".join(sentences)


def _sentence(text: str) -> str:
    text = escaped(text.strip())
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _label(text: str) -> str:
    """The text of a link: no brackets."""
    return text.replace("[", "(").replace("]", ")").replace("\\", "/") or "here"


def _prefix(report: Report) -> str:
    """The audited folder as seen from the top of its repository, "" or with a `/` at its end."""
    relative = os.path.relpath(report.root, report.repository).replace(os.sep, "/")
    return "" if relative in (".", "") or relative.startswith("..") else f"{relative}/"
