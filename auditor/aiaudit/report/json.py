"""JSON, schema version 1: what scripts read."""

from __future__ import annotations

import json
from typing import Any, TextIO

from aiaudit import __version__
from aiaudit.finding import Finding, Step
from aiaudit.fix import Fix, Safety
from aiaudit.report.look import Look
from aiaudit.results import Report, Reported
from aiaudit.span import Span

SCHEMA_VERSION = 1


def render(report: Report, stream: TextIO, look: Look) -> None:
    """Write the report as one JSON document."""
    json.dump(document(report), stream, indent=2)
    stream.write("\n")


def document(report: Report) -> dict[str, Any]:
    """The report as plain values."""
    aliases = {rule.id: list(rule.aliases) for rule in report.rules}
    fixes = [reported.finding.fix for reported in report.findings if reported.finding.fix]
    return {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "aiaudit", "version": __version__},
        "root": report.root,
        "findings": [_finding(reported, aliases) for reported in report.findings],
        "suppressed": [_finding(reported, aliases) for reported in report.suppressed],
        "baselined": [],
        "diagnostics": [
            {"level": diagnostic.level, "path": diagnostic.path, "message": diagnostic.message}
            | ({"line": diagnostic.line} if diagnostic.line else {})
            for diagnostic in report.diagnostics
        ],
        "summary": {
            "files": report.files,
            "findings": len(report.findings),
            "fixable": {
                "safe": sum(fix.safety is Safety.SAFE for fix in fixes),
                "unsafe": sum(fix.safety is Safety.UNSAFE for fix in fixes),
            },
            "complete": report.complete,
        },
    }


def _finding(reported: Reported, aliases: dict[str, list[str]]) -> dict[str, Any]:
    finding: Finding = reported.finding
    found: dict[str, Any] = {
        "rule": finding.rule,
        "name": finding.name,
        "aliases": [finding.code] if finding.code else aliases.get(finding.rule, []),
        "severity": finding.severity.value,
        "confidence": finding.confidence.value,
        "message": finding.message,
        "location": location(finding.span),
        "trace": [_step(step) for step in finding.trace],
        "related": [_step(step) for step in finding.related],
        "fix": _fix(finding.fix),
        "help": finding.help,
        "docs": f"docs/rules/{finding.name}.md",
        "fingerprint": reported.fingerprint,
    }
    if reported.note:
        found["run"] = reported.note
    if reported.suppression:
        suppression = reported.suppression
        found["suppression"] = {"kind": suppression.kind, "reason": suppression.reason, "line": suppression.line}
    return found


def location(span: Span) -> dict[str, Any]:
    """A place."""
    return {
        "path": span.path,
        "start": {"line": span.line, "column": span.column},
        "end": {"line": span.end_line, "column": span.end_column},
    }


def _step(step: Step) -> dict[str, Any]:
    return {"message": step.message, "location": location(step.span)}


def _fix(fix: Fix | None) -> dict[str, Any] | None:
    if fix is None:
        return None
    edits = [{"location": location(edit.span), "replacement": edit.replacement} for edit in fix.edits]
    return {"title": fix.title, "safety": fix.safety.value, "edits": edits}
