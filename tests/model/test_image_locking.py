"""Which installs a lock, pins or constraints decide, and which of them end in the image."""

from __future__ import annotations

from pathlib import Path

import pytest

from aiaudit.model.image.locking import loose_installs
from aiaudit.model.image.shipping import environment_of, shipped_installs
from tests.model.test_image import images_of

PROJECT = "[project]\nname = 'svc'\nversion = '1'\ndependencies = ['fastapi>=0.1', 'uvicorn==0.2']\n"
LOCK = (
    "version = 1\n[[package]]\nname = 'fastapi'\nversion = '0.1'\nsource = { registry = 'https://pypi.org/simple' }\n"
)
POETRY = "[tool.poetry]\nname = 'svc'\nversion = '1'\n[tool.poetry.dependencies]\nfastapi = '^0.1'\n"


def loose(folder: Path, steps: str, files: dict[str, str]) -> list[tuple[list[str], str, bool]]:
    (image,) = images_of(folder, {**files, "Dockerfile": f"FROM python:3.12\nWORKDIR /app\n{steps}\n"})
    return [([item.name for item in found.open], found.lock, found.is_read) for found in loose_installs(image)]


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ("COPY . .\nRUN uv sync --locked", []),
        ("COPY . .\nRUN UV_FROZEN=1 uv sync", []),
        ("ENV UV_LOCKED=true\nCOPY . .\nRUN uv sync", []),
        ("ENV UV_LOCKED=0\nCOPY . .\nRUN uv sync", [([], "uv.lock", True)]),
        ("COPY . .\nRUN uv sync --no-dev", [([], "uv.lock", True)]),
        ("COPY pyproject.toml .\nRUN uv sync --no-dev", [(["fastapi"], "uv.lock", False)]),
        ("COPY . .\nRUN pip install -e .", [(["fastapi"], "uv.lock", False)]),
        ("COPY . .\nRUN pip install --no-deps .", []),
        ("COPY . .\nRUN uv sync --locked --no-install-project && pip install .", []),
    ],
)
def test_locks_of_uv(tmp_path: Path, steps: str, expected: list[tuple[list[str], str, bool]]) -> None:
    assert loose(tmp_path, steps, {"pyproject.toml": PROJECT, "uv.lock": LOCK, "app.py": ""}) == expected


@pytest.mark.parametrize(
    ("steps", "files", "expected"),
    [
        ("COPY . .\nRUN poetry install", {"pyproject.toml": POETRY, "poetry.lock": LOCK}, []),
        ("COPY . .\nRUN poetry install", {"pyproject.toml": POETRY}, [(["fastapi"], "", False)]),
        ("COPY . .\nRUN uv sync", {"pyproject.toml": PROJECT}, [(["fastapi"], "", False)]),
        # The lock is made before the build: somebody else's matter.
        ("COPY pyproject.toml uv.lock ./\nRUN uv sync", {"pyproject.toml": PROJECT}, []),
        ("COPY . .\nRUN pip install -r r.txt -c https://example.com/c.txt", {"r.txt": "fastapi\n"}, []),
        ("ENV PIP_CONSTRAINT=/c.txt\nCOPY . .\nRUN pip install -r requirements.txt", {"requirements.txt": "a\n"}, []),
    ],
)
def test_other_locks(
    tmp_path: Path, steps: str, files: dict[str, str], expected: list[tuple[list[str], str, bool]]
) -> None:
    assert loose(tmp_path, steps, files) == expected


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ("RUN pip install a", "/usr/local"),
        ("RUN pip install --prefix=/install a", "/install"),
        ("RUN pip wheel -w /wheels a", "/wheels"),
        ("RUN /opt/venv/bin/pip install a", "/opt/venv"),
        ("ENV PATH=/opt/venv/bin:$PATH\nRUN pip install a", "/opt/venv"),
        ("ENV VIRTUAL_ENV=/env\nRUN pip install a", "/env"),
        ("RUN pip install --user a", "/root/.local"),
        ("RUN uv sync", "/app/.venv"),
        ("ENV UV_PROJECT_ENVIRONMENT=/venv\nRUN uv sync", "/venv"),
        ("RUN uv pip install a", "/app/.venv"),
        ("RUN uv pip install --system a", "/usr/local"),
    ],
)
def test_where_an_install_puts_its_packages(tmp_path: Path, steps: str, expected: str) -> None:
    (image,) = images_of(tmp_path, {"Dockerfile": f"FROM python:3.12\nWORKDIR /app\n{steps}\n"})
    ((layer, install),) = image.final.installs

    assert environment_of(install, layer) == expected


@pytest.mark.parametrize(
    ("copy", "ships"),
    [
        ("COPY --from=0 /app/.venv /app/.venv", True),
        ("COPY --from=0 /app /app", True),
        ("COPY --from=0 /app/.venv/lib/python3.12/site-packages /usr/lib/python3", True),
        ("COPY --from=0 /app/dist /app/dist", False),
        ("COPY --from=middle /app /app", True),
    ],
)
def test_installs_that_ship(tmp_path: Path, copy: str, ships: bool) -> None:
    dockerfile = "FROM python:3.12\nWORKDIR /app\nRUN uv sync\n"
    dockerfile += "FROM python:3.12 AS middle\nCOPY --from=0 /app /app\n" if "middle" in copy else ""
    (image,) = images_of(tmp_path, {"Dockerfile": f"{dockerfile}FROM python:3.12-slim\n{copy}\n"})

    assert bool(list(shipped_installs(image))) is ships
