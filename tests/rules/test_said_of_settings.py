"""What is said of settings that are read in requests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import audit_folder, write_tree

COMPARED = """
import os

from fastapi import FastAPI, Header

app = FastAPI()


@app.get("/state")
def state(x_key: str = Header()):
    if x_key != os.getenv("ADMIN_KEY"{default}):
        return {{}}
    return {{"state": "up"}}
"""
NOTHING = "the service starts without it and holds what requests bring against nothing"


@pytest.mark.parametrize(
    ("default", "expected"),
    [(', ""', NOTHING), ("", "the service starts without it, and requests fail later")],
)
def test_what_requests_bring_against_nothing(tmp_path: Path, default: str, expected: str) -> None:
    """An empty text is what anybody may bring; None is brought by nobody, and all are refused."""
    write_tree(tmp_path, {"main.py": COMPARED.format(default=default)})

    (found,) = audit_folder(tmp_path, select=("ENV103",)).findings

    assert found.finding.message == f"ADMIN_KEY is read in GET /state: {expected}"
