"""The fix of source-before-dependencies: what it writes, and that nothing is found afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest

from aiaudit.fix import Safety
from tests.support import audit_folder, write_tree

FILES = {"requirements.txt": "fastapi==0.115.6\n", "app/main.py": "app = 1\n"}
START = "FROM python:3.12-slim\nWORKDIR /app\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            'COPY . .\nRUN pip install -r requirements.txt\nCMD ["x"]\n',
            'COPY requirements.txt ./\nRUN pip install -r requirements.txt\nCOPY . .\nCMD ["x"]\n',
        ),
        (
            "COPY . .\n# install\nRUN pip install uv \\\n    && uv pip install --system -r requirements.txt\n",
            "COPY requirements.txt ./\nRUN pip install uv \\\n    && uv pip install --system -r requirements.txt\n"
            "COPY . .\n# install\n",
        ),
    ],
)
def test_the_install_moves_ahead(tmp_path: Path, before: str, after: str) -> None:
    write_tree(tmp_path, {**FILES, "Dockerfile": START + before})
    (reported,) = audit_folder(tmp_path, select=("IMG101",)).findings
    fix = reported.finding.fix
    assert fix is not None

    fixed = fix.applied("Dockerfile", START + before)

    assert fix.safety is Safety.UNSAFE
    assert fixed == START + after
    write_tree(tmp_path, {"Dockerfile": fixed})
    assert audit_folder(tmp_path, select=("IMG101",)).findings == ()


@pytest.mark.parametrize(
    "dockerfile",
    [
        "COPY . .\nRUN python setup_models.py && pip install -r requirements.txt\n",  # runs the source as well
        "COPY . .\nRUN uv sync\n",
        "COPY . .\nENV A=1\nRUN pip install -r requirements.txt\n",
        "COPY app app\nCOPY . .\nRUN pip install -r requirements.txt\n",
    ],
)
def test_no_fix_where_more_has_to_be_thought_of(tmp_path: Path, dockerfile: str) -> None:
    more = {"pyproject.toml": "[project]\nname='x'\ndependencies=['fastapi']\n"}
    write_tree(tmp_path, {**FILES, **more, "Dockerfile": START + dockerfile})

    (reported,) = audit_folder(tmp_path, select=("IMG101",)).findings

    assert reported.finding.fix is None
