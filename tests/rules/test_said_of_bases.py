"""What is said of heavy packages that the base image brings already."""

from __future__ import annotations

from pathlib import Path

import pytest

from aiaudit.finding import Confidence
from tests.support import audit_folder, write_tree

IMAGE = """FROM {base}
WORKDIR /srv
RUN pip install --no-cache-dir {packages}
COPY main.py .
USER 1000
CMD ["python", "main.py"]
"""
SURE, LESS_SURE = Confidence.HIGH, Confidence.MEDIUM


@pytest.mark.parametrize(
    ("base", "packages", "expected"),
    [
        ("python:3.11-slim", "timm==1.0.9", ("torch via timm", SURE)),
        ("pytorch/pytorch:2.2.0-cuda12.1-cudnn8-runtime", "timm==1.0.9", ("which ships torch", LESS_SURE)),
        (
            "pytorch/pytorch:2.2.0-cuda12.1-cudnn8-runtime",
            "easyocr==1.7.2",
            ("opencv-python-headless via easyocr", SURE),
        ),
        ("pytorch/pytorch:2.2.0-cuda12.1-cudnn8-runtime", "torch==2.5.1", ("torch 2.5.1", SURE)),
        ("tensorflow/tensorflow:2.16.1", "timm==1.0.9", ("torch via timm", SURE)),
    ],
)
def test_what_a_base_brings_is_not_installed_again(
    tmp_path: Path, base: str, packages: str, expected: tuple[str, Confidence]
) -> None:
    """Where one package requires what the base has, pip takes that; a version of its own is installed beside it."""
    write_tree(tmp_path, {"Dockerfile": IMAGE.format(base=base, packages=packages), "main.py": "print('up')\n"})

    (found,) = audit_folder(tmp_path, select=("IMG201",)).findings

    assert found.finding.message.startswith(expected[0]) or expected[0] in found.finding.message
    assert found.finding.confidence is expected[1]
    assert ("torch" in found.finding.message) is ("torch" in expected[0])
