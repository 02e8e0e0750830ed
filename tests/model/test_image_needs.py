"""What compiled packages need: tools when they are installed, libraries when they run."""

from __future__ import annotations

from pathlib import Path

from aiaudit.model.image import Image
from aiaudit.model.image.needs import linked_packages, may_compile_at_run_time, native_packages
from tests.model.test_image import images_of


def image_with(folder: Path, requirements: str, **files: str) -> Image:
    dockerfile = "FROM python:3.12\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\n"
    named = {name.replace("_toml", ".toml"): text for name, text in files.items()}
    (image,) = images_of(folder, {"Dockerfile": dockerfile, "requirements.txt": requirements, **named})
    return image


def test_packages_without_a_wheel(tmp_path: Path) -> None:
    (found,) = native_packages(image_with(tmp_path, "fastapi\npsycopg2==2.9\npsycopg2-binary==2.9\n"))

    assert (found.name, found.libraries, found.span.line) == ("psycopg2", ("libpq5",), 2)
    assert "libpq-dev" in found.tools


def test_wheels_that_are_linked_to_the_system(tmp_path: Path) -> None:
    found = linked_packages(image_with(tmp_path, "opencv-python==4.10.0.84\nopencv-python-headless==4.10.0.84\n"))

    assert [item.name for item in found] == ["opencv-python"]
    assert "libgl1" in found[0].libraries


def test_an_extra_that_compiles_when_it_runs(tmp_path: Path) -> None:
    project = "[project]\nname = 'svc'\n[project.optional-dependencies]\nlocal = ['vllm']\n"

    assert may_compile_at_run_time(image_with(tmp_path, "fastapi\n", pyproject_toml=project))
    assert not may_compile_at_run_time(image_with(tmp_path / "other", "fastapi\n"))
