"""Development packages in requirements that a Dockerfile exports from a lock: what each tool takes when not told."""

from __future__ import annotations

from pathlib import Path

import pytest

from aiaudit.model.development import development_packages
from tests.model.test_image import images_of

_PROJECT = '[project]\nname = "x"\ndependencies = ["a"]\n[dependency-groups]\ndev = ["pytest"]\nlint = ["ruff"]\n'
_POETRY = (
    '[tool.poetry]\nname = "x"\n[tool.poetry.dependencies]\na = "1"\n'
    '[tool.poetry.group.dev.dependencies]\npytest = "8"\n'
    '[tool.poetry.group.lint.dependencies]\nruff = "1"\n'
)
_LOCK = "".join(f'[[package]]\nname = "{name}"\nversion = "1"\n' for name in ("a", "pytest", "ruff"))
_PIPFILE = '[packages]\na = "*"\n[dev-packages]\npytest = "*"\n'
_PIPFILE_LOCK = '{"_meta": {}, "default": {"a": {"version": "==1"}}, "develop": {"pytest": {"version": "==1"}}}'


@pytest.mark.parametrize(
    ("export", "files", "expected"),
    [
        ("uv export -o r.txt", {"pyproject.toml": _PROJECT, "uv.lock": _LOCK}, ["pytest"]),
        ("uv export --no-dev -o r.txt", {"pyproject.toml": _PROJECT, "uv.lock": _LOCK}, []),
        ("uv export --no-default-groups > r.txt", {"pyproject.toml": _PROJECT, "uv.lock": _LOCK}, []),
        ("uv export --no-dev --group lint > r.txt", {"pyproject.toml": _PROJECT, "uv.lock": _LOCK}, ["ruff"]),
        ("pdm export -o r.txt", {"pyproject.toml": _PROJECT, "pdm.lock": _LOCK}, ["pytest"]),
        ("pdm export --prod -o r.txt", {"pyproject.toml": _PROJECT, "pdm.lock": _LOCK}, []),
        ("poetry export -o r.txt", {"pyproject.toml": _POETRY, "poetry.lock": _LOCK}, []),
        ("poetry export --only main -o r.txt", {"pyproject.toml": _POETRY, "poetry.lock": _LOCK}, []),
        ("poetry export --only main,lint -o r.txt", {"pyproject.toml": _POETRY, "poetry.lock": _LOCK}, ["ruff"]),
        ("poetry export --with=dev -o r.txt", {"pyproject.toml": _POETRY, "poetry.lock": _LOCK}, ["pytest"]),
        ("poetry export --dev -o r.txt", {"pyproject.toml": _POETRY, "poetry.lock": _LOCK}, ["pytest", "ruff"]),
        ("pipenv requirements > r.txt", {"Pipfile": _PIPFILE, "Pipfile.lock": _PIPFILE_LOCK}, []),
        ("pipenv requirements --dev > r.txt", {"Pipfile": _PIPFILE, "Pipfile.lock": _PIPFILE_LOCK}, ["pytest"]),
        ("pipenv lock -r > r.txt", {"Pipfile": _PIPFILE, "Pipfile.lock": _PIPFILE_LOCK}, []),
        # of two exports the one counts that writes the file
        (
            "poetry export -o r.txt && poetry export --with dev -o d.txt",
            {"pyproject.toml": _POETRY, "poetry.lock": _LOCK},
            [],
        ),
    ],
)
def test_exported_groups(tmp_path: Path, export: str, files: dict[str, str], expected: list[str]) -> None:
    dockerfile = (
        f"FROM python:3.12 AS b\nWORKDIR /t\nCOPY {' '.join(files)} ./\nRUN {export}\n"
        "FROM python:3.12-slim\nCOPY --from=b /t/r.txt .\nRUN pip install -r r.txt\n"
    )
    (image,) = images_of(tmp_path, {**files, "Dockerfile": dockerfile})
    ((_, install),) = image.final.installs

    assert [item.name for item in development_packages(install, image)] == expected
