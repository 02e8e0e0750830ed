"""Fingerprints: the same defect keeps its own when the file around it changes."""

from __future__ import annotations

from aiaudit.finding import Confidence, Finding, Severity
from aiaudit.fingerprint import with_fingerprints
from aiaudit.span import Span


def finding(line: int, rule: str = "TST101", path: str = "a.py", end: int = 9) -> Finding:
    return Finding(rule, "name", Severity.LOW, Confidence.HIGH, "message", Span(path, line, 1, line, end))


def fingerprints(text: str, *findings: Finding) -> list[str]:
    return [reported.fingerprint for reported in with_fingerprints(findings, lambda path: text)]


def test_moved_and_reindented_lines_keep_it() -> None:
    """Line numbers and spacing do not count."""
    assert fingerprints("x = f()\n", finding(1)) == fingerprints("\n\n    x  =  f()\n", finding(3))


def test_code_rule_path_and_message_tell_findings_apart() -> None:
    """Another line, rule or file is another defect; another wording is not."""
    text = "x = f()\ny = g()\n"
    found = fingerprints(text, finding(1), finding(2), finding(1, rule="TST102"), finding(1, path="b.py"))

    assert len(set(found)) == 4


def test_the_same_line_twice_is_counted() -> None:
    """Twins are told apart by their order, so the first keeps its fingerprint when a third comes below."""
    two = fingerprints("f()\nf()\n", finding(1), finding(2))
    three = fingerprints("f()\nf()\nf()\n", finding(1), finding(2), finding(3))

    assert len(set(two)) == 2
    assert three[:2] == two


def test_findings_about_a_file_do_not_depend_on_its_first_line() -> None:
    """A finding of no extent is about the file."""
    assert fingerprints("a\n", finding(1, end=1)) == fingerprints("b\n", finding(1, end=1))


def test_order_is_stable() -> None:
    """By path, place, rule."""
    findings = [finding(2), finding(1, path="b.py"), finding(1, rule="TST102"), finding(1)]
    order = [
        (r.finding.span.path, r.finding.span.line, r.finding.rule) for r in with_fingerprints(findings, lambda p: "")
    ]

    assert order == [("a.py", 1, "TST101"), ("a.py", 1, "TST102"), ("a.py", 2, "TST101"), ("b.py", 1, "TST101")]
