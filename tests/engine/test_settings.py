"""The configuration file: found, read strictly, explained."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from aiaudit import configuration
from aiaudit.catalogue import Catalogue
from aiaudit.finding import Confidence, Finding, Severity
from aiaudit.model.service import Service
from aiaudit.rule import Rule
from aiaudit.runner import Runner
from aiaudit.selection import Selection, exclusion
from aiaudit.settings import Settings, UsageError
from aiaudit.sources.store import Store
from aiaudit.span import Span
from aiaudit.workspace import Workspace, scope_of
from tests.support import write_tree


@dataclasses.dataclass(frozen=True)
class Options:
    """Options of the rule below."""

    most: int = 3
    names: tuple[str, ...] = ()


RULE = Rule("TST101", "too-many", "too many", Severity.MEDIUM, "0.1.0", aliases=("X1",), options=Options())
PEDANTIC = Rule("TST102", "a-nicety", "nicer", Severity.LOW, "0.1.0", profile="pedantic")
OTHER = Rule("IMG101", "other-rule", "other", Severity.HIGH, "0.1.0")
CATALOGUE = Catalogue((OTHER, RULE, PEDANTIC))


@RULE.check(Service)
def too_many(service: Service, options: Options) -> list[Finding]:
    """Say what the options are."""
    return [RULE.at(Span("a.py", 1, 1, 1, 2), f"{options.most} {','.join(options.names)}")]


def test_defaults_without_a_file(tmp_path: Path) -> None:
    """No configuration is needed."""
    assert configuration.load(str(tmp_path)) == Settings()


def test_the_closest_file_holds(tmp_path: Path) -> None:
    """`aiaudit.toml` before `pyproject.toml`, a subfolder before its parents; a repository's top ends the search."""
    write_tree(
        tmp_path,
        {
            "aiaudit.toml": 'profile = "pedantic"',
            "repo/.git/HEAD": "",
            "repo/pyproject.toml": '[tool.aiaudit]\nfail-on = "high"',
            "repo/svc/pyproject.toml": '[project]\nname = "x"',
            "repo/svc/deep/aiaudit.toml": 'fail-on = "critical"',
            "repo/svc/deep/pyproject.toml": '[tool.aiaudit]\nfail-on = "medium"',
        },
    )

    assert configuration.load(str(tmp_path / "repo/svc/deep")).fail_on is Severity.CRITICAL
    assert configuration.load(str(tmp_path / "repo/svc")).fail_on is Severity.HIGH
    (tmp_path / "repo/pyproject.toml").unlink()
    assert configuration.load(str(tmp_path / "repo/svc")).profile == "default"
    assert configuration.load(str(tmp_path)).profile == "pedantic"


def test_every_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All settings and their forms."""
    monkeypatch.chdir(tmp_path)
    write_tree(
        tmp_path,
        {
            "aiaudit.toml": """
select = ["IMG", "too-many"]
ignore = ["a-nicety"]
profile = "pedantic"
fail-on = "high"
min-confidence = "medium"
exclude = ["legacy/"]
knowledge = ["own.toml"]
shellcheck = true

[per-path-ignores]
"tests/**" = ["too-many"]

[rules.too-many]
severity = "low"
most = 5
"""
        },
    )

    assert configuration.load(str(tmp_path)) == Settings(
        select=("IMG", "too-many"),
        ignore=("a-nicety",),
        profile="pedantic",
        fail_on=Severity.HIGH,
        min_confidence=Confidence.MEDIUM,
        exclude=("legacy/",),
        knowledge=(str(tmp_path / "own.toml"),),
        per_path_ignores=(("tests/**", ("too-many",)),),
        rule_settings=(("too-many", (("severity", "low"), ("most", 5))),),
        shellcheck=True,
        stated=frozenset(
            {
                *("select", "ignore", "profile", "fail-on", "min-confidence"),
                *("exclude", "knowledge", "shellcheck", "per-path-ignores", "rules"),
            }
        ),
        base=str(tmp_path),
        places=(
            ("IMG", "aiaudit.toml:2: "),
            ("too-many", "aiaudit.toml:2: "),
            ("a-nicety", "aiaudit.toml:3: "),
            ("too-many", "aiaudit.toml:12: "),
            ("too-many", "aiaudit.toml:14: "),
        ),
    )


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"aiaudit.toml": 'selct = ["IMG"]'}, "aiaudit.toml:1: unknown key 'selct'; did you mean 'select'?"),
        ({"aiaudit.toml": "\n[rule.x]\ny = 1"}, "aiaudit.toml:2: unknown key 'rule'; did you mean 'rules'?"),
        ({"aiaudit.toml": '[tool.aiaudit]\nprofile = "default"'}, "in aiaudit.toml the keys stand at the top"),
        ({"aiaudit.toml": 'date = "soon"'}, "aiaudit.toml:1: date: write YYYY-MM-DD, not 'soon'"),
        ({"aiaudit.toml": 'fail-on = "urgent"'}, "aiaudit.toml:1: fail-on: input should be 'low', 'medium', 'high' or"),
        ({"aiaudit.toml": 'profile = "strict"'}, "profile: 'strict' is neither 'default' nor 'pedantic'"),
        ({"aiaudit.toml": 'select = "IMG"'}, "aiaudit.toml:1: select: input should be a valid list, not 'IMG'"),
        ({"aiaudit.toml": "select = ["}, "aiaudit.toml: no valid TOML"),
        (
            {"pyproject.toml": '[project]\nname = "x"\n\n[tool.aiaudit]\nignore = []\nexcludes = []\n'},
            "pyproject.toml:6: unknown key 'excludes'; did you mean 'exclude'?",
        ),
        ({"pyproject.toml": '[tool.aiaudit\nignore = ["x"]'}, "pyproject.toml: no valid TOML"),
        ({"aiaudit.toml": b"\xff\xfe\x00"}, "aiaudit.toml"),
    ],
)
def test_mistakes_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, str | bytes], message: str
) -> None:
    """With the file, the line and the closest right word."""
    monkeypatch.chdir(write_tree(tmp_path, files))

    with pytest.raises(UsageError) as error:
        configuration.load(str(tmp_path))
    assert message in str(error.value)


def test_someone_elses_broken_pyproject_is_not_ours(tmp_path: Path) -> None:
    """A pyproject.toml that does not mention us is left to the audit."""
    write_tree(tmp_path, {"pyproject.toml": "[project\n"})

    assert configuration.load(str(tmp_path)) == Settings()


@pytest.mark.parametrize(
    ("settings", "ids"),
    [
        (Settings(), ["IMG101", "TST101"]),
        (Settings(profile="pedantic"), ["IMG101", "TST101", "TST102"]),
        (Settings(select=("TST",)), ["TST101", "TST102"]),
        (Settings(select=("X1",)), ["TST101"]),
        (Settings(select=("TST1",), ignore=("a-nicety",)), ["TST101"]),
        (Settings(ignore=("TST101", "IMG")), []),
    ],
)
def test_selection(settings: Settings, ids: list[str]) -> None:
    """Ids, names, aliases, families and prefixes select; a selection overrides the profile."""
    assert [rule.id for rule in Selection(CATALOGUE, settings).rules] == ids


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (Settings(select=("to-many",)), "unknown rule 'to-many'; did you mean 'too-many'?"),
        (Settings(ignore=("tst101x",)), "unknown rule 'tst101x'; did you mean 'TST101'?"),
        (Settings(select=("zzz",), places=(("zzz", "aiaudit.toml:3: "),)), "aiaudit.toml:3: unknown rule 'zzz'"),
        (
            Settings(rule_settings=(("too-many", (("mst", 1),)),)),
            "rule too-many has no option 'mst'; did you mean 'most'?",
        ),
        (Settings(rule_settings=(("too-many", (("most", "x"),)),)), "rule too-many, option most: input should be"),
        (Settings(rule_settings=(("other-rule", (("most", 1),)),)), "rule other-rule has no option 'most'"),
        (Settings(rule_settings=(("too-many", (("severity", "x"),)),)), "severity 'x' is none of low, medium, high"),
        (Settings(per_path_ignores=(("a", ("nope",)),)), "unknown rule 'nope'"),
    ],
)
def test_unknown_rules_and_options(settings: Settings, message: str) -> None:
    """Nothing that stands for nothing is accepted."""
    with pytest.raises(UsageError) as error:
        Selection(CATALOGUE, settings)
    assert message in str(error.value)


def test_options_and_severity_reach_the_rule(tmp_path: Path) -> None:
    """Typed options go to the check, the severity to its findings."""
    given = (("too-many", (("severity", "critical"), ("most", 7), ("names", ["a", "b"]))),)
    selection = Selection(CATALOGUE, Settings(rule_settings=given))
    workspace = Workspace(scope_of([], str(write_tree(tmp_path, {"a.py": ""}))), Store())
    findings = list(Runner(Service(workspace), workspace, selection).run([RULE]))

    assert [selection.adjusted(finding).severity for finding in findings] == [Severity.CRITICAL]
    assert [finding.message for finding in findings] == ["7 a,b"]


def test_exclusion(tmp_path: Path) -> None:
    """Patterns are relative to the configuration; naming an excluded folder lifts them there."""
    settings = Settings(exclude=("legacy/", "*.gen.py"), base=str(tmp_path))
    everywhere = exclusion(settings, str(tmp_path))
    below = exclusion(settings, str(tmp_path / "app"))

    assert everywhere is not None
    assert [everywhere(path) for path in ("legacy/a.py", "app/a.py", "app/x.gen.py")] == [True, False, True]
    assert below is not None
    assert [below(path) for path in ("a.py", "x.gen.py")] == [False, True]
    assert exclusion(settings, str(tmp_path / "legacy")) is None
