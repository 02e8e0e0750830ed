"""What packages weigh, and what an install costs each time."""

from __future__ import annotations

from pathlib import Path

import pytest

from aiaudit.model.weights import Price, price, weight
from tests.model.test_image import images_of

WHEEL = 'wheels = [\n    { url = "https://files.example/%s", hash = "sha256:0", size = %d },\n]\n'


@pytest.mark.parametrize(
    ("version", "measured"),
    [("2.5.1", "2.5.1"), ("2.10.0", "2.9.1"), ("1.8", "1.13.1"), ("99.0", "2.15.0"), (None, "2.15.0")],
)
def test_the_closest_measured_version_below_serves(version: str | None, measured: str) -> None:
    found = weight("torch", version=version)

    assert found is not None
    assert found.version == measured
    assert found.unpacked_total > found.unpacked > 1_000_000_000


def test_nothing_is_made_up() -> None:
    assert weight("no-such-package") is None
    assert weight("fastapi", version="1.0") is None


def test_a_lock_tells_exactly(tmp_path: Path) -> None:
    lock = 'version = 1\n[[package]]\nname = "svc"\nversion = "1"\nsource = { virtual = "." }\n'
    lock += 'dependencies = [{ name = "fastapi" }]\n'
    for name, size, needs in (("fastapi", 100, '[{ name = "pydantic" }]'), ("pydantic", 23, "[]"), ("unused", 7, "[]")):
        lock += f'[[package]]\nname = "{name}"\nversion = "1"\nsource = {{ registry = "https://pypi.org/simple" }}\n'
        lock += f"dependencies = {needs}\n" + WHEEL % (f"{name}-1-py3-none-any.whl", size)
    files = {"uv.lock": lock, "pyproject.toml": "[project]\nname = 'svc'\ndependencies = ['fastapi']\n"}

    assert cost(tmp_path, "uv sync --locked --no-dev", files) == Price(2, 123, True)


def test_without_a_lock_the_heaviest_package_is_named(tmp_path: Path) -> None:
    found = cost(tmp_path, "pip install -r requirements.txt", {"requirements.txt": "fastapi\ntorch==2.5.1\n"})
    measured = weight("torch", version="2.5.1")

    assert measured is not None
    assert found == Price(2, measured.wheel_total, False, "torch")


def test_the_wheel_for_linux_is_taken(tmp_path: Path) -> None:
    lock = '[[package]]\nname = "numpy"\nversion = "2"\nsource = { registry = "https://pypi.org/simple" }\nwheels = [\n'
    for name, size in (("macosx_14_0_arm64", 5), ("musllinux_1_2_x86_64", 6), ("manylinux_2_28_x86_64", 17)):
        lock += f'    {{ url = "https://files.example/numpy-2-cp312-cp312-{name}.whl", size = {size} }},\n'
    files = {
        "uv.lock": f"version = 1\n{lock}]\n",
        "pyproject.toml": "[project]\nname = 'svc'\ndependencies = ['numpy']\n",
    }

    assert cost(tmp_path, "uv sync --locked --no-dev", files).download == 17


def cost(folder: Path, run: str, files: dict[str, str]) -> Price:
    (image,) = images_of(folder, {**files, "Dockerfile": f"FROM python:3.12\nWORKDIR /app\nCOPY . .\nRUN {run}\n"})
    ((_, install),) = image.final.installs
    return price(install, image)
