"""One line a finding, for editors and grep."""

from __future__ import annotations

from typing import TextIO

from aiaudit.report import printable
from aiaudit.report.look import Look
from aiaudit.results import Report


def render(report: Report, stream: TextIO, look: Look) -> None:
    """Write `path:line:column: severity ID name: message` lines."""
    for reported in report.findings:
        finding, span = reported.finding, reported.finding.span
        place = f"{span.path}:{span.line}:{span.column}"
        line = f"{place}: {finding.severity.value} {finding.rule} {finding.name}: {finding.message}"
        stream.write(f"{printable(line)}\n")
