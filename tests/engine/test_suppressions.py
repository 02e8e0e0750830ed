"""Ignore comments: what they cover, and what is said about them."""

from __future__ import annotations

from pathlib import Path

import pytest

from aiaudit import api
from aiaudit.catalogue import Catalogue
from aiaudit.finding import Finding, Severity
from aiaudit.model.service import Service
from aiaudit.results import Report
from aiaudit.rule import Rule
from aiaudit.settings import Settings
from aiaudit.sources.suppressions import extract
from aiaudit.span import Span
from tests.support import found_in, write_tree

MARK = "BAD"


ALIASES = ("DL3008", "UndefinedVar")


def marks_rule(rule_id: str = "TST101", name: str = "bad-mark", aliases: tuple[str, ...] = ALIASES) -> Rule:
    """A rule that reports every line with a mark in it."""
    rule = Rule(rule_id, name, "a mark", Severity.HIGH, "0.1.0", aliases=aliases)

    @rule.check(Service)
    def bad_mark(service: Service) -> list[Finding]:
        return [
            rule.at(Span(path, number, 1, number, len(line) + 1), "a mark")
            for path in service.tree.files()
            for number, line in enumerate(service.tree.text(path).splitlines(), 1)
            if MARK in line
        ]

    return rule


@pytest.fixture
def audited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    """Audit files with the marks rule and the rules about comments."""
    from aiaudit import catalogue

    about_comments = tuple(rule for rule in catalogue.load().rules if rule.family == catalogue.ABOUT_COMMENTS)
    fixed = Catalogue((*about_comments, marks_rule(), marks_rule("KEY101", "provider-key", ())))
    monkeypatch.setattr(catalogue, "load", lambda names=(), lacking=(): fixed)

    def run(files: dict[str, str], **settings: object) -> Report:
        return api.audit([str(write_tree(tmp_path, files))], Settings(**({"ignore": ("KEY101",)} | settings)))  # type: ignore[arg-type]

    return run


@pytest.mark.parametrize(
    ("name", "text", "kept", "suppressed"),
    [
        ("a.py", "x = 1  # aiaudit: ignore[bad-mark] why\ny = 'BAD'\n", [2], []),
        ("a.py", "y = 'BAD'  # aiaudit: ignore[bad-mark] why\n", [], [1]),
        ("a.py", "y = 'BAD'  # noqa  # aiaudit: ignore[TST101] why\n", [], [1]),
        ("a.py", "y = 'BAD'  # aiaudit: ignore[other, bad-mark] why\n", [], [1]),
        ("a.py", "# aiaudit: ignore[bad-mark] why\ny = 'BAD'\nz = 'BAD'\n", [3], [2]),
        ("a.py", "# aiaudit: ignore[bad-mark] why\n\n# more\ny = 'BAD'\n", [], [4]),
        ("a.py", "f(  # aiaudit: ignore[bad-mark] why\n    'BAD',\n)\ny = 'BAD'\n", [4], [2]),
        ("a.py", "f(\n    # aiaudit: ignore[bad-mark] why\n    'BAD',\n)\n", [], [3]),
        ("a.py", "s = '# aiaudit: ignore[bad-mark] why' + 'BAD'\n", [1], []),
        ("a.py", "y = 'BAD'\n\n# aiaudit: ignore-file[bad-mark] why\nz = 'BAD'\n", [], [1, 4]),
        ("a.py", "y = 'BAD'  # aiaudit: ignore\n", [1], []),
        ("a.py", "y = 'BAD'  # aiaudit: ignore[TST] why\n", [], [1]),
        ("a.py", "y = 'BAD'  # hadolint ignore=DL3008\n", [1], []),
        ("broken.toml", "def (\ny = 'BAD'  # aiaudit: ignore[bad-mark] why\n", [], [2]),
        ("compose.yaml", "a: BAD # aiaudit: ignore[bad-mark] why\nb: BAD\n", [2], [1]),
        ("compose.yaml", "# aiaudit: ignore[bad-mark] why\na: BAD\nb: BAD\n", [3], [2]),
        ("page.html", "<!-- aiaudit: ignore[bad-mark] why -->\n<a>BAD</a>\n", [], [2]),
        ("page.md", "<!-- aiaudit: ignore[bad-mark] why -->\nBAD\n", [], [2]),
        ("page.md", "    f('BAD')  # aiaudit: ignore[bad-mark] why\n", [], [1]),
        ("app.js", "let a = 'BAD' // aiaudit: ignore[bad-mark] why\n", [], [1]),
        ("app.ini", "; aiaudit: ignore[bad-mark] why\na = BAD\n", [], [2]),
        ("Dockerfile", "# aiaudit: ignore[bad-mark] why\nRUN a && \\\n  # note\n  BAD\nRUN BAD\n", [5], [4]),
        ("Dockerfile", "# hadolint ignore=DL3008\nRUN a && \\\n  BAD\nRUN BAD\n", [4], [3]),
        ("Dockerfile", "# hadolint ignore=DL3001, DL3008  because\nRUN BAD\n", [], [2]),
        ("Dockerfile", "# check=skip=UndefinedVar;error=true\nFROM BAD\nRUN BAD\n", [], [2, 3]),
        ("Dockerfile", "# check=skip=all\nFROM BAD\n", [], [2]),
        ("Dockerfile", "FROM BAD\n# check=skip=FromAsCasing, UndefinedVar\nRUN BAD\nRUN BAD\n", [1, 4], [3]),
        ("Dockerfile", "# check=error=true\nFROM BAD\n", [2], []),
        ("a.py", "# check=skip=UndefinedVar\ny = 'BAD'\n", [2], []),
        ("Dockerfile", "RUN BAD\n# hadolint global ignore=DL3008\nRUN BAD\n", [], [1, 3]),
        ("Dockerfile", "FROM BAD\n# hadolint stage ignore=DL3008 # why\nFROM BAD\nRUN BAD\nFROM BAD\n", [1, 5], [3, 4]),
        ("Dockerfile", "FROM a\n# hadolint stage ignore=DL3008\nRUN BAD\n", [3], []),
        ("Dockerfile", "RUN a && \\\n  # hadolint ignore=DL3008\n  BAD\nRUN BAD\n", [4], [3]),
        ("Dockerfile", "RUN BAD # hadolint ignore=DL3008\n", [1], []),
        ("Dockerfile", "# aiaudit: ignore[bad-mark] why\nRUN <<EOT\nBAD\nEOT\nRUN BAD\n", [5], [3]),
        ("Dockerfile", "# escape=`\n# aiaudit: ignore[bad-mark] why\nRUN a `\n BAD\n", [], [4]),
        ("Dockerfile", "# aiaudit: ignore[bad-mark] why\r\nRUN a \\\r\n BAD\r\nRUN BAD\r\n", [4], [3]),
    ],
)
def test_what_a_comment_covers(audited: object, name: str, text: str, kept: list[int], suppressed: list[int]) -> None:
    """The same line, the next statement or instruction, or the file; never what a string says."""
    report: Report = audited({name: text}, select=("TST101",))  # type: ignore[operator]

    assert [line for _, line, _ in found_in(report)] == kept
    assert [reported.finding.span.line for reported in report.suppressed] == suppressed


def test_without_ignores_everything_is_reported(audited: object) -> None:
    """And nothing is said about the comments."""
    report: Report = audited({"a.py": "y = 'BAD'  # aiaudit: ignore[nope]\n"}, ignores=False)  # type: ignore[operator]

    assert found_in(report) == [("a.py", 1, "bad-mark")]


def test_the_reason_is_kept(audited: object) -> None:
    """Of several comments that cover a finding, one with a reason speaks."""
    text = "# aiaudit: ignore[bad-mark] the vendor says so\ny = 'BAD'\n"
    report: Report = audited({"a.py": text})  # type: ignore[operator]
    suppression = report.suppressed[0].suppression

    assert suppression is not None
    assert (suppression.kind, suppression.reason, suppression.line) == ("comment", "the vendor says so", 1)


def test_marks_of_secret_scanners_are_honoured(audited: object) -> None:
    """gitleaks' and detect-secrets' marks accept credentials and nothing else."""
    text = (
        "a = 'BAD'  # gitleaks:allow\n"
        "# pragma: allowlist nextline secret\n"
        "b = 'BAD'\n"
        "c = 'BAD'  # pragma: allowlist secret\n"
    )
    report: Report = audited({"a.py": text}, ignore=())  # type: ignore[operator]

    assert found_in(report) == [("a.py", 1, "bad-mark"), ("a.py", 3, "bad-mark"), ("a.py", 4, "bad-mark")]
    assert [(r.finding.span.line, r.finding.name) for r in report.suppressed] == [
        (1, "provider-key"),
        (3, "provider-key"),
        (4, "provider-key"),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("y = 'BAD'  # aiaudit: ignore[bad-mark]\n", [("suppression-without-reason", "")]),
        (
            "y = 'BAD'  # aiaudit: ignore[bad-mrk] why\n",
            [("bad-mark", ""), ("unknown-suppression", "did you mean 'bad-mark'?")],
        ),
        ("y = 1  # aiaudit: ignore[bad-mark] why\n", [("unused-suppression", "")]),
        ("y = 1  # aiaudit: ignore[provider-key] its rule does not run here\n", []),
        ("y = 1  # aiaudit: ignore\n", [("unknown-suppression", "")]),
        ("y = 1  # aiaudit: ignore[] why\n", [("unknown-suppression", "")]),
        ("y = 1  # aiaudit: ignore-nothing[x]\n", []),
        ("y = 1  # hadolint ignore=DL9999\n", []),
    ],
)
def test_what_is_said_about_comments(audited: object, text: str, expected: list[tuple[str, str]]) -> None:
    """No reason, no such rule, no use."""
    report: Report = audited({"a.py": text})  # type: ignore[operator]
    found = [(reported.finding.name, reported.finding.help) for reported in report.findings]

    assert [name for name, _ in found] == [name for name, _ in expected]
    assert all(wanted in given for (_, given), (_, wanted) in zip(found, expected, strict=True))


def test_a_comment_about_comments_can_be_accepted(audited: object) -> None:
    """The rules about comments are rules like others."""
    text = "# aiaudit: ignore-file[unused-suppression] generated\ny = 1  # aiaudit: ignore[bad-mark] why\n"
    report: Report = audited({"a.py": text})  # type: ignore[operator]

    assert "unused-suppression" in {reported.finding.name for reported in report.suppressed}


def test_settings_accept_findings_by_path(audited: object) -> None:
    """What the configuration ignores is listed as suppressed, not dropped."""
    files = {"tests/a.py": "y = 'BAD'\n", "app/a.py": "y = 'BAD'\n"}
    report: Report = audited(files, per_path_ignores=(("tests/**", ("bad-mark",)),))  # type: ignore[operator]

    assert found_in(report) == [("app/a.py", 1, "bad-mark")]
    assert [r.suppression.kind for r in report.suppressed if r.suppression] == ["settings"]


def test_examples_in_documents_are_not_judged(audited: object) -> None:
    """A comment in a code block is prose; a comment of the document itself is not."""
    text = "    # aiaudit: ignore[nope]\n<!-- aiaudit: ignore[nope] why -->\n"
    report: Report = audited({"page.md": text})  # type: ignore[operator]

    assert found_in(report) == [("page.md", 2, "unknown-suppression")]


def test_a_file_without_marks_is_not_tokenized() -> None:
    """Nothing to read there."""
    assert extract("x = (\n", "a.py") == ()


def test_minified_lines_cost_no_more_than_their_length() -> None:
    """A megabyte on one line, full of comment openings, with marks in it."""
    from aiaudit.sources.suppressions import extract

    line = "a//b;" * 200_000 + " pragma: allowlist secret " + "#" * 200_000 + " aiaudit: ignore[root-user] generated"

    assert [record[0] for record in extract(line, "app.min.js")] == ["aiaudit", "secrets"]
