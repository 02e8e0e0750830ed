"""ShellCheck on the scripts of a Dockerfile: at their places, with their shell, bounded, and on its own."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiaudit import selection
from aiaudit.programs import place_of
from aiaudit.sources.dockerfile import shellcheck
from aiaudit.sources.dockerfile.shellcheck import NOT_INSTALLED, extract
from tests.support import audit_folder, run_cli, write_tree

needs_shellcheck = pytest.mark.skipif(not place_of("shellcheck"), reason="SHELLCHECK IS NOT INSTALLED")

JOINTS = st.sampled_from([" && ", " \\\n  && ", "; \\\n# a comment\n   ", " || \\\n\n\t"])
UNQUOTED = st.sampled_from(["echo $UNSET", "ls '😀' $UNSET", "cat  a $UNSET/b", "true && \\\n   rm -f $UNSET"])


def codes(text: str) -> list[int]:
    problem, remarks = extract(text)
    assert problem is None
    return sorted(remark[0] for remark in remarks)


@needs_shellcheck
@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(UNQUOTED, JOINTS), min_size=1, max_size=4), st.booleans())
def test_remarks_lie_on_what_they_are_about(parts: list[tuple[str, str]], as_document: bool) -> None:
    """Each unquoted variable is remarked on where it is written."""
    if as_document:
        text = "FROM a\nRUN <<EOF\n" + "".join(f"  {part}\n" for part, _ in parts) + "EOF\n"
    else:
        text = "FROM a\nRUN " + "".join(part + joint for part, joint in parts) + "true\n"
    lines = text.split("\n")
    problem, remarks = extract(text)
    places = [place for code, _, _, *place in remarks if code == 2086]

    assert problem is None
    assert [lines[line - 1][column - 1 : end - 1] for line, column, _, end in places] == ["$UNSET"] * len(parts)


@needs_shellcheck
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FROM debian\nRUN [[ a ]]\n", [2078, 3010]),
        ('FROM debian\nRUN f() { local x=1; echo "$x"; }; f\n', []),
        ('FROM unknown/image\nRUN f() { local x=1; echo "$x"; }; f\n', [3043]),
        ("FROM alpine\nRUN [[ -f x ]]\n", []),
        ("ARG B=alpine:3\nFROM $B\nRUN [[ -f x ]]\n", []),
        ("ARG T=9\nFROM rockylinux:${T}\nRUN [[ -f x ]]\n", []),
        ('FROM debian\nSHELL ["/bin/bash", "-c"]\nRUN [[ -f x ]]\n', []),
        ('FROM debian AS a\nSHELL ["/bin/bash", "-c"]\nFROM a\nRUN [[ -f x ]]\n', []),
        ("FROM debian\n# hadolint shell=bash\nRUN [[ -f x ]]\n", []),
        ("FROM debian\n# hadolint shell = bash # it is\nRUN [[ -f x ]]\n", []),
        ("FROM debian\nRUN <<E\n#!/bin/bash\n[[ -f x ]]\nE\n", []),
        ("FROM debian\nRUN <<E\n#!/usr/bin/env python3\n[[ -f x ]]\nE\n", []),
        ("FROM debian\nRUN bash <<E\n[[ -f x ]]\nE\n", []),
        ("FROM debian\nRUN <<E bash -e\n[[ -f x ]]\nE\n", []),
        ("FROM debian\nRUN python <<E\n[[ -f x ]]\nE\n", []),
        ('FROM debian\nSHELL ["pwsh", "-c"]\nRUN [[ -f x ]]\n', []),
        ("FROM mcr.microsoft.com/windows/nanoserver:ltsc2022\nRUN [[ -f x ]]\n", []),
        ("FROM --platform=windows/amd64 python:3.12\nRUN [[ -f x ]]\n", []),
        ("FROM debian\nONBUILD RUN echo $UNSET\n", [2086]),
        ('FROM debian\nRUN ["echo", "$UNSET"]\n', []),
        ("FROM debian\nRUN echo $unset\n", [2086, 2154]),
        ("FROM debian\nENV set=x\nRUN echo $set\n", []),
        ("FROM debian\nARG set\nRUN echo $set\n", []),
        ("FROM debian AS a\nENV set=x\nFROM a\nRUN echo $set\n", []),
        ('FROM debian\nENV set="two words"\nRUN echo $set\n', [2086]),
        ("FROM debian\nRUN echo $set\nENV set=x\n", [2086, 2154]),
        ("FROM debian\nRUN . ./x.sh && . /etc/os-release\n", []),
        ("FROM debian\nRUN if true; then echo\n", [1046, 1047, 1072, 1073]),
    ],
)
def test_shells_and_variables(text: str, expected: list[int]) -> None:
    """The stage's shell decides what is right, and what ARG and ENV set is set."""
    assert codes(text) == expected


@needs_shellcheck
def test_neither_environment_nor_configuration_nor_other_files_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What lies in the audited folder cannot switch a remark off, nor make ShellCheck read anything."""
    write_tree(tmp_path, {".shellcheckrc": "disable=SC2086\nexternal-sources=true\n", "lib.sh": "echo $OTHER\n"})
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SHELLCHECK_OPTS", "--exclude=SC2086 -x")
    monkeypatch.setenv("HOME", str(tmp_path))

    assert codes(f"FROM a\nRUN . ./lib.sh && . {tmp_path}/lib.sh && echo $UNSET\n") == [2086]


@needs_shellcheck
@settings(max_examples=15, deadline=None)
@given(st.text(st.sampled_from("a$`'\"(){}[];|&<>\\\n# \0\udc80é"), max_size=80))
def test_any_script_gives_remarks_within_the_file(script: str) -> None:
    """Whatever a script holds."""
    text = f"FROM a\nRUN {script}\n"
    lines = [line.rstrip("\r") for line in text.split("\n")]
    problem, remarks = extract(text)

    assert problem is None
    for _, _, _, line, column, end_line, end_column in remarks:
        assert (line, column) <= (end_line, end_column)
        assert 1 <= column <= len(lines[line - 1]) + 1
        assert end_column <= len(lines[end_line - 1]) + 1


def fake(tmp_path: Path, script: str) -> str:
    """A program of that name that does something else."""
    path = tmp_path / "shellcheck"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


@pytest.mark.skipif(os.name == "nt", reason="the fakes are shell scripts")
@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("exec sleep 60", "ShellCheck did not end within 0 s"),
        ("echo broken >&2; exit 2", "ShellCheck failed: broken"),
        ("echo no json", "ShellCheck failed: "),
    ],
)
def test_a_program_that_fails(script: str, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Time-out, exit code and output are looked at; the audit says so and is incomplete."""
    place = fake(tmp_path, script)
    monkeypatch.setattr(shellcheck, "place_of", lambda program: place)
    monkeypatch.setattr(shellcheck, "SECONDS", 0.2)
    problem, remarks = extract("FROM a\nRUN echo $UNSET\n")

    assert problem is not None
    assert problem.startswith(expected)
    assert remarks == ()


def test_scripts_that_are_too_long_are_named() -> None:
    """A bound on what one script may cost."""
    if place_of("shellcheck"):
        assert "too long" in str(extract("FROM a\nRUN " + "true; " * 20_000 + "\n")[0])


def test_without_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    """Said only where there is a script to check."""
    monkeypatch.setattr(shellcheck, "place_of", lambda program: "")

    assert extract("FROM a\nRUN true\n") == (NOT_INSTALLED, ())
    assert extract("FROM a\nCOPY . .\n") == (None, ())


DOCKERFILE = 'FROM debian:12-slim\nRUN echo $UNSET\nUSER 1000\nCMD ["true"]\n'


@needs_shellcheck
def test_from_the_command_line(tmp_path: Path) -> None:
    """On by option, configuration or selection, by code as well; off by default."""
    folder = write_tree(tmp_path / "x", {"Dockerfile": DOCKERFILE})

    def found(*arguments: str) -> bool:
        return "SC2086" in run_cli(".", *arguments, cwd=folder).out

    assert [found(), found("--shellcheck"), found("--select", "SC2086"), found("--select", "SC2046")] == [
        False,
        True,
        True,
        False,
    ]
    assert not found("--shellcheck", "--ignore", "SC2086")
    write_tree(folder, {"aiaudit.toml": "shellcheck = true\n"})
    assert found()
    write_tree(folder, {".hadolint.yaml": "ignored: [SC2086]\n"})
    assert not found()


def test_asked_for_and_not_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The audit is incomplete; in the pedantic profile the rule is left out."""
    monkeypatch.setattr(shellcheck, "place_of", lambda program: "")
    monkeypatch.setattr(selection, "is_installed", lambda program: False)
    folder = write_tree(tmp_path, {"Dockerfile": DOCKERFILE})
    asked, profile = audit_folder(folder, shellcheck=True), audit_folder(folder, profile="pedantic")

    assert [(d.level, d.path, d.message) for d in asked.diagnostics] == [("error", "Dockerfile", NOT_INSTALLED)]
    assert profile.complete
    assert "SHC101" not in {rule.id for rule in profile.rules}
