"""hadolint's configuration file: what is read, what is taken, who wins where both files speak."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from aiaudit import hadolint
from aiaudit.adoption import Adoption, adopt
from aiaudit.catalogue import Catalogue
from aiaudit.finding import Severity
from aiaudit.hadolint import Hadolint
from aiaudit.rule import Rule
from aiaudit.selection import Selection
from aiaudit.settings import Settings
from aiaudit.span import Span
from tests.support import run_cli, write_tree


@dataclasses.dataclass(frozen=True)
class Options:
    """What a rule about registries may be told."""

    trusted_registries: tuple[str, ...] = ()


PIN = Rule("TST101", "unpinned-package", "not pinned", Severity.MEDIUM, "0.1.0", aliases=("DL3008", "DL3018"))
ROOT = Rule("TST102", "runs-as-root", "root", Severity.MEDIUM, "0.1.0", aliases=("DL3002", "DS-0002"))
FROM = Rule("TST103", "foreign-registry", "registry", Severity.LOW, "0.1.0", aliases=("DL3026",), options=Options())
OWN = Rule("TST104", "our-own", "own", Severity.HIGH, "0.1.0")
SHELL = Rule("TST105", "shell-script", "shell", Severity.LOW, "0.1.0", codes=r"SC\d{4}")
CATALOGUE = Catalogue((PIN, ROOT, FROM, OWN, SHELL))

EVERYTHING = """
failure-threshold: warning
format: tty
ignored: [DL3008, SC2086]
label-schema:
  author: text
no-color: true
no-fail: false
override:
  error: [DL3002]
  info:
    - DL3042
strict-labels: true
disable-ignore-pragma: true
trustedRegistries:
  - docker.io
  - "*.gcr.io"
"""


def adopted(peer: Hadolint, **settings: object) -> Adoption:
    """What is taken over with these settings."""
    return adopt(peer, CATALOGUE, Settings(**settings))  # type: ignore[arg-type]


def test_every_key(tmp_path: Path) -> None:
    """Keys that only shape hadolint's output are told apart."""
    write_tree(tmp_path, {".hadolint.yaml": EVERYTHING})

    assert hadolint.load(str(tmp_path)) == Hadolint(
        str(tmp_path / ".hadolint.yaml"),
        ignored=("DL3008", "SC2086"),
        overrides=(("DL3002", Severity.HIGH), ("DL3042", Severity.LOW)),
        threshold=Severity.MEDIUM,
        honours_comments=False,
        registries=("docker.io", "*.gcr.io"),
        labels=(("author", "text"),),
        strict_labels=True,
        unread=("format", "no-color"),
    )


@pytest.mark.parametrize(
    ("text", "unread"),
    [
        ("ignored: DL3008", ()),
        ("ignored: {a: b}", ("ignored",)),
        ("override: [DL3008]", ("override",)),
        ("override: {fatal: [DL3008]}", ("override.fatal",)),
        ("failure-threshold: never", ("failure-threshold",)),
        ("no-fail: perhaps", ("no-fail",)),
        ("label-schema: author", ("label-schema",)),
        ("trustedRegistries: docker.io", ()),
        ("", ()),
    ],
)
def test_values_of_another_form_are_left_unread(tmp_path: Path, text: str, unread: tuple[str, ...]) -> None:
    """A single word stands for a list of one, as it does for hadolint."""
    write_tree(tmp_path, {".hadolint.yml": text})
    found = hadolint.load(str(tmp_path))

    assert found is not None
    assert (found.unread, found.problem) == (unread, "")


@pytest.mark.parametrize("text", ["ignored: [", "- DL3008", "!!python/object:os.system x", "a: \0"])
def test_a_file_that_cannot_be_read_says_nothing(tmp_path: Path, text: str) -> None:
    """The reason is kept, nothing is taken."""
    write_tree(tmp_path, {".hadolint.yaml": text})
    found = hadolint.load(str(tmp_path))

    assert found is not None
    assert found.problem
    assert dataclasses.replace(found, problem="") == Hadolint(found.path)


def test_the_closest_file_within_the_repository_holds(tmp_path: Path) -> None:
    """`.yaml` before `.yml`; what lies above the repository is not ours."""
    write_tree(
        tmp_path,
        {
            ".hadolint.yaml": "ignored: [DL1]",
            "repo/.git/HEAD": "",
            "repo/.hadolint.yml": "ignored: [DL2]",
            "repo/svc/deep/.hadolint.yml": "ignored: [DL3]",
            "repo/svc/deep/.hadolint.yaml": "ignored: [DL4]",
            "other/.git/HEAD": "",
        },
    )
    found = {name: hadolint.load(str(tmp_path / name)) for name in ("repo/svc", "repo/svc/deep", "other")}

    assert {name: peer and peer.ignored for name, peer in found.items()} == {
        "repo/svc": ("DL2",),
        "repo/svc/deep": ("DL4",),
        "other": None,
    }


def test_ignored_ids_leave_rules_out() -> None:
    """Of a rule that passes on ShellCheck's findings only those of that code."""
    peer = Hadolint("/x/.hadolint.yaml", ignored=("DL3018", "SC2086", "DL9999"))
    selection = Selection(CATALOGUE, Settings(profile="pedantic"), adopted(peer))
    finding = SHELL.at(_span(), "x", code="SC2086")

    assert [rule.id for rule in selection.rules] == ["TST102", "TST103", "TST104", "TST105"]
    assert not selection.reports(finding)
    assert selection.reports(dataclasses.replace(finding, code="SC2046"))
    assert ".hadolint.yaml: DL9999 is not taken: no rule covers it" in selection.adopted.notes


def test_our_configuration_wins() -> None:
    """A rule that it selects by name, rates or configures, and its fail-on."""
    peer = Hadolint(
        "/x/.hadolint.yaml",
        ignored=("DL3008",),
        overrides=(("DL3002", Severity.LOW),),
        threshold=Severity.HIGH,
        registries=("docker.io",),
    )
    found = adopted(
        peer,
        select=("unpinned-package", "TST"),
        rule_settings=(("DS-0002", (("severity", "critical"),)), ("TST103", (("trusted-registries", ["x"]),))),
        stated=frozenset({"fail-on"}),
    )

    assert (found.ignored.touched, found.severities, found.options, found.thresholds) == (frozenset(), {}, {}, {})
    assert len(found.notes) == 4


def test_a_family_that_we_select_says_nothing_of_one_rule() -> None:
    """`select = ["TST"]` is no word on DL3008."""
    assert adopted(Hadolint("/x/y", ignored=("DL3008",)), select=("TST",)).ignored.rules == {"TST101"}


def test_severities_options_and_thresholds() -> None:
    """Only rules that hadolint has too, ShellCheck's among them, have another threshold."""
    peer = Hadolint(
        "/x/y", overrides=(("DL3002", Severity.HIGH),), threshold=Severity.MEDIUM, registries=("docker.io", "ghcr.io")
    )
    selection = Selection(CATALOGUE, Settings(), adopted(peer))

    assert selection.adjusted(ROOT.at(_span(), "x")).severity is Severity.HIGH
    assert selection.options(FROM) == Options(("docker.io", "ghcr.io"))
    assert selection.adopted.thresholds == dict.fromkeys(("TST101", "TST102", "TST103", "TST105"), Severity.MEDIUM)


DOCKERFILE = (
    'FROM python\nRUN pip install --no-cache-dir flask==3.0.0\nUSER 1000\nCMD ["python", "-m", "http.server"]\n'
)


def test_what_was_taken_is_told_on_request(tmp_path: Path) -> None:
    """In -v; the outcome is made anew when the file changes."""
    folder = write_tree(tmp_path / "x", {"Dockerfile": DOCKERFILE, ".hadolint.yaml": "ignored: [DL3006]\n"})
    cache = tmp_path / "cache"
    ignored = run_cli(".", "-v", cwd=folder, cache=cache)
    quiet = run_cli(".", cwd=folder, cache=cache)
    write_tree(folder, {".hadolint.yaml": "no-fail: true\n"})
    harmless = run_cli(".", "--select", "DL3006", "--format", "concise", cwd=folder, cache=cache)
    strict = run_cli(".", "--select", "DL3006", "--fail-on", "low", cwd=folder, cache=cache)

    assert (harmless.code, strict.code) == (0, 1)
    assert "base-image-without-tag" not in ignored.out + quiet.out
    assert "aiaudit: .hadolint.yaml: ignored are DL3006 (base-image-without-tag)" in ignored.err
    assert "hadolint" not in quiet.err
    assert "base-image-without-tag" in harmless.out


def test_registries_and_labels_reach_their_rules(tmp_path: Path) -> None:
    """A type of label that our rule does not know is told, and is no usage error."""
    text = 'FROM example.com/python:3.13-slim\nLABEL version="x" other=1\nUSER 1000\nCMD ["python", "-c", "1"]\n'
    settings = "trustedRegistries: docker.io\nlabel-schema: {version: %s}\nstrict-labels: true\n"
    folder = write_tree(tmp_path / "x", {"Dockerfile": text, ".hadolint.yaml": settings % "semver"})
    known = run_cli(".", "--format", "concise", cwd=folder)
    write_tree(folder, {".hadolint.yaml": settings % "rawtext"})
    unknown = run_cli(".", "--format", "concise", "-v", cwd=folder)

    assert [name in known.out for name in ("registry-not-trusted", "label-value-malformed", "label-superfluous")] == [
        True
    ] * 3
    assert unknown.code == 1
    assert "not taken: rule label-value-malformed, option label-schema.version" in unknown.err


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    """The audit is complete all the same: nothing was left out because of it."""
    folder = write_tree(tmp_path / "x", {"Dockerfile": DOCKERFILE, ".hadolint.yaml": "ignored: [\n"})
    ran = run_cli(".", "--select", "IMG302", cwd=folder)

    assert ran.code == 0
    assert "warning: .hadolint.yaml: nothing is taken from hadolint's configuration" in ran.err


def test_comments_of_hadolint_can_be_switched_off(tmp_path: Path) -> None:
    """`disable-ignore-pragma` of its configuration."""
    text = "# hadolint ignore=DL3006\n" + DOCKERFILE
    folder = write_tree(tmp_path / "x", {"Dockerfile": text})
    honoured = run_cli(".", "--select", "IMG301", cwd=folder)
    write_tree(folder, {".hadolint.yaml": "disable-ignore-pragma: true\n"})
    switched_off = run_cli(".", "--select", "IMG301", cwd=folder)

    assert (honoured.code, switched_off.code) == (0, 1)


def _span() -> Span:
    return Span("Dockerfile", 1, 1, 1, 2)
