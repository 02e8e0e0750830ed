"""The image model: contexts, stages, copies, installs, commands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from aiaudit.model.image import Dockerfile, Image, Install, Presence, dockerfiles, images
from aiaudit.model.service import Service
from aiaudit.sources.store import Store
from aiaudit.workspace import Scope, Workspace
from tests.support import write_tree


def images_of(folder: Path, files: dict[str, str]) -> list[Image]:
    write_tree(folder, files)
    return list(images(Service(Workspace(Scope(str(folder)), Store()))))


def image_of(folder: Path, dockerfile: str, **files: str) -> Image:
    paths = {re.sub("_(txt|py)$", r".\1", name).replace("__", "/"): text for name, text in files.items()}
    (made,) = images_of(folder, {"Dockerfile": dockerfile, **paths})
    return made


def installs_of(image: Image) -> list[Install]:
    return [install for _, install in image.final.installs]


def landed(image: Image) -> dict[str, str]:
    assert image.final.files is not None
    return image.final.files.files


# Contexts


def test_the_context_is_where_the_sources_are(tmp_path: Path) -> None:
    (made,) = images_of(
        tmp_path,
        {
            "docker/Dockerfile": "FROM python:3.12\nCOPY requirements.txt app ./\n",
            "requirements.txt": "x",
            "app/a.py": "",
        },
    )

    assert made.context.folder == ""


def test_the_own_folder_is_the_context_when_it_holds_the_sources(tmp_path: Path) -> None:
    files = {"api/Dockerfile": "FROM python:3.12\nCOPY main.py .\n", "api/main.py": "", "main.py": ""}
    (made,) = images_of(tmp_path, files)

    assert made.context.folder == "api"


def test_compose_decides_context_target_and_arguments(tmp_path: Path) -> None:
    compose = "services:\n  api:\n    build:\n      context: ./src\n      dockerfile: ../docker/api.Dockerfile\n"
    compose += "      target: web\n      args:\n        VERSION: '3.12'\n"
    dockerfile = "ARG VERSION=3.9\nFROM python:${VERSION}-slim AS web\nFROM web AS debug\nUSER root\n"
    (made,) = images_of(tmp_path, {"compose.yaml": compose, "docker/api.Dockerfile": dockerfile, "src/main.py": ""})

    assert made.context.folder == "src"
    assert made.context.is_stated
    assert made.final.name == "web"
    assert made.final.base == "python:3.12-slim"


def test_what_a_context_lacks_speaks_for_the_one_above(tmp_path: Path) -> None:
    dockerfile = "FROM node:22\nWORKDIR /app\nCOPY . .\nRUN cd web && npm ci\n"
    (made,) = images_of(tmp_path, {"web/Dockerfile": dockerfile, "web/package.json": "{}", "web/index.js": ""})

    assert made.context.folder == ""


def test_an_ignore_file_of_the_dockerfile_replaces_the_general_one(tmp_path: Path) -> None:
    files = {
        "Dockerfile": "FROM python:3.12\nCOPY . /app/\n",
        "Dockerfile.dockerignore": "a.py\n",
        ".dockerignore": "b.py\n",
        "a.py": "",
        "b.py": "",
    }
    (made,) = images_of(tmp_path, files)

    assert "/app/b.py" in landed(made)
    assert "/app/a.py" not in landed(made)


# Stages


def test_bases_resolve_through_arguments_and_stages(tmp_path: Path) -> None:
    dockerfile = "ARG BASE=python:3.12\nFROM ${BASE} AS build\nFROM build AS run\nFROM $UNKNOWN\n"
    made = image_of(tmp_path, dockerfile)

    assert [stage.base for stage in made.stages] == ["python:3.12", "build", "$UNKNOWN"]
    assert made.stages[1].lineage == (made.stages[0], made.stages[1])
    assert made.stages[1].root_base == "python:3.12"
    assert not made.stages[2].base_is_known


def test_state_is_inherited(tmp_path: Path) -> None:
    dockerfile = (
        'FROM python:3.12 AS base\nENV A=1\nENV A=2 B="$A/x"\nWORKDIR /srv\nWORKDIR app\nUSER app\n'
        'SHELL ["/bin/bash", "-c"]\n'
        'CMD ["x"]\nFROM base\nARG C=2\nENV D=$C$A\n'
    )
    made = image_of(tmp_path, dockerfile)

    assert made.final.environment == {"A": "2", "B": "1/x", "D": "22"}
    assert made.final.workdir == "/srv/app"
    assert made.final.user == "app"
    assert made.final.shell == ("/bin/bash", "-c")
    assert made.final.command is not None


def test_entrypoint_of_a_child_takes_the_inherited_command_away(tmp_path: Path) -> None:
    made = image_of(tmp_path, 'FROM python:3.12 AS base\nCMD ["x"]\nFROM base\nENTRYPOINT ["y"]\n')

    assert made.final.command is None


def test_shipped_and_copied_stages(tmp_path: Path) -> None:
    dockerfile = (
        "FROM python:3.12 AS deps\nFROM deps AS build\nFROM python:3.12 AS tests\nFROM python:3.12-slim\n"
        "COPY --from=build /opt/venv /opt/venv\n"
    )
    made = image_of(tmp_path, dockerfile)

    assert [stage.name for stage in made.shipped] == [None]
    assert [stage.name for stage in made.copied_from] == ["build"]
    assert [stage.name for stage in made.used] == ["deps", "build", None]


# Copies


@pytest.mark.parametrize(
    ("copy", "places"),
    [
        ("COPY app/main.py .", {"/w/main.py"}),
        ("COPY app/main.py main", {"/w/main"}),
        ("COPY app/main.py /srv/x/", {"/srv/x/main.py"}),
        ("COPY app/main.py /w", {"/w/main.py"}),  # /w is a folder already
        ("COPY app /srv/x", {"/srv/x/main.py", "/srv/x/core/a.py"}),
        ("COPY app ./app/", {"/w/app/main.py", "/w/app/core/a.py"}),
        ("COPY app/*.py ./", {"/w/main.py"}),
        ("COPY app/core* ./", {"/w/a.py"}),
        ("COPY app/main.py app/core/a.py ./", {"/w/main.py", "/w/a.py"}),
        ("COPY --parents app/core/a.py ./", {"/w/app/core/a.py"}),
        ("COPY --parents app/./core/a.py ./", {"/w/core/a.py"}),
        ("COPY --parents app/**/a.py ./", {"/w/app/core/a.py"}),
        ("COPY --exclude=core app ./", {"/w/main.py"}),
        ('COPY ["app/main.py", "./"]', {"/w/main.py"}),
        ("ENV T=/t\nCOPY app/main.py $T/", {"/t/main.py"}),
    ],
)
def test_where_files_land(tmp_path: Path, copy: str, places: set[str]) -> None:
    made = image_of(tmp_path, f"FROM python:3.12\nWORKDIR /w\n{copy}\n", app__main_py="", app__core__a_py="")

    assert set(landed(made)) == places


def test_files_travel_from_stage_to_stage(tmp_path: Path) -> None:
    dockerfile = (
        "FROM python:3.12 AS a\nWORKDIR /src\nCOPY . .\nRUN python -m venv /opt/venv\nFROM python:3.12-slim\n"
        "COPY --from=a /src/app /srv/app\nCOPY --from=0 /opt/venv /opt/venv\n"
    )
    made = image_of(tmp_path, dockerfile, app__main_py="")
    assert made.final.files is not None

    assert landed(made) == {"/srv/app/main.py": "app/main.py"}
    assert made.final.files.presence("/opt/venv/bin/uvicorn") is Presence.UNKNOWN
    assert made.final.files.presence("/srv/app/other.py") is Presence.MISSING


def test_missing_sources_are_told(tmp_path: Path) -> None:
    made = image_of(tmp_path, "FROM python:3.12\nCOPY nothing.txt main.py ./\n", main_py="")
    copy = made.final.layers[-1].copy

    assert copy is not None
    assert copy.missing == ("nothing.txt",)
    assert copy.files == ("main.py",)
    assert made.final.files is not None
    assert made.final.files.presence("/nothing.txt") is Presence.UNKNOWN


@pytest.mark.parametrize(
    "command",
    ["mv /tmp/x /w/new.py", "git clone https://e.org/new /w/new.py", "cp a.py new.py", "echo 1 > new.py",
     "curl -o new.py https://e.org", "tar xf a.tar", "make"],
)  # fmt: skip
def test_commands_make_places_unknown(tmp_path: Path, command: str) -> None:
    made = image_of(tmp_path, f"FROM python:3.12\nWORKDIR /w\nRUN {command}\n")
    assert made.final.files is not None

    assert made.final.files.presence("/w/new.py") is Presence.UNKNOWN


@pytest.mark.parametrize("base", ["tiangolo/uvicorn-gunicorn-fastapi", "$UNKNOWN", "registry.example.org/team/base:1"])
def test_bases_with_applications_of_their_own_leave_everything_open(tmp_path: Path, base: str) -> None:
    dockerfile = f"FROM {base}\nCOPY requirements.txt .\nRUN pip install -r requirements.txt -r other.txt\n"
    made = image_of(tmp_path, dockerfile, requirements_txt="x")

    assert [item.presence for item in installs_of(made)[0].inputs] == [Presence.PRESENT, Presence.UNKNOWN]


# Installs


@pytest.mark.parametrize(
    ("command", "tool", "packages"),
    [
        ("pip install --no-cache-dir fastapi 'uvicorn[standard]==0.34'", "pip", ["fastapi", "uvicorn"]),
        ("python3.12 -m pip install torch==$VERSION", "pip", ["torch"]),
        ("/opt/venv/bin/pip3 install --index-url https://e.org x", "pip", ["x"]),
        ("sudo -u app env A=1 pip install x", "pip", ["x"]),
        ("bash -lc 'pip install x'", "pip", ["x"]),
        ("uv pip install --system x", "uv pip", ["x"]),
        ("conda run -n env pip install x", "pip", ["x"]),
        ("conda install -y -c pytorch pytorch::torchvision=0.2", "conda", ["torchvision"]),
        ("apt-get update && apt-get install -y gcc=4:12 libpq-dev", "apt", ["gcc", "libpq-dev"]),
        ("apk add --no-cache --virtual .build gcc", "apk", ["gcc"]),
        ("npm install -g serve", "npm", ["serve"]),
    ],
)
def test_named_packages(tmp_path: Path, command: str, tool: str, packages: list[str]) -> None:
    (install,) = installs_of(image_of(tmp_path, f"FROM python:3.12\nRUN {command}\n"))

    assert install.tool == tool
    assert [package.name for package in install.packages] == packages


@pytest.mark.parametrize("command", ["pip --version", "pip download x", "uv venv", "poetry export", "apt-get update",
                                     "npm run build", "conda clean -a", "echo pip install x"])  # fmt: skip
def test_other_commands_are_no_installs(tmp_path: Path, command: str) -> None:
    assert installs_of(image_of(tmp_path, f"FROM python:3.12\nRUN {command}\n")) == []


def test_projects_and_groups(tmp_path: Path) -> None:
    dockerfile = (
        "FROM python:3.12\nRUN pip install -e '.[web,gpu]'\nRUN uv sync --locked --no-dev --extra web\n"
        "RUN uv sync --no-install-project\nRUN poetry install --only main --no-root\nRUN pdm sync --prod --no-self\n"
    )
    editable, sync, dependencies, poetry, pdm = installs_of(image_of(tmp_path, dockerfile))

    assert (editable.project, editable.editable, editable.extras) == (".", True, ("web", "gpu"))
    assert (sync.project, sync.without_development, sync.extras) == (".", True, ("web",))
    assert (dependencies.project, dependencies.reads) == ("", ("pyproject.toml", "uv.lock"))
    assert (poetry.project, poetry.without_development, poetry.without_main) == ("", True, False)
    assert (pdm.project, pdm.without_development) == ("", True)


def test_inputs_are_looked_up_where_the_command_runs(tmp_path: Path) -> None:
    dockerfile = (
        "FROM python:3.12\nCOPY requirements.txt /build/\nWORKDIR /app\n"
        "RUN pip install -r requirements.txt; cd /build && pip install -r requirements.txt\n"
        "RUN --mount=type=bind,source=requirements.txt,target=/tmp/r.txt pip install -r /tmp/r.txt\n"
    )
    inputs = [install.inputs[0] for install in installs_of(image_of(tmp_path, dockerfile, requirements_txt="x"))]

    assert [item.presence for item in inputs] == [Presence.MISSING, Presence.PRESENT, Presence.PRESENT]
    assert [item.source for item in inputs] == [None, "requirements.txt", "requirements.txt"]


# Commands


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ('CMD ["uvicorn", "app.main:app", "--port", "80"]', ("uvicorn", "module", "app.main", "app", "80")),
        ("CMD uvicorn app.main:app --port ${PORT:-8000}", ("uvicorn", "module", "app.main", "app", "8000")),
        ('CMD ["python", "-m", "uvicorn", "main:app", "-p", "1"]', ("uvicorn", "module", "main", "app", "1")),
        ('ENTRYPOINT ["tini", "--"]\nCMD ["gunicorn", "-b", ":90", "a:b()"]', ("gunicorn", "module", "a", "b", "90")),
        ('ENTRYPOINT ["sh", "-c", "exec uvicorn x:y"]', ("uvicorn", "module", "x", "y", "")),
        ('CMD ["python", "main.py"]', ("python", "script", "", "", "")),
        ('CMD ["python", "-m", "app.main"]', ("python", "package", "app.main", "", "")),
        ('CMD ["uv", "run", "--no-sync", "fastapi", "run", "app/main.py"]', ("fastapi", "script", "", "", "")),
        ("ENV FLASK_APP=web.app\nCMD flask run --host 0.0.0.0", ("flask", "module", "web.app", "", "")),
        ('CMD ["celery", "-A", "tasks.app", "worker"]', ("celery", "module", "tasks.app", "", "")),
        ('CMD ["streamlit", "run", "ui.py", "--server.port", "8501"]', ("streamlit", "script", "", "", "8501")),
        ('CMD ["python", "manage.py", "runserver", "0.0.0.0:8000"]', ("manage.py", "script", "", "", "8000")),
    ],
)
def test_servers(tmp_path: Path, lines: str, expected: tuple[str, str, str, str, str]) -> None:
    (server,) = image_of(tmp_path, f"FROM python:3.12\n{lines}\n").servers

    module = server.module if server.kind != "script" else ""
    assert (server.program, server.kind, module, server.attribute, server.port) == expected


def test_scripts_are_opened(tmp_path: Path) -> None:
    files = {
        "Dockerfile": 'FROM python:3.12\nCOPY run.sh /app/\nWORKDIR /app\nENTRYPOINT ["./run.sh"]\nCMD ["--reload"]\n',
        "run.sh": '#!/bin/bash\nHOST=${HOST:-0.0.0.0}\ncd src\nexec uvicorn app:app --host "$HOST" --workers 4\n',
    }
    (made,) = images_of(tmp_path, files)
    (server,) = made.servers

    assert made.command is not None
    assert made.command.script == "run.sh"
    assert (server.host, server.workers, server.folder) == ("0.0.0.0", "4", "/app/src")
    assert (server.span.path, server.span.line) == ("run.sh", 4)


@pytest.mark.parametrize("handed", ['exec "$@"', 'readonly cmd="$*"\nexec $cmd', 'WORDS="$@"\n${WORDS}'])
def test_a_script_that_hands_over_runs_the_command(tmp_path: Path, handed: str) -> None:
    files = {
        "Dockerfile": 'FROM python:3.12\nCOPY entrypoint.sh /\nENTRYPOINT ["/entrypoint.sh"]\nCMD ["uvicorn", "a:b"]\n',
        "entrypoint.sh": '#!/bin/sh\nset -e\npython -c "print(1)"\n' + handed + "\n",
    }
    (made,) = images_of(tmp_path, files)

    assert [(server.target, server.span.path) for server in made.servers] == [("a:b", "Dockerfile")]


def test_files_without_a_stage_are_no_images(tmp_path: Path) -> None:
    assert images_of(tmp_path, {"Dockerfile": "RUN x\n"}) == []


def dockerfiles_of(folder: Path, files: dict[str, str]) -> list[Dockerfile]:
    write_tree(folder, files)
    return list(dockerfiles(Service(Workspace(Scope(str(folder)), Store()))))


def test_a_file_without_a_stage_still_has_instructions_and_commands(tmp_path: Path) -> None:
    """What a fragment does is known, though no image comes of it."""
    files = {"Dockerfile": "FROM scratch\n", "part/Dockerfile": "ENV A=1\nONBUILD RUN sudo python3 -m pip install x\n"}
    whole, part = dockerfiles_of(tmp_path, files)

    assert isinstance(whole, Image)
    assert not isinstance(part, Image)
    assert [stage.base_is_known for stage in part.shipped] == [False]
    (placed,) = part.usage.placed("RUN")
    assert placed.is_trigger
    (call,) = part.usage.calls(["pip"])
    assert call.texts == ("install", "x")
    assert [pair.value for placed in part.usage.placed("ENV") for pair in placed.instruction.pairs] == ["1"]


@pytest.mark.parametrize(
    ("options", "final"),
    [
        ("--target assets --output type=local,dest=out", "app"),
        ("--target assets -o out", "app"),
        ("--target assets --output type=image,push=true", "assets"),
        ("--target assets", "assets"),
    ],
)
def test_a_build_that_hands_out_files_does_not_say_what_ships(options: str, final: str, tmp_path: Path) -> None:
    """Its target is a stage on the way."""
    files = {
        "Dockerfile": "FROM node:22 AS assets\nRUN make\nFROM python:3.13 AS app\n",
        "build.sh": f"docker buildx build {options} .\n",
    }
    (image,) = images_of(tmp_path, files)

    assert image.final.name == final


_STAGES = (
    "FROM python:3.12-slim AS base\nFROM base AS development\nRUN pip install pytest\nFROM base AS production\nUSER 1\n"
)


@pytest.mark.parametrize(
    ("files", "final"),
    [
        ({"compose.yml": "      context: .\n      target: development\n"}, "production"),
        ({"compose.yml": "      context: .\n      target: base\n"}, "base"),
        (
            {
                "compose.yml": "      context: .\n      dockerfile: docker/Dockerfile\n      target: base\n",
                "deploy/compose.prod.yml": "      target: production\n",
            },
            "production",
        ),
        (
            {
                "compose.dev.yml": "      context: .\n      target: base\n",
                "compose.yml": "      context: .\n      target: production\n",
            },
            "production",
        ),
    ],
)
def test_the_stage_that_ships_is_not_the_one_for_development(tmp_path: Path, files: dict[str, str], final: str) -> None:
    """A file laid over another says less than it means; names tell what is meant for production."""
    where = "docker/Dockerfile" if "deploy/compose.prod.yml" in files else "Dockerfile"
    composed = {path: f"services:\n  web:\n    build:\n{build}" for path, build in files.items()}

    (made,) = images_of(tmp_path, {**composed, where: _STAGES})

    assert made.final.name == final
