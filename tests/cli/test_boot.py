"""`aiaudit boot`, `prove` and `check --boot` without an engine: wrong requests, and what cannot be done here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support import Ran, run_cli, write_tree

Cli = Callable[..., Ran]

DOCKERFILE = 'FROM python:3.11-slim\nCOPY app.py .\nCMD ["uvicorn", "app:app", "--host", "0.0.0.0"]\n'
APP = 'import os\n\nfrom fastapi import FastAPI\n\nKEY = os.environ["OPENAI_API_KEY"]\napp = FastAPI()\n'
SERVICE = {"Dockerfile": DOCKERFILE, "app.py": APP, "requirements.txt": "fastapi\nuvicorn\n"}
NO_ENGINE = "unix:///nowhere/docker.sock"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nope"], "aiaudit: nope: no such folder"),
        (["app.py"], "app.py: is a file: name the folder that is built from"),
        (["--file", "Dockerfile.gpu"], "--file Dockerfile.gpu: no such file"),
        (["--scenario", "misssing"], "--scenario misssing: there is none of this name; did you mean 'missing'?"),
        (["--scenario", "missing:OPENAI_KEY"], "did you mean 'missing:OPENAI_API_KEY'?"),
        (["--env", "hunter2"], "--env: write NAME=VALUE"),
        (["--env", "9=hunter2"], "--env: write NAME=VALUE"),
        (["--env-file", "nope.env"], "nope.env: cannot be read as an environment file"),
        (["--build-arg", "hunter2 hunter2"], "--build-arg: write NAME=VALUE"),
        (["--build-arg", "NOT_THERE"], "--build-arg NOT_THERE: the environment has no such variable"),
        (["--timeout", "soon"], "--timeout soon: write seconds"),
        (["--timeout", "-1"], "--timeout -1: write seconds"),
        (["--timeout", "nan"], "--timeout nan: write seconds"),
        (["--builder", "kaniko"], "'kaniko' is not one of 'auto', 'legacy', 'buildkit'"),
        (["--format", "concise"], "'concise' is not one of 'text', 'json', 'sarif', 'junit', 'markdown'"),
        (["--output", "html=x"], "--output html=x: 'html' is none of text, json, sarif, junit, markdown"),
        (["--output", "json=no/such/folder/x"], "no/such/folder/x: cannot be written: no such folder"),
        (["--select", "RNU101"], "unknown rule 'RNU101'"),
        (["a", "b"], "Got unexpected extra argument"),
    ],
)
def test_usage_errors(cli: Cli, arguments: list[str], message: str) -> None:
    """Exit code 2 before an engine is asked for; no message repeats a value."""
    ran = cli(SERVICE, "boot", *arguments, DOCKER_HOST=NO_ENGINE)

    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err
    assert "hunter2" not in ran.err
    assert "Traceback" not in ran.err


@pytest.mark.parametrize("command", ["boot", "prove"])
def test_nothing_to_build(cli: Cli, command: str) -> None:
    """What to do is said."""
    ran = cli({"app.py": APP}, command, DOCKER_HOST=NO_ENGINE)

    assert (ran.code, ran.out) == (2, "")
    assert "has no Dockerfile: name one with --file" in ran.err


@pytest.mark.parametrize("arguments", [["boot"], ["boot", "--image", "x"], ["prove"], ["boot", "-q"]])
def test_no_engine_is_never_a_pass(cli: Cli, arguments: list[str]) -> None:
    """Exit code 3; the last line tells where an engine was looked for and how to get one."""
    ran = cli(SERVICE, *arguments, "--exit-zero", DOCKER_HOST=NO_ENGINE)

    assert (ran.code, ran.out) == (3, "")
    last = ran.err.splitlines()[-1]
    assert last.startswith(("aiaudit: no boot: No container engine", "aiaudit: no proof: No container engine"))
    assert NO_ENGINE in last
    assert "https://docs.docker.com/engine/install/" in last


def test_without_an_engine_the_findings_about_files_are_there(cli: Cli) -> None:
    """And the audit is incomplete all the same."""
    files = cli(SERVICE, "--format", "concise")
    both = cli(SERVICE, "check", "--boot", "--format", "concise", DOCKER_HOST=NO_ENGINE)

    assert files.code == 1
    assert (both.code, both.out) == (3, files.out)
    assert both.err.splitlines()[-1].startswith("aiaudit: incomplete audit and boot: no boot: No container engine")


def test_two_folders_are_not_booted_in_one_run(cli: Cli) -> None:
    """`check` takes many, a boot one."""
    ran = cli(SERVICE | {"b/app.py": "", "c/app.py": ""}, "check", "--boot", "b", "c", DOCKER_HOST=NO_ENGINE)

    assert (ran.code, ran.out) == (2, "")
    assert "one folder is booted at a time" in ran.err


def test_a_wrong_table_in_the_configuration(cli: Cli) -> None:
    """File, line, the closest right word."""
    ran = cli(SERVICE | {"aiaudit.toml": '[boot]\nhelath = "/up"\n'}, "boot", DOCKER_HOST=NO_ENGINE)

    assert ran.code == 2
    assert "aiaudit.toml:2: unknown key 'boot.helath'; did you mean 'health'?" in ran.err


@pytest.mark.parametrize("command", ["boot", "prove"])
def test_help(cli: Cli, command: str) -> None:
    """Every option explains itself, and so do the exit codes."""
    ran = cli({}, command, "--help")

    assert ran.code == 0
    assert "--build-arg NAME[=VALUE]" in ran.out
    assert "Exit codes: 0" in ran.out


@pytest.mark.parametrize("arguments", [["--version"], ["check"], ["rules"]])
def test_nothing_of_a_boot_is_imported_by_others(tmp_path: Path, arguments: list[str]) -> None:
    """Neither the docker package nor what drives it."""
    ran = run_cli(*arguments, cwd=write_tree(tmp_path / "tree", {"app.py": "x = 1\n"}), python=("-X", "importtime"))
    imported = {line.rpartition("|")[2].strip() for line in ran.err.splitlines()}

    assert "aiaudit.cli" in imported
    assert not imported & {"docker", "requests", "aiaudit.boot.run", "aiaudit.boot.engine", "aiaudit.boot.matrix"}
