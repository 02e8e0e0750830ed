"""The Python and the C library of a stage, told from its base image, and what holds compiled packages in it."""

from __future__ import annotations

import posixpath
import re

from aiaudit.model.image.commands import names_in
from aiaudit.model.image.origins import reference
from aiaudit.model.image.prefixes import landings
from aiaudit.model.image.values import Stage
from aiaudit.patterns import regex

MUSL, GLIBC = "musl", "glibc"

_NAMED = regex(r"python-?(3)\.?(\d{1,2})(?:$|[^\d])")
_TAGGED = names_in("python pypy cimg/python circleci/python bitnami/python lambda/python devcontainers/python")
# The Python that a distribution's own packages install; what apt-get install python3 gives.
_DISTRIBUTIONS = {
    "debian": {"11": "3.9", "bullseye": "3.9", "12": "3.11", "bookworm": "3.11", "13": "3.13", "trixie": "3.13"},
    "ubuntu": {"20.04": "3.8", "focal": "3.8", "22.04": "3.10", "jammy": "3.10", "24.04": "3.12", "noble": "3.12"},
}
_DISTROLESS = {"debian11": "3.9", "debian12": "3.11", "debian13": "3.13"}
_GLIBC = (
    "debian",
    "ubuntu",
    "bookworm",
    "bullseye",
    "buster",
    "trixie",
    "slim",
    "jammy",
    "focal",
    "noble",
    "ubi",
    "rhel",
)
_PATH_VERSION = regex(r"/python(3\.\d{1,2})(?:/|$)")
_ENVIRONMENT_NAMES = names_in(".venv venv env virtualenv virtualenvs")
_PREFIXES = names_in("/usr/local/lib /root/.local")


def python_version(stage: Stage) -> str | None:
    """The minor version of the Python that a stage runs, such as "3.12"; None where the base does not tell."""
    base = reference(stage.root_base)
    if not stage.lineage[0].base_is_known or _chooses_its_own(stage):
        return None
    first = base.tag.partition("-")[0]
    if base.name in _TAGGED:
        return _minor(first)
    if base.name.startswith("distroless/python3"):
        return _DISTROLESS.get(base.name.rpartition("-")[2])
    named = _NAMED.search(base.name) or _NAMED.search(base.tag)
    if named is not None:
        return f"{named[1]}.{named[2]}"
    known = _DISTRIBUTIONS.get(base.name, {})
    version = known.get(first) or known.get(".".join(first.split(".")[:1]))
    return version if version is not None and _installs_python(stage) else None


def _minor(tag: str) -> str | None:
    match = re.match(r"(3\.\d{1,2})(?:$|[.a-z])", tag)
    return match[1] if match else None


def _installs_python(stage: Stage) -> bool:
    """Whether the distribution's python3 is installed, and no other one."""
    names = {package.name for _, install in stage.installs for package in install.packages}
    return "python3" in names and not any(re.fullmatch(r"python3\.\d+", name) for name in names)


def _chooses_its_own(stage: Stage) -> bool:
    """Whether commands bring a Python beside the base's: conda, pyenv, uv with a version or a project's own wish."""
    if any(key in stage.environment for key in ("UV_PYTHON", "PYENV_ROOT", "PYTHON_VERSION")):
        return True
    for layer in stage.inherited_layers:
        if layer.keyword != "RUN":
            continue
        for command in layer.instruction.commands:
            words = [word.text for word in command.words]
            if command.name in ("pyenv", "conda", "mamba", "micromamba", "rye", "asdf", "mise"):
                return True
            if command.name == "uv" and ({"python", "--python", "-p"} & set(words[1:])):
                return True
            if command.name == "uv" and words[1:2] == ["sync"] and not keeps_to_the_base(stage):
                return True
    return False


def keeps_to_the_base(stage: Stage) -> bool:
    """Whether uv is told not to fetch a Python of its own."""
    environment = stage.environment
    return environment.get("UV_PYTHON_DOWNLOADS") in ("never", "0", "manual", "false") or (
        environment.get("UV_PYTHON_PREFERENCE") == "only-system"
    )


def c_library(stage: Stage) -> str:
    """MUSL or GLIBC, "" where the base does not tell."""
    if not stage.lineage[0].base_is_known:
        return ""
    base = reference(stage.root_base)
    text = f"{base.name} {base.tag}".lower()
    if "alpine" in text or base.name == "busybox":
        return MUSL
    if any(mark in text for mark in _GLIBC) or base.name in ("python", "node", "nvidia/cuda", "pytorch/pytorch"):
        return GLIBC
    return ""


def path_version(path: str) -> str | None:
    """The Python version that a path names: `/usr/local/lib/python3.12/site-packages`."""
    match = _PATH_VERSION.search(path)
    return match[1] if match else None


def holds_packages(stage: Stage, path: str) -> bool:
    """Whether a path of a stage is a place that Python packages are installed into there."""
    if not any(install.ecosystem == "python" for _, install in stage.installs):
        return False
    path = posixpath.normpath(path)
    if "site-packages" in path or "dist-packages" in path or posixpath.basename(path) in _ENVIRONMENT_NAMES:
        return True
    filled = {item.prefix for item in landings(stage) if item.prefix is not None}
    return path in _PREFIXES or any(prefix == path or prefix.startswith(f"{path}/") for prefix in filled)
