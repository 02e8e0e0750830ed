"""What comes too early in an image, what gets into it, and what is missing in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from aiaudit.model.image.contents import contents, environment_files
from aiaudit.model.image.imports import broken_imports
from aiaudit.model.image.order import premature_before_downloads, premature_copies, volatile_values
from aiaudit.model.image.targets import missing_targets
from tests.model.test_image import images_of

INSTALL = "RUN pip install -r requirements.txt\n"


def lines_of(folder: Path, dockerfile: str, **more: str) -> list[int]:
    files = {"requirements.txt": "fastapi\n", "app/main.py": "app = 1\n", "pyproject.toml": "[project]\nname='x'\n"}
    files["scripts/setup.sh"] = "pip install -r requirements.txt\n"
    (image,) = images_of(folder, {**files, **more, "Dockerfile": f"FROM python:3.12\nWORKDIR /app\n{dockerfile}"})
    return [found.layer.instruction.extent.line for found in premature_copies(image)]


@pytest.mark.parametrize(
    ("dockerfile", "lines"),
    [
        (f"COPY . .\n{INSTALL}", [3]),
        (f"COPY requirements.txt .\n{INSTALL}COPY . .\n", []),
        (f"COPY app app\nCOPY requirements.txt .\n{INSTALL}", [3]),
        (f"COPY requirements.txt pyproject.toml ./\n{INSTALL}", []),
        (f"ADD app/main.py requirements.txt ./\n{INSTALL}", [3]),
        ("COPY . .\nRUN pip install uv\n", []),  # brings up an installer only
        ("COPY . .\nRUN apt-get update && apt-get install -y curl\n", [3]),
        (f"COPY requirements.txt .\n{INSTALL}COPY . .\nRUN pip install -e .\n", []),
        (f"COPY requirements.txt .\n{INSTALL}COPY . .\n{INSTALL}", []),  # already done
        ("COPY . .\nRUN poetry install\n", [3]),
        ("COPY pyproject.toml .\nRUN poetry install --no-root\nCOPY . .\nRUN poetry install\n", []),
        ("COPY . .\nRUN pip install .\n", []),  # the project requires nothing
        ("COPY . .\nRUN bash scripts/setup.sh\n", [3]),
        (f"COPY requirements.txt .\n{INSTALL}COPY . .\nRUN pip install gunicorn\n", []),  # a moment's work
        (f"COPY requirements.txt .\n{INSTALL}COPY . .\nRUN pip install torch\n", [5]),
        ("COPY . .\nRUN python -m compileall .\n", []),
        (f"COPY app/main.py .\nRUN python main.py\nCOPY requirements.txt .\n{INSTALL}", [3]),
    ],
)
def test_premature_copies(tmp_path: Path, dockerfile: str, lines: list[int]) -> None:
    assert lines_of(tmp_path, dockerfile) == lines


def test_project_with_dependencies_installed_by_pip(tmp_path: Path) -> None:
    project = "[project]\nname='x'\ndependencies=['fastapi']\n"

    more = {"pyproject.toml": project}

    assert lines_of(tmp_path, "COPY . .\nRUN pip install .\n", **more) == [3]
    assert lines_of(tmp_path, "COPY pyproject.toml ./\nCOPY app app\nRUN pip install .\n", **more) == []
    assert lines_of(tmp_path, "COPY pyproject.toml ./\nCOPY app/__init__.py app/\nRUN pip install .\n", **more) == []
    assert lines_of(tmp_path, "COPY pyproject.toml ./\nRUN pip install .\nCOPY app app\n", **more) == []
    assert lines_of(tmp_path, "COPY pyproject.toml ./\nCOPY app app\nRUN uv sync\n", **more) == [4]


@pytest.mark.parametrize("dependencies", [["torch"], ["fastapi", "httpx", "uvicorn"]])
def test_a_package_folder_repeats_dependencies_that_take_more_than_a_moment(
    tmp_path: Path, dependencies: list[str]
) -> None:
    more = {"pyproject.toml": f"[project]\nname='x'\ndependencies={dependencies}\n"}

    assert lines_of(tmp_path, "COPY pyproject.toml ./\nCOPY app app\nRUN pip install .\n", **more) == [4]


def test_one_result_for_all_copies_ahead_of_an_install(tmp_path: Path) -> None:
    files = {"requirements.txt": "x\n", "a/a.py": "", "b/b.py": ""}
    dockerfile = f"FROM python:3.12\nCOPY a a\nCOPY b b\nCOPY requirements.txt .\n{INSTALL}"
    (image,) = images_of(tmp_path, {**files, "Dockerfile": dockerfile})
    (found,) = premature_copies(image)

    assert found.layer.instruction.extent.line == 2
    assert [layer.instruction.extent.line for layer in found.others] == [3]


def test_a_virtual_environment_from_a_builder_counts_as_dependencies(tmp_path: Path) -> None:
    project = "[project]\nname='x'\ndependencies=['fastapi']\n"
    dockerfile = "FROM python:3.12 AS b\nFROM python:3.12\nCOPY --from=b /app/.venv /app/.venv\nCOPY . .\nRUN uv sync\n"
    (image,) = images_of(tmp_path, {"pyproject.toml": project, "app/a.py": "", "Dockerfile": dockerfile})

    assert premature_copies(image) == ()


def test_downloads(tmp_path: Path) -> None:
    script = "from transformers import x\nx.from_pretrained('m')\n"
    files = {"requirements.txt": "x\n", "app/a.py": "", "get.py": script}
    start = f"FROM python:3.12\nCOPY requirements.txt .\n{INSTALL}"
    early = f"{start}COPY app app\nCOPY get.py .\nRUN python get.py\n"
    right = f"{start}COPY get.py .\nRUN python get.py\nCOPY app app\n"
    (image, other) = images_of(tmp_path, {**files, "a.Dockerfile": early, "b.Dockerfile": right})

    assert [found.layer.instruction.extent.line for found in premature_before_downloads(image)] == [4]
    assert premature_before_downloads(other) == ()


@pytest.mark.parametrize(
    ("lines", "names"),
    [
        ("ARG GIT_SHA\n", ["GIT_SHA"]),
        ("ARG BUILD_NUMBER=0\n", ["BUILD_NUMBER"]),
        ("ARG CI_COMMIT_SHA\nENV REVISION=$CI_COMMIT_SHA\n", ["CI_COMMIT_SHA"]),
        ("ARG PYTHON_VERSION=3.12\nARG BUILD_ENV=prod\nARG TARGETARCH\n", []),
        ("ENV COMMIT=abc\n", []),  # a literal changes with the file alone
    ],
)
def test_volatile_values(tmp_path: Path, lines: str, names: list[str]) -> None:
    (image,) = images_of(tmp_path, {"requirements.txt": "x", "Dockerfile": f"FROM python:3.12\n{lines}{INSTALL}"})

    assert [found.name for found in volatile_values(image)] == names


def test_a_value_that_the_install_uses_is_in_place(tmp_path: Path) -> None:
    dockerfile = "FROM python:3.12\nARG GIT_COMMIT\nRUN pip install git+https://e.org/x@${GIT_COMMIT}\n"
    (image,) = images_of(tmp_path, {"Dockerfile": dockerfile})

    assert list(volatile_values(image)) == []


# What gets in


def test_contents_of_a_context(tmp_path: Path) -> None:
    files = {
        "Dockerfile": "FROM python:3.12\nCOPY . .\n",
        ".dockerignore": "*.pem\n",
        ".env.example": "A=\n",
        "key.pem": "x",
        "models/a.safetensors": "x",
        "db.sqlite3": "x",
    }
    (image,) = images_of(tmp_path, files)

    assert [content.path for content in contents(image)] == [".git", "db.sqlite3", "models/a.safetensors", ".env"]


def test_environment_files_of_a_copy(tmp_path: Path) -> None:
    files = {
        "Dockerfile": "FROM python:3.12\nCOPY config /config\n",
        "config/prod.env": "A=1",
        "config/.env.sample": "A=",
        ".env": "B=2",
    }
    (image,) = images_of(tmp_path, files)
    copy = image.final.layers[-1].copy

    assert copy is not None
    assert [content.path for content in environment_files(image, copy)] == ["config/prod.env"]


# What is missing


@pytest.mark.parametrize(
    ("lines", "kinds"),
    [
        ('COPY app app\nCMD ["uvicorn", "app.main:app"]\n', []),
        ('COPY app .\nCMD ["uvicorn", "app.main:app"]\n', ["module"]),
        ('COPY app .\nCMD ["uvicorn", "main:app"]\n', []),
        ('COPY app app\nCMD ["uvicorn", "app.main:other"]\n', ["attribute"]),
        ('COPY app app\nWORKDIR /srv\nCMD ["python", "app/main.py"]\n', ["file"]),
        ('COPY app app\nWORKDIR /srv\nCMD ["python", "/app/app/main.py"]\n', []),
        ('COPY app app\nRUN mv app other\nCMD ["uvicorn", "other.main:app"]\n', []),
        ('COPY app app\nCMD ["uvicorn", "litellm.proxy:app"]\n', []),  # a distribution's own server
        ('COPY app app\nRUN pip install .\nCMD ["uvicorn", "app.server:app"]\n', []),
        ("COPY app app\nCMD cd app && uvicorn main:app\n", []),
        ('COPY app app\nCMD ["gunicorn", "--chdir", "app", "main:app"]\n', []),
    ],
)
def test_missing_targets(tmp_path: Path, lines: str, kinds: list[str]) -> None:
    files = {"Dockerfile": f"FROM python:3.12\nWORKDIR /app\n{lines}", "app/main.py": "app = 1\n"}
    (image,) = images_of(tmp_path, files)

    assert [found.kind for found in missing_targets(image)] == kinds


def test_sources_mounted_by_compose_are_not_missing(tmp_path: Path) -> None:
    compose = "services:\n  api:\n    build: .\n    volumes: ['.:/app']\n"
    dockerfile = 'FROM python:3.12\nWORKDIR /app\nCOPY requirements.txt .\nCMD ["uvicorn", "main:app"]\n'
    files = {"Dockerfile": dockerfile, "requirements.txt": "x", "main.py": "app = 1", "compose.yaml": compose}
    (image,) = images_of(tmp_path, files)

    assert list(missing_targets(image)) == []


def test_imports_that_the_layout_breaks(tmp_path: Path) -> None:
    files = {
        "Dockerfile": 'FROM python:3.12\nWORKDIR /app\nCOPY app .\nCMD ["uvicorn", "main:app"]\n',
        "app/__init__.py": "",
        "app/main.py": "import os\nimport fastapi\nfrom app.core import x\napp = 1\n",
        "app/core.py": "x = 1\n",
    }
    (image,) = images_of(tmp_path, files)
    (found,) = broken_imports(image)

    assert (found.module, found.source, found.at_startup) == ("app.core", "app/core.py", True)
