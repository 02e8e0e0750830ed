"""Fingerprints of findings: the same defect keeps its fingerprint when lines above it move."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from aiaudit.finding import Finding
from aiaudit.results import Reported
from aiaudit.sources.stamps import digest

_LONGEST = 20


def with_fingerprints(findings: Iterable[Finding], text_of: Callable[[str], str]) -> list[Reported]:
    """Findings in a stable order, each with a fingerprint of rule, path, the text it covers, and its occurrence."""
    seen: Counter[str] = Counter()
    lines: dict[str, list[str]] = {}
    reported = []
    for finding in sorted(findings, key=_place):
        path = finding.span.path
        if path not in lines:
            lines[path] = text_of(path).splitlines()
        key = "\0".join((finding.rule, path, _content(finding, lines[path])))
        seen[key] += 1
        reported.append(Reported(finding, digest(f"{key}\0{seen[key]}")))
    return reported


def _place(finding: Finding) -> tuple[str, int, int, str, str]:
    span = finding.span
    return (span.path, span.line, span.column, finding.rule, finding.message)


def _content(finding: Finding, lines: list[str]) -> str:
    """The covered lines with their spacing evened out; nothing for a finding about a file as such."""
    span = finding.span
    if (span.line, span.column) == (span.end_line, span.end_column):
        return ""
    covered = lines[span.line - 1 : min(span.end_line, span.line + _LONGEST)]
    return "\n".join(" ".join(line.split()) for line in covered)
