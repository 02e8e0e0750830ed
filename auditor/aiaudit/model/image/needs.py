"""What the running container needs of what is meant for building: compilers, git, libraries of compiled packages."""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.model.image.commands import names_in
from aiaudit.model.image.values import Image
from aiaudit.model.packages import Required, heavy, required
from aiaudit.model.tables import table
from aiaudit.span import Span
from aiaudit.values import dataclass

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


def may_compile_at_run_time(image: Image) -> bool:
    """Whether a manifest of the repository names such a package: people install it into the running container."""
    tree = image.service.tree
    for path in tree.files("manifest"):
        facts = tree.facts(path, "manifest")
        if facts is not None and any(item.name in _COMPILING for item in facts.requirements):
            return True
    return False


def works_with_git(image: Image) -> bool:
    """Whether the service itself works with git repositories."""
    if not _GIT_PACKAGES.isdisjoint(_required(image)):
        return True
    files = image.final.files
    tree = image.service.tree
    sources = {path for path in files.files.values() if path and path.endswith((".py", ".sh"))} if files else set()
    return any(tree.mentions(path, _GIT_IN_CODE) for path in sorted(sources))


@dataclass(frozen=True, slots=True)
class Native:
    """A package with native code, asked for at `span`.

    `tools` are the Debian packages that compile it, () where it comes as a wheel; `libraries` are those that it needs
    when it runs.
    """

    name: str
    tools: tuple[str, ...]
    libraries: tuple[str, ...]
    span: Span


def native_packages(image: Image) -> tuple[Native, ...]:
    """The packages of an image that are compiled when they are installed; each once."""
    known = table("native_packages")["source"]
    found: dict[str, Native] = {}
    for item in _asked(image):
        entry = known.get(item.name)
        if entry is not None:
            found.setdefault(item.name, Native(item.name, tuple(entry["build"]), tuple(entry["run"]), item.span))
    return tuple(found.values())


def linked_packages(image: Image) -> tuple[Native, ...]:
    """The packages whose wheels are linked to libraries that they do not bring; each once, with what asks for it."""
    known = table("heavy_packages")["libraries"]
    found: dict[str, Native] = {}
    for stage in image.used:
        for _, install in stage.installs:
            asked = {item.name: item.span for item in required(install, image)}
            along = {item.name: item.required.span for item in heavy(install, image)}
            for name, span in (along | asked).items():
                if name in known:
                    found.setdefault(name, Native(name, (), tuple(known[name]), span))
    return tuple(found.values())


def _required(image: Image) -> set[str]:
    return {item.name for item in _asked(image)}


def _asked(image: Image) -> Iterator[Required]:
    for stage in image.used:
        for _, install in stage.installs:
            yield from required(install, image)
