"""Ends of support: what a base image's name and tag tell, and the day of the audit."""

from __future__ import annotations

from pathlib import Path

import pytest

from aiaudit.model.image.support import supports
from tests.support import audit_folder, run_cli, write_tree


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        ("python:3.8.10-slim-buster", {"Python 3.8": "2024-10-07", "Debian 10": "2024-06-30"}),
        ("node:16-alpine3.16", {"Node.js 16": "2023-09-11", "Alpine 3.16": "2024-05-23"}),
        (
            "nvidia/cuda:11.8.0-cudnn8-runtime-ubuntu20.04",
            {"CUDA 11": "2025-08-31", "Ubuntu 20.04": "2025-05-31"},
        ),
        ("nvidia/cuda:11.4.3-base-ubi8", {"CUDA 11.4": "2024-07-31"}),
        ("nvidia/cuda:12.8.1-base-ubuntu24.04", {"Ubuntu 24.04": "2029-06-30"}),
        ("pytorch/pytorch:2.1.0-cuda11.8-cudnn8-runtime", {}),
        ("tiangolo/uvicorn-gunicorn-fastapi:python3.10", {"Python 3.10": "2026-10-31"}),
        ("public.ecr.aws/docker/library/debian:bullseye-20230612-slim", {"Debian 11": "2026-08-31"}),
        ("python:3", {}),
        ("ubuntu", {}),
        ("team/python-service:3.8", {}),
    ],
)
def test_what_a_base_is_made_of(base: str, expected: dict[str, str]) -> None:
    assert {support.title: support.end for support in supports(base)} == expected


@pytest.mark.parametrize(("day", "count"), [("2025-10-31", 0), ("2025-11-01", 1)])
def test_the_last_day_still_counts(tmp_path: Path, day: str, count: int) -> None:
    write_tree(tmp_path, {"Dockerfile": "FROM python:3.9-slim\nUSER 1\n"})

    assert len(audit_folder(tmp_path, select=("IMG304",), date=day).findings) == count


def test_the_day_is_an_option_and_a_setting(tmp_path: Path) -> None:
    root = write_tree(tmp_path / "tree", {"Dockerfile": "FROM python:3.14-slim\nUSER 1\n"})
    arguments = ("check", str(root), "--select", "IMG304", "--format", "concise")

    assert run_cli(*arguments, "--date", "2030-10-30", cwd=tmp_path).code == 0
    assert "Python 3.14 (ended 2030-10-31)" in run_cli(*arguments, "--date", "2030-11-01", cwd=tmp_path).out
    assert "write YYYY-MM-DD" in run_cli(*arguments, "--date", "soon", cwd=tmp_path).err
    write_tree(root, {"aiaudit.toml": "date = 2031-01-01\n"})
    assert run_cli(*arguments, cwd=tmp_path).code == 1
    assert run_cli(*arguments, "--date", "2026-01-01", cwd=tmp_path).code == 0
