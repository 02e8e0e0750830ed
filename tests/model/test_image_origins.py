"""Base images, what the container needs, and servers that Python code starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from aiaudit.model.image import Image, images
from aiaudit.model.image.launches import launches
from aiaudit.model.image.needs import compiles_at_run_time, works_with_git
from aiaudit.model.image.origins import default_shell, default_user, gives_up_root, platform_sets_user, reference
from aiaudit.model.service import Service
from aiaudit.sources.store import Store
from aiaudit.workspace import Scope, Workspace
from tests.support import write_tree


def image_of(folder: Path, dockerfile: str, **files: str) -> Image:
    tree = {"Dockerfile": dockerfile, **{name.replace("__", "/"): text for name, text in files.items()}}
    write_tree(folder, tree)
    (made,) = images(Service(Workspace(Scope(str(folder)), Store())))
    return made


@pytest.mark.parametrize(
    ("text", "registry", "name", "tag", "digest"),
    [
        ("python", "", "python", "", ""),
        ("python:3.13", "", "python", "3.13", ""),
        ("docker.io/library/python:3.13", "docker.io", "python", "3.13", ""),
        ("public.ecr.aws/docker/library/python:3.13", "public.ecr.aws/docker", "python", "3.13", ""),
        ("localhost/a/b", "localhost", "a/b", "", ""),
        ("registry.example.com:5000/a/b", "registry.example.com:5000", "a/b", "", ""),
        ("registry.example.com:5000/a/b:1@sha256:ab", "registry.example.com:5000", "a/b", "1", "sha256:ab"),
        ("tiangolo/uvicorn-gunicorn", "", "tiangolo/uvicorn-gunicorn", "", ""),
    ],
)
def test_references(text: str, registry: str, name: str, tag: str, digest: str) -> None:
    found = reference(text)
    assert (found.registry, found.name, found.tag, found.digest) == (registry, name, tag, digest)


@pytest.mark.parametrize(
    ("base", "shell"),
    [
        ("python:3.13-slim", "dash"),
        ("nvidia/cuda:12.4.1-runtime-ubuntu22.04", "dash"),
        ("python:3.13-alpine", "ash"),
        ("nvidia/cuda:12.4.1-runtime-rockylinux9", "bash"),
        ("registry.access.redhat.com/ubi9/python-312", "bash"),
        ("registry.example.com/team/service:1", ""),
        ("${BASE}", ""),
    ],
)
def test_what_the_shell_of_a_base_is(tmp_path: Path, base: str, shell: str) -> None:
    assert default_shell(image_of(tmp_path, f"ARG BASE\nFROM {base}\n").final) == shell


@pytest.mark.parametrize(
    ("base", "user"),
    [
        ("python:3.13-slim", "root"),
        ("gcr.io/distroless/python3-debian12", "root"),
        ("gcr.io/distroless/python3-debian12:nonroot", "65532"),
        ("cgr.dev/chainguard/python:latest", "65532"),
        ("cgr.dev/chainguard/wolfi-base", "root"),
        ("quay.io/jupyter/base-notebook:2024-12-02", "jovyan"),
        ("registry.access.redhat.com/ubi9/python-312", "1001"),
        ("registry.access.redhat.com/ubi9/ubi:9.5", "root"),
        ("registry.example.com/team/service:1", None),
        ("${BASE}", None),
    ],
)
def test_the_user_of_a_base(tmp_path: Path, base: str, user: str | None) -> None:
    assert default_user(image_of(tmp_path, f"ARG BASE\nFROM {base}\n").final) == user


def test_the_user_of_a_base_behind_a_stage(tmp_path: Path) -> None:
    made = image_of(tmp_path, "FROM quay.io/jupyter/base-notebook:2024-12-02 AS base\nFROM base\n")
    assert default_user(made.final) == "jovyan"


def test_platforms_that_set_the_user(tmp_path: Path) -> None:
    assert platform_sets_user(image_of(tmp_path, "FROM public.ecr.aws/lambda/python:3.13\n").final)


@pytest.mark.parametrize(
    ("lines", "gives_up"),
    [
        ('FROM alpine:3\nCMD ["su-exec", "app", "python", "x.py"]\n', True),
        ('FROM debian:12\nENTRYPOINT ["tini", "--", "gosu", "app", "python", "x.py"]\n', True),
        ('FROM debian:12\nCMD ["python", "gosu.py"]\n', False),
        ("FROM postgres:17\n", True),
        ('FROM postgres:17\nENTRYPOINT ["python", "x.py"]\n', False),
        ('FROM nginx:1.27\nENTRYPOINT ["nginx", "-g", "daemon off;"]\n', True),
    ],
)
def test_commands_that_give_up_root(tmp_path: Path, lines: str, gives_up: bool) -> None:
    assert gives_up_root(image_of(tmp_path, lines)) is gives_up


def test_what_runs_needs_a_compiler_or_git(tmp_path: Path) -> None:
    compiling = image_of(
        tmp_path / "a", "FROM python:3.13\nCOPY requirements.txt ./\nRUN pip install -r requirements.txt\n",
        **{"requirements.txt": "triton==3.1.0\ngitpython==3.1.43\n"},
    )  # fmt: skip
    assert compiles_at_run_time(compiling)
    assert works_with_git(compiling)
    plain = image_of(tmp_path / "b", "FROM python:3.13\nCOPY main.py ./\n", **{"main.py": "import digital\n"})
    assert not compiles_at_run_time(plain)
    assert not works_with_git(plain)
    calling = image_of(tmp_path / "c", "FROM python:3.13\nCOPY main.py ./\n", **{"main.py": 'run(["git", "pull"])\n'})
    assert works_with_git(calling)


FLASK = "from flask import Flask\n\n\ndef create():\n    return Flask(__name__)\n"


@pytest.mark.parametrize(
    ("main", "found"),
    [
        (
            "from app import create\napp = create()\nif __name__ == '__main__':\n    app.run(debug=True)\n",
            [("flask.Flask.run", ("debug",))],
        ),
        (
            "import uvicorn\n\n\ndef main():\n    uvicorn.run('app:app', reload=True)\n\n\nmain()\n",
            [("uvicorn.run", ("reload",))],
        ),
        (
            "from uvicorn import run as start\nRELOAD = True\nstart('app:app', reload=RELOAD)\n",
            [("uvicorn.run", ("reload",))],
        ),
        ("import uvicorn\nuvicorn.run('app:app', reload=False)\n", [("uvicorn.run", ())]),
        ("import os\nimport uvicorn\nuvicorn.run('app:app', reload=bool(os.getenv('DEV')))\n", [("uvicorn.run", ())]),
        ("import sys\nimport uvicorn\nif 'dev' in sys.argv:\n    uvicorn.run('app:app', reload=True)\n", []),
        ("import uvicorn\n\n\ndef never():\n    uvicorn.run('app:app', reload=True)\n", []),
        ("import subprocess\nsubprocess.run(['x'], reload=True)\n", []),
    ],
)
def test_servers_that_a_script_starts(tmp_path: Path, main: str, found: list[tuple[str, tuple[str, ...]]]) -> None:
    made = image_of(
        tmp_path, 'FROM python:3.13\nCOPY *.py ./\nCMD ["python", "main.py"]\n', **{"main.py": main, "app.py": FLASK}
    )
    (server,) = made.servers
    assert [(launch.name, launch.flags) for launch in launches(made, server)] == found


def test_a_condition_in_an_entry_script_is_told(tmp_path: Path) -> None:
    script = "#!/bin/sh\nif [ $DEV ]; then\n  uvicorn a:b --reload\nfi\nuvicorn a:b\n"
    made = image_of(tmp_path, 'FROM python:3.13\nCOPY start.sh ./\nCMD ["./start.sh"]\n', **{"start.sh": script})
    assert [(server.reload, server.is_conditional) for server in made.servers] == [(True, True), (False, False)]
