"""What kind of input a file is, told from its path alone. A file may have several kinds, or none."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from aiaudit.patterns import regex

KINDS = ("dockerfile", "python", "manifest", "ignore", "environment", "yaml", "nginx")

_NOT_DOCKERFILES = {
    "md", "rst", "py", "sh", "ps1", "json", "yml", "yaml", "html", "patch", "diff", "orig", "swp", "dockerignore",
}  # fmt: skip
# `dockerfile.go` is a program about Dockerfiles; `Dockerfile.go` may well be the Dockerfile of one.
_PROGRAMS = {
    "c", "cc", "cpp", "cs", "ex", "exs", "go", "h", "hs", "java", "js", "jsx", "kt", "lua", "mjs", "php", "rb", "rs",
    "scala", "swift", "tf", "ts", "tsx", "vim",
}  # fmt: skip
_DOCKERFILE = regex(r"(?:(?:docker|container)file(?:\..+)?|.+\.(?:docker|container)file)", re.IGNORECASE)
_DOCKERFILE_VARIANT = regex(r"(?:Docker|Container)file(?:[-_]|(?=[A-Z0-9]))[^.]+")
# What tells of builds: compose files and workflows, scripts, Makefiles, bake files, devcontainers.
_BUILDING = (".yml", ".yaml", ".sh", ".bash", "Makefile", "makefile", ".mk", "Justfile", "justfile", ".hcl", ".json")
_REQUIREMENTS = regex(r"(?:.*requirements.*|constraints.*)\.(?:txt|in)", re.IGNORECASE)
_CONDA = regex(r"(?:environment|conda).*\.ya?ml", re.IGNORECASE)
_MANIFESTS = {"pyproject.toml", "uv.lock", "poetry.lock", "pdm.lock", "Pipfile", "Pipfile.lock", "setup.cfg"}


def kinds_of(path: str) -> tuple[str, ...]:
    """The kinds of the file at this path (relative, with `/`)."""
    folder, _, name = path.rpartition("/")
    return tuple(kind for kind, matches in _TESTS if matches(name, folder))


def may_state_images(paths: Iterable[str]) -> bool:
    """Whether any of these files may be a Dockerfile, or say that one is built: from its name alone."""
    return any(path.endswith(_BUILDING) or _dockerfile(path.rpartition("/")[2], "") for path in paths)


def _dockerfile(name: str, folder: str) -> bool:
    ending = name.rpartition(".")[2]
    if ending.lower() in _NOT_DOCKERFILES or (name[:1].islower() and ending in _PROGRAMS):
        return False
    return bool(_DOCKERFILE.fullmatch(name) or _DOCKERFILE_VARIANT.fullmatch(name))


def _python(name: str, folder: str) -> bool:
    return name.endswith(".py")


def _manifest(name: str, folder: str) -> bool:
    if name in _MANIFESTS or _CONDA.fullmatch(name):
        return True
    if _REQUIREMENTS.fullmatch(name):
        return True
    return name.endswith((".txt", ".in")) and folder.rpartition("/")[2].lower() == "requirements"


def _ignore(name: str, folder: str) -> bool:
    return name.endswith((".dockerignore", ".containerignore"))


def _environment(name: str, folder: str) -> bool:
    return name == ".env" or name.startswith(".env.") or name.endswith(".env")


def _yaml(name: str, folder: str) -> bool:
    return name.endswith((".yml", ".yaml"))


def _nginx(name: str, folder: str) -> bool:
    stem = name.removesuffix(".template").removesuffix(".j2")
    return stem.endswith(".conf") and ("nginx" in f"{folder}/{name}".lower() or stem == "default.conf")


_TESTS: tuple[tuple[str, Callable[[str, str], bool]], ...] = (
    ("dockerfile", _dockerfile),
    ("python", _python),
    ("manifest", _manifest),
    ("ignore", _ignore),
    ("environment", _environment),
    ("yaml", _yaml),
    ("nginx", _nginx),
)
