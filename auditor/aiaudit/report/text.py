"""Text for people: each finding with its code, the evidence that leads to it and what to do, then a summary."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TextIO

from aiaudit.finding import Confidence, Severity, Step
from aiaudit.report import printable
from aiaudit.report.frame import MOST_LINES, rows
from aiaudit.report.look import Look
from aiaudit.results import INCOMPLETE, Report, Reported
from aiaudit.span import Span

Segment = tuple[str, str]
Line = list[Segment]

_NOUNS = {
    "dockerfile": ("Dockerfile", "Dockerfiles"),
    "python": ("Python file", "Python files"),
    "manifest": ("manifest", "manifests"),
    "ignore": ("ignore file", "ignore files"),
    "environment": ("environment file", "environment files"),
    "yaml": ("YAML file", "YAML files"),
    "nginx": ("nginx file", "nginx files"),
}


def render(report: Report, stream: TextIO, look: Look) -> None:
    """Write the report."""
    write([*findings(report, look), *([] if look.quiet else summary(report, look, looked_at(report)))], stream, look)


def write(lines: Iterable[Line], stream: TextIO, look: Look) -> None:
    """Write lines; colours come from rich, which is only imported for them."""
    if look.color:
        from aiaudit.report.terminal import paint

        stream.write(paint(lines))
    else:
        stream.writelines("".join([text for text, _ in line]).rstrip() + "\n" for line in lines)


def findings(report: Report, look: Look) -> Iterator[Line]:
    """Each finding with its code, and an empty line after it."""
    texts: dict[str, list[str]] = {}
    for reported in report.findings:
        yield from _finding(reported, report, texts, look)
        yield []


def _finding(reported: Reported, report: Report, texts: dict[str, list[str]], look: Look) -> Iterator[Line]:
    finding = reported.finding
    severity = finding.severity.value
    sure = "" if finding.confidence is Confidence.HIGH else f" ({finding.confidence.value} confidence)"
    yield [
        (severity, severity),
        (f"[{finding.name}]", severity),
        (f" {finding.rule}", "faint"),
        (f": {printable(finding.message)}", "strong"),
        (sure, "faint"),
    ]
    margin = len(str(max([finding.span.end_line, *(step.span.line for step in finding.trace)])))
    yield [(f"{' ' * margin}--> ", "gutter"), (_place(finding.span), "path")]
    yield from _frame(finding.span, margin, report, texts, look)
    for number, step in enumerate(finding.trace, 1):
        yield from _step(f"{number}.", step, margin, report, texts, look)
    for step in finding.related:
        yield from _step("see", step, margin, report, texts, look)
    if finding.help:
        yield [(f"{' ' * margin} = ", "gutter"), ("help", "help"), (f": {printable(finding.help)}", "")]
    if reported.note:
        yield [(f"{' ' * margin} = ", "gutter"), ("run", "help"), (f": {printable(reported.note)}", "")]
    if finding.fix:
        yield [
            (f"{' ' * margin} = ", "gutter"),
            ("fix", "help"),
            (f" ({finding.fix.safety.value}): {printable(finding.fix.title)}", ""),
        ]


def _frame(span: Span, margin: int, report: Report, texts: dict[str, list[str]], look: Look) -> Iterator[Line]:
    lines = _text(span.path, report, texts)
    shown = list(rows(span, lines, max(look.width - margin - 4, 20)))
    if not shown:
        return
    yield [(f"{' ' * margin} |", "gutter")]
    for row in shown:
        yield [(f"{row.number:>{margin}} | ", "gutter"), (printable(row.text), "code")]
        yield [(f"{' ' * margin} | ", "gutter"), (" " * row.start + "^" * (row.end - row.start), "caret")]
    hidden = span.end_line - span.line + 1 - MOST_LINES
    if hidden > 0:
        yield [(f"{' ' * margin} : ", "gutter"), (f"{hidden} more line{'s' * (hidden > 1)}", "faint")]


def _step(
    mark: str, step: Step, margin: int, report: Report, texts: dict[str, list[str]], look: Look
) -> Iterator[Line]:
    """One link of the evidence: its caption, its place, the first line of its code."""
    yield [
        (f"{' ' * margin} = ", "gutter"),
        (f"{mark} ", "help"),
        (printable(step.message), ""),
        (f"  {_place(step.span)}", "path"),
    ]
    code = next(rows(step.span, _text(step.span.path, report, texts), max(look.width - margin - 10, 20)), None)
    if code and code.text.strip():
        yield [(f"{' ' * margin} | ", "gutter"), (" " * 5 + printable(code.text.strip()), "faint")]


def _text(path: str, report: Report, texts: dict[str, list[str]]) -> list[str]:
    if path not in texts:
        texts[path] = report.text_of(path).split("\n")
    return texts[path]


def _place(span: Span) -> str:
    return printable(f"{span.path}:{span.line}:{span.column}")


def summary(report: Report, look: Look, looked: str) -> Iterator[Line]:
    """How many findings there are in what was looked at, and whether that was everything."""
    if report.findings:
        counts = [(report.count(severity), severity.value) for severity in reversed(Severity)]
        yield [
            (f"{len(report.findings)} finding{'s' * (len(report.findings) != 1)}", "strong"),
            (" (", ""),
            *_joined([(f"{count} {name}", name) for count, name in counts if count]),
            (f") in {looked}", ""),
            (_aside(report), "faint"),
        ]
    elif report.complete:
        yield [("No findings", "good"), (f" in {looked}", ""), (_aside(report), "faint")]
    if look.exit_code == INCOMPLETE:
        yield [("The audit is incomplete", "critical"), (": see the errors above or on stderr", "")]
    if report.findings:
        yield [("`aiaudit rule NAME` explains a rule.", "faint")]


def _joined(segments: list[Segment]) -> Iterator[Segment]:
    for number, segment in enumerate(segments):
        if number:
            yield (", ", "")
        yield segment


def looked_at(report: Report) -> str:
    """How many files of which kinds were looked at."""
    kinds = counted(report.kinds)
    return f"{report.files} file{'s' * (report.files != 1)}" + (f" ({kinds})" if kinds else "")


def counted(kinds: Iterable[tuple[str, int]]) -> str:
    """How many files there are of each kind: `1 Dockerfile, 14 Python files`."""
    return ", ".join(f"{count} {_NOUNS[kind][count != 1]}" for kind, count in kinds if count)


def _aside(report: Report) -> str:
    parts = []
    if report.suppressed:
        parts.append(f"{len(report.suppressed)} suppressed")
    if report.hidden:
        parts.append(f"{report.hidden} below the wanted confidence")
    fixable = sum(reported.finding.fix is not None for reported in report.findings)
    if fixable:
        parts.append(f"{fixable} fixable")
    return "".join(f"; {part}" for part in parts)
