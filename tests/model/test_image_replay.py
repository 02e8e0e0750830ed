"""The replayed file system, build arguments, and the files that state how an image is built."""

from __future__ import annotations

from pathlib import Path

import pytest

from aiaudit.model.image import Presence
from aiaudit.model.image.prefixes import landings
from aiaudit.model.image.projects import project_module
from tests.model.test_image import image_of, images_of, landed


@pytest.mark.parametrize(
    ("command", "places"),
    [
        ("mv a.py b.py", {"/w/b.py", "/w/p/c.py"}),
        ("mv a.py p", {"/w/p/a.py", "/w/p/c.py"}),
        ("cp a.py /srv/x/", {"/w/a.py", "/w/p/c.py", "/srv/x/a.py"}),
        ("cp -r p q", {"/w/a.py", "/w/p/c.py", "/w/q/c.py"}),
        ("cp -r p/. /srv", {"/w/a.py", "/w/p/c.py", "/srv/c.py"}),
        ("mv p/* .", {"/w/a.py", "/w/c.py"}),
        ("rm -rf p", {"/w/a.py"}),
        ("rm *.py", {"/w/p/c.py"}),
        ("cd p && rm c.py", {"/w/a.py"}),
        ("if [ -f x ]; then rm a.py; fi", {"/w/a.py", "/w/p/c.py"}),
    ],
)
def test_moves_copies_and_removals(tmp_path: Path, command: str, places: set[str]) -> None:
    dockerfile = f"FROM python:3.12\nWORKDIR /w\nCOPY a.py ./\nCOPY p p\nRUN {command}\n"

    assert set(landed(image_of(tmp_path, dockerfile, a_py="", p__c_py=""))) == places


def test_what_is_removed_is_missing_and_what_may_be_removed_is_unknown(tmp_path: Path) -> None:
    dockerfile = "FROM python:3.12\nWORKDIR /w\nCOPY a.py b.py ./\nRUN rm a.py\nRUN test -f x || rm b.py\n"
    made = image_of(tmp_path, dockerfile, a_py="", b_py="")
    assert made.final.files is not None

    assert made.final.files.presence("/w/a.py") is Presence.MISSING
    assert made.final.files.is_blurred("/w/b.py")


def test_a_script_of_the_repository_may_write_the_places_that_it_names(tmp_path: Path) -> None:
    script = 'TARGET = "/srv/app"\nopen(TARGET + "/new.py", "w").write("")\n'
    made = image_of(tmp_path, "FROM python:3.12\nCOPY make.py /\nRUN python3 /make.py\n", make_py=script)
    assert made.final.files is not None

    assert made.final.files.presence("/srv/app/new.py") is Presence.UNKNOWN
    assert made.final.files.presence("/srv/other.py") is Presence.MISSING


def test_onbuild_runs_in_the_stage_that_is_built_on_it(tmp_path: Path) -> None:
    made = image_of(tmp_path, "FROM python:3.12 AS base\nONBUILD COPY a.py /w/\nFROM base\n", a_py="")

    assert landed(made) == {"/w/a.py": "a.py"}


def test_values_of_one_instruction_see_the_variables_before_it(tmp_path: Path) -> None:
    made = image_of(tmp_path, "FROM python:3.12\nENV A=1\nENV A=2 B=$A\nARG C=$B D=$C\n")

    assert made.final.environment == {"A": "2", "B": "1"}
    assert made.final.arguments == {"C": "1", "D": "$C"}


def test_platform_arguments_need_no_declaration_before_from(tmp_path: Path) -> None:
    dockerfile = (
        "FROM python:3.12 AS base-amd64\nFROM python:3.13 AS base-arm64\nFROM base-${TARGETARCH}\n"
        "ARG TARGETOS\nENV OS=$TARGETOS ARCH=$TARGETARCH\n"
    )
    made = image_of(tmp_path, dockerfile)

    assert made.final.parent is made.stages[0]
    assert made.final.environment == {"OS": "linux", "ARCH": "$TARGETARCH"}


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("Makefile", "NAME := api\nimage:\n\t@docker build -t $(NAME) -f docker/api.Dockerfile src\n"),
        ("build.sh", '#!/bin/sh\nCONTEXT=src\ndocker buildx build --push -f docker/api.Dockerfile "$CONTEXT"\n'),
        ("tools/build.sh", "#!/bin/sh\ncd ..\npodman build -f docker/api.Dockerfile ./src\n"),
        (
            ".github/workflows/image.yml",
            "jobs:\n  image:\n    steps:\n      - uses: docker/build-push-action@v6\n"
            "        with:\n          context: ./src\n          file: docker/api.Dockerfile\n",
        ),
        (
            ".github/workflows/image.yml",
            "jobs:\n  image:\n    steps:\n      - run: docker build -f api.Dockerfile ../src\n"
            "        working-directory: docker\n",
        ),
        ("docker-bake.hcl", 'target "api" {\n  context = "src"\n  dockerfile = "../docker/api.Dockerfile"\n}\n'),
    ],
)
def test_who_builds_says_what_the_context_is(tmp_path: Path, path: str, text: str) -> None:
    files = {path: text, "docker/api.Dockerfile": "FROM python:3.12\nCOPY a.py /\n", "src/a.py": "", "a.py": ""}
    (made,) = images_of(tmp_path, files)

    assert made.context.is_stated
    assert landed(made) == {"/a.py": "src/a.py"}


@pytest.mark.parametrize("context", ["$CONTEXT", "https://git.example.org/api.git", "-"])
def test_contexts_that_nobody_can_see_are_not_stated(tmp_path: Path, context: str) -> None:
    files = {"build.sh": f"docker build {context}\n", "Dockerfile": "FROM python:3.12\nCOPY a.py /\n", "a.py": ""}
    (made,) = images_of(tmp_path, files)

    assert not made.context.is_stated


def test_of_several_contexts_the_one_that_holds_most_counts(tmp_path: Path) -> None:
    compose = "services:\n  old:\n    build: {context: old, dockerfile: ../Dockerfile}\n  new:\n    build: .\n"
    files = {"compose.yaml": compose, "Dockerfile": "FROM python:3.12\nCOPY a.py /\n", "a.py": "", "old/b.py": ""}
    (made,) = images_of(tmp_path, files)

    assert made.context.folder == ""


_PROJECT = '[project]\nname = "my-service"\n\n[build-system]\nrequires = ["hatchling"]\n'


@pytest.mark.parametrize(
    ("install", "manifest", "module", "presence"),
    [
        ("pip install .", _PROJECT, "my_service.main", Presence.PRESENT),
        ("pip install .", _PROJECT, "other.main", Presence.MISSING),
        ("uv sync", '[project]\nname = "my-service"\n', "my_service.main", Presence.MISSING),
        ("uv sync --no-editable", _PROJECT, "my_service.main", Presence.PRESENT),
        ("pip install .", _PROJECT + '[tool.hatch.build.targets.wheel]\npackages = ["src/x"]\n', "my_service.main",
         Presence.UNKNOWN),
    ],
)  # fmt: skip
def test_installed_projects_bring_their_modules(
    tmp_path: Path, install: str, manifest: str, module: str, presence: Presence
) -> None:
    dockerfile = f"FROM python:3.12\nWORKDIR /w\nCOPY pyproject.toml ./\nCOPY src src\nRUN {install}\n"
    files = {"Dockerfile": dockerfile, "pyproject.toml": manifest, "src/my_service/main.py": "app = 1\n"}
    (made,) = images_of(tmp_path, files)

    assert project_module(made, module.split("."))[0] is presence


def test_an_editable_project_needs_its_source_in_the_final_stage(tmp_path: Path) -> None:
    builder = "FROM python:3.12 AS build\nWORKDIR /w\nCOPY . .\nRUN uv sync\nFROM python:3.12\n"
    files = {"pyproject.toml": _PROJECT, "src/my_service/main.py": "app = 1\n"}
    for copied, presence in (("/w/.venv /w/.venv", Presence.MISSING), ("/w /w", Presence.PRESENT)):
        (made,) = images_of(tmp_path, {**files, "Dockerfile": f"{builder}COPY --from=build {copied}\n"})

        assert project_module(made, ["my_service", "main"])[0] is presence


@pytest.mark.parametrize(
    ("lines", "prefix"),
    [
        ("RUN pip install x", "/usr/local"),
        ("RUN python -m venv /v && /v/bin/pip install x", "/v"),
        ("RUN python -m venv /v\nENV PATH=/v/bin:$PATH\nRUN pip install x", "/v"),
        ("RUN pip install --prefix=/install x", "/install"),
        ("RUN pip install --user x", None),
        ("RUN uv pip install --system x", "/usr/local"),
        ("ENV VIRTUAL_ENV=/v\nRUN uv pip install x", "/v"),
        ("RUN uv sync", "/w/.venv"),
        ("ENV UV_PROJECT_ENVIRONMENT=/v\nRUN uv sync", "/v"),
        ("ENV VIRTUAL_ENV=/v\nRUN uv sync --active", "/v"),
        ("ENV POETRY_VIRTUALENVS_CREATE=false\nRUN poetry install", "/usr/local"),
        ("RUN poetry config virtualenvs.in-project true && poetry install", "/w/.venv"),
        ("RUN poetry install", None),
        ("RUN conda install x", None),
    ],
)
def test_where_packages_land(tmp_path: Path, lines: str, prefix: str | None) -> None:
    made = image_of(tmp_path, f"FROM python:3.12\nWORKDIR /w\n{lines}\n")

    assert [item.prefix for item in landings(made.final)] == [prefix]
