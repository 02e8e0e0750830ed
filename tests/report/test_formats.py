"""Every format renders every rule and every kind of report."""

from __future__ import annotations

import io
import json

import pytest

from aiaudit import catalogue, report
from aiaudit.finding import Finding, Step
from aiaudit.fix import Edit, Fix, Safety
from aiaudit.kinds import KINDS
from aiaudit.report.look import Look
from aiaudit.results import Diagnostic, Report, Reported, Suppression
from aiaudit.rule import Rule
from aiaudit.span import Span

RULES = catalogue.load().rules
SOURCE = "import os\n\n\tdef handler():\n        client = OpenAI(api_key='x')  # ü 漢字\n        return client\n"
SPAN = Span("app/ä b.py", 4, 18, 4, 37)


def finding_of(rule: Rule, span: Span = SPAN, **changes: object) -> Finding:
    """A finding of a rule with everything that findings may carry."""
    return rule.at(
        span,
        f"a message of {rule.name} with [brackets] and \\ backslash",
        help="do something else",
        trace=(Step("POST /chat", Span("app/ä b.py", 3, 2, 3, 5)), Step("calls [it]", SPAN)),
        related=(Step("declared here", Span("Dockerfile", 1, 1, 1, 1)),),
        fix=Fix("replace it", Safety.UNSAFE, (Edit(span, "client"),)),
        **changes,  # type: ignore[arg-type]
    )


def report_of(*findings: Finding, diagnostics: tuple[Diagnostic, ...] = (), suppressed: int = 0) -> Report:
    """A report over some findings; the last ones are suppressed."""
    reported = [Reported(finding, f"{number:032x}") for number, finding in enumerate(findings)]
    cut = len(reported) - suppressed
    accepted = [Reported(r.finding, r.fingerprint, Suppression("comment", "a reason", 3)) for r in reported[cut:]]
    return Report(
        root="/repo/service",
        repository="/repo",
        findings=tuple(reported[:cut]),
        suppressed=tuple(accepted),
        diagnostics=diagnostics,
        files=2,
        rules_of=lambda: RULES,
        kinds=tuple((kind, 2) for kind in KINDS),
        text_of=lambda path: SOURCE,
    )


EVERYTHING = report_of(*(finding_of(rule) for rule in RULES))


@pytest.mark.parametrize("name", report.FORMATS)
def test_every_format_renders_every_rule(name: str) -> None:
    """No rule is missing from any format."""
    text = report.render(name, EVERYTHING, Look()).decode()

    assert all(rule.id in text for rule in RULES)
    assert all(rule.name in text for rule in RULES)


@pytest.mark.parametrize("name", report.FORMATS)
def test_every_format_renders_an_empty_report(name: str) -> None:
    """Nothing found is something to say."""
    text = report.render(name, report_of(), Look()).decode()

    assert text.strip() or name == "concise"


@pytest.mark.parametrize("width", [40, 60, 80, 200])
def test_colours_change_nothing_but_colours(width: int) -> None:
    """What rich paints is the plain text."""
    import re

    painted = report.render("text", EVERYTHING, Look(color=True, width=width)).decode()
    plain = report.render("text", EVERYTHING, Look(width=width)).decode()
    bare = "\n".join(line.rstrip() for line in re.sub(r"\x1b\[[0-9;]*m", "", painted).split("\n"))

    assert "\x1b[" in painted
    assert bare == plain


def test_a_frame() -> None:
    """Carets stand under the code, also after tabs and wide characters."""
    rule = RULES[0]
    wide = Span("app/ä b.py", 4, 44, 4, 45)
    text = report.render("text", report_of(finding_of(rule, wide)), Look()).decode()
    lines = text.splitlines()
    code = next(number for number, line in enumerate(lines) if line.startswith("4 |"))

    assert lines[code + 1].index("^") == lines[code].index("字") + 1  # 漢 before it takes two columns
    assert lines[code + 1].count("^") == 2
    assert "2. calls [it]  app/ä b.py:4:18" in text
    assert "see declared here  Dockerfile:1:1" in text
    assert "fix (unsafe): replace it" in text


def test_a_long_span_is_shortened() -> None:
    """The first lines are enough."""
    span = Span("app/ä b.py", 1, 1, 40, 1)
    text = report.render("text", report_of(finding_of(RULES[0], span)), Look()).decode()

    assert "36 more lines" in text


def test_json_holds_everything() -> None:
    """Trace, related places, fix, suppression."""
    found = report_of(finding_of(RULES[0]), finding_of(RULES[0]), suppressed=1)
    document = json.loads(report.render("json", found, Look()))
    finding = document["findings"][0]

    assert [step["message"] for step in finding["trace"]] == ["POST /chat", "calls [it]"]
    assert finding["related"][0]["location"]["path"] == "Dockerfile"
    assert finding["fix"]["edits"][0]["replacement"] == "client"
    assert document["suppressed"][0]["suppression"] == {"kind": "comment", "reason": "a reason", "line": 3}
    assert document["summary"]["fixable"] == {"safe": 0, "unsafe": 1}


def test_surrogates_can_be_written() -> None:
    """Bytes that are no text do not break an output."""
    odd = finding_of(RULES[0], Span("a\udcff.py", 1, 1, 1, 2))

    for name in report.FORMATS:
        assert report.render(name, report_of(odd), Look())


def test_render_signature() -> None:
    """Each format is a module with `render(report, stream, look)`."""
    import importlib

    for name in report.FORMATS:
        stream = io.StringIO()
        importlib.import_module(f"aiaudit.report.{name}").render(EVERYTHING, stream, Look())
        assert stream.getvalue()
