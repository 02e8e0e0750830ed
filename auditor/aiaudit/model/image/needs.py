"""What the running container needs of what is meant for building: compilers, git."""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.model.image.commands import names_in
from aiaudit.model.image.values import Image
from aiaudit.model.packages import required

# Packages that compile kernels or extensions while they run.
_COMPILING = names_in(
    "vllm triton deepspeed sglang lmdeploy flashinfer-python tensorrt-llm torch-tensorrt pyximport numba-cuda cupy"
    " cupy-cuda11x cupy-cuda12x pycuda aphrodite-engine"
)
_GIT_PACKAGES = names_in("gitpython pygit2 dulwich dvc pre-commit gitlint copier aider-chat giturlparse pydriller")
_GIT_IN_CODE = ('"git"', "'git'", "git clone", "import git\n", "from git import", "git.Repo")


def compiles_at_run_time(image: Image) -> bool:
    """Whether a dependency wants a compiler when it runs."""
    return not _COMPILING.isdisjoint(_required(image))


def works_with_git(image: Image) -> bool:
    """Whether the service itself works with git repositories."""
    if not _GIT_PACKAGES.isdisjoint(_required(image)):
        return True
    files = image.final.files
    tree = image.service.tree
    sources = {path for path in files.files.values() if path and path.endswith((".py", ".sh"))} if files else set()
    return any(mark in tree.text(path) for path in sorted(sources) for mark in _GIT_IN_CODE)


def _required(image: Image) -> set[str]:
    return set(_names(image))


def _names(image: Image) -> Iterator[str]:
    for stage in image.used:
        for _, install in stage.installs:
            for package in required(install, image):
                yield package.name
