"""Packages that installs bring, and the heavy ones among them."""

from __future__ import annotations

from pathlib import Path

import pytest

from aiaudit.model.packages import applies, heavy, heavy_names, known_to_bring, required
from aiaudit.model.weights import weight, weight_of
from tests.model.test_image import images_of

LOCK = """\
[[package]]
name = "svc"
version = "0.1.0"
source = { editable = "." }
dependencies = [{ name = "retriever" }, { name = "winonly", marker = "sys_platform == 'win32'" }]

[[package]]
name = "retriever"
version = "2.0.0"
source = { registry = "https://pypi.org/simple" }
dependencies = [{ name = "torch" }]

[[package]]
name = "torch"
version = "2.5.1"
source = { registry = "https://pypi.org/simple" }

[[package]]
name = "winonly"
version = "1"
source = { registry = "https://pypi.org/simple" }
dependencies = [{ name = "tensorflow" }]

[[package]]
name = "tensorflow"
version = "2.1"
source = { registry = "https://pypi.org/simple" }
"""
PROJECT = "[project]\nname = 'svc'\ndependencies = ['retriever', \"winonly; sys_platform == 'win32'\"]\n"


def heavy_in(folder: Path, run: str, files: dict[str, str]) -> list[tuple[str, str | None, str]]:
    dockerfile = f"FROM python:3.12\nWORKDIR /app\nCOPY . .\nRUN {run}\n"
    (image,) = images_of(folder, {**files, "Dockerfile": dockerfile})
    found = [brought for _, install in image.final.installs for brought in heavy(install, image)]
    return [
        (brought.name, brought.version, " > ".join(brought.path))
        for brought in found
        if not brought.name.startswith(("nvidia-", "triton"))
    ]


def test_through_a_lock(tmp_path: Path) -> None:
    files = {"uv.lock": LOCK, "pyproject.toml": PROJECT}

    assert heavy_in(tmp_path, "uv sync --locked", files) == [("torch", "2.5.1", "retriever > torch")]


@pytest.mark.parametrize(
    ("requirements", "expected"),
    [
        ("torch==2.1\n", [("torch", "2.1", "torch")]),
        ("-r more.txt\n", [("torch", None, "sentence-transformers > torch")]),
        ("transformers\nnumpy\nonnxruntime\n", []),
        ("transformers[torch]\n", [("torch", None, "transformers > torch")]),
        ("keybert\n", [("torch", None, "keybert > sentence-transformers > torch")]),
        ("# torch\n", []),
        ("tensorflow; sys_platform == 'darwin'\n", []),
    ],
)
def test_through_requirements(tmp_path: Path, requirements: str, expected: list[tuple[str, str | None, str]]) -> None:
    files = {"requirements.txt": requirements, "more.txt": "sentence-transformers\n"}

    assert heavy_in(tmp_path, "pip install -r requirements.txt", files) == expected


def test_versions_come_from_constraints(tmp_path: Path) -> None:
    files = {"requirements.txt": "torch\n", "constraints.txt": "torch==2.2.0\n"}
    run = "pip install -r requirements.txt -c constraints.txt"

    assert heavy_in(tmp_path, run, files) == [("torch", "2.2.0", "torch")]


def test_builds_for_processors_are_told(tmp_path: Path) -> None:
    dockerfile = "FROM python:3.12\nRUN pip install torch --index-url https://download.pytorch.org/whl/cpu\n"
    (image,) = images_of(tmp_path, {"Dockerfile": dockerfile})
    ((_, install),) = image.final.installs
    (found,) = heavy(install, image)

    assert (found.name, found.is_cpu_only) == ("torch", True)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("torch --index-url $TORCH_INDEX", [("torch", True, True)]),
        ("opencv-python --index-url $MIRROR", [("opencv-python", False, False)]),
        ("--no-deps sentence-transformers", []),
        ("--torch-backend=cpu torch", [("torch", False, True)]),
    ],
)
def test_which_build_comes(tmp_path: Path, arguments: str, expected: list[tuple[str, bool, bool]]) -> None:
    """Of torch alone there are several builds; what a variable names is not known."""
    tool = "uv pip" if "backend" in arguments else "pip"
    (image,) = images_of(tmp_path, {"Dockerfile": f"FROM python:3.12\nRUN {tool} install {arguments}\n"})
    ((_, install),) = image.final.installs
    found = [(b.name, b.is_elsewhere, weight_of(b) is None or b.is_cpu_only) for b in heavy(install, image)]

    assert [entry for entry in found if not entry[0].startswith(("nvidia-", "triton"))] == expected


def test_groups_extras_and_setup_scripts(tmp_path: Path) -> None:
    project = "[project]\nname='x'\ndependencies=['a']\n[project.optional-dependencies]\ngpu=['b']\nno=['c']\n"
    project += "[dependency-groups]\ndev=['d']\n"
    script = "from setuptools import setup\nsetup(name='y', install_requires=['e>=1'])\n"
    files = {
        "Dockerfile": "FROM python:3.12\nCOPY . /x\nRUN cd /x && uv sync --extra gpu\nRUN pip install '/x/y[z]'\n",
        "pyproject.toml": project,
        "y/setup.py": script,
    }
    (image,) = images_of(tmp_path, files)

    assert [[item.name for item in required(install, image)] for _, install in image.final.installs] == [
        ["a", "b", "d"],
        ["e"],
    ]


def test_markers() -> None:
    assert applies("python_version >= '3.9'")
    assert not applies("sys_platform == 'win32'")
    assert applies("not a marker")


def test_measured_weights() -> None:
    torch = weight("torch")

    assert torch is not None
    assert torch.unpacked_total > torch.unpacked > torch.wheel > 100_000_000
    assert known_to_bring("sentence-transformers")["torch"] == ()
    assert weight("no-such-package") is None
    assert all(weight(name) is None or weight(name).unpacked > 0 for name in heavy_names())  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "export",
    [
        "poetry export -f requirements.txt --output req.txt --without-hashes",
        "poetry export -f requirements.txt > req.txt",
    ],
)
def test_requirements_exported_from_a_lock_in_a_builder(tmp_path: Path, export: str) -> None:
    lock = '[[package]]\nname = "torch"\nversion = "2.2"\n[[package]]\nname = "x"\nversion = "1"\n'
    dockerfile = (
        f"FROM python:3.12 AS b\nWORKDIR /t\nCOPY pyproject.toml poetry.lock ./\nRUN {export}\n"
        "FROM python:3.12-slim\nCOPY --from=b /t/req.txt .\nRUN pip install -r req.txt\n"
    )
    files = {"pyproject.toml": "[tool.poetry]\nname='y'\n", "poetry.lock": lock, "Dockerfile": dockerfile}
    (image,) = images_of(tmp_path, files)
    ((_, install),) = image.final.installs

    sure = [found for found in heavy(install, image) if not found.is_estimate]

    assert [(found.name, found.version) for found in sure] == [("torch", "2.2")]


WORKSPACE = {
    "uv.lock": """\
[[package]]
name = "api"
version = "0.1.0"
source = { editable = "packages/api" }
dependencies = [{ name = "store" }]

[[package]]
name = "store"
version = "0.1.0"
source = { editable = "packages/deep/store" }
dependencies = [{ name = "torch" }]

[[package]]
name = "torch"
version = "2.5.1"
source = { registry = "https://pypi.org/simple" }
""",
    "packages/api/pyproject.toml": "[project]\nname = 'api'\ndependencies = ['store']\n",
    "packages/deep/store/pyproject.toml": "[project]\nname = 'store'\ndependencies = ['torch']\n",
}
ROOT = "[project]\nname = 'all'\ndependencies = []\n"


@pytest.mark.parametrize(
    ("root", "run", "expected"),
    [
        ("members = ['packages/*']", "uv sync", [("torch", "2.5.1", "store > torch")]),
        ("members = ['packages/deep/*']", "uv sync", [("torch", "2.5.1", "torch")]),
        ("members = ['packages/**']\nexclude = ['packages/api']", "uv sync", [("torch", "2.5.1", "torch")]),
        ("members = ['packages/*']\nexclude = ['packages/api']", "uv sync", []),
        ("members = ['packages/*']", "uv sync --package api", [("torch", "2.5.1", "store > torch")]),
    ],
)
def test_members_of_a_workspace(tmp_path: Path, root: str, run: str, expected: list[tuple[str, str, str]]) -> None:
    files = {**WORKSPACE, "pyproject.toml": f"[tool.uv.workspace]\n{root}\n"}

    assert heavy_in(tmp_path, run, files) == expected


@pytest.mark.parametrize(("option", "expected"), [("", []), (" --all-packages", [("torch", "2.5.1", "store > torch")])])
def test_a_root_with_a_project_stands_for_itself(
    tmp_path: Path, option: str, expected: list[tuple[str, str, str]]
) -> None:
    files = {**WORKSPACE, "pyproject.toml": f"{ROOT}[tool.uv.workspace]\nmembers = ['packages/*']\n"}

    assert heavy_in(tmp_path, f"uv sync{option}", files) == expected
