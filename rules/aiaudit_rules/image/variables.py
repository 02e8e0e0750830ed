"""Names of variables: those that the builder knows by itself, and the one that was probably meant."""

from __future__ import annotations

from collections.abc import Iterable

from aiaudit.model.image import Stage
from aiaudit.model.image.origins import reference
from aiaudit.sources.dockerfile.expand import expand

PREDEFINED = frozenset(
    name
    for proxy in ("HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY")
    for name in (proxy, proxy.lower())
)
"""What every stage has without an ARG."""

# What the ENV instructions of the official images set, by the image's name: their published Dockerfiles.
_OF_BASES: dict[str, frozenset[str]] = {
    "scratch": frozenset(),
    **dict.fromkeys(
        ("alpine", "busybox", "debian", "ubuntu", "fedora", "rockylinux", "almalinux"), frozenset({"PATH"})
    ),
    "python": frozenset(
        {
            "PATH",
            "LANG",
            "GPG_KEY",
            "PYTHON_VERSION",
            "PYTHON_SHA256",
            "PYTHON_PIP_VERSION",
            "PYTHON_SETUPTOOLS_VERSION",
            "PYTHON_GET_PIP_URL",
            "PYTHON_GET_PIP_SHA256",
        }
    ),
    "node": frozenset({"PATH", "NODE_VERSION", "YARN_VERSION"}),
}


def base_variables(stage: Stage) -> frozenset[str] | None:
    """The variables that the base image of a stage sets; None where that is not known."""
    if not stage.lineage[0].base_is_known:
        return None
    base = reference(stage.root_base)
    return _OF_BASES.get(base.name) if not base.registry or base.registry.startswith(("docker.io", "public")) else None


def names_used(raw: str, escape: str) -> tuple[str, ...]:
    """The variables that a text expands, other than those with a default."""
    return tuple(name for name in expand(raw, lambda name: None, escape).unknown if name.isidentifier())


def closest(name: str, known: Iterable[str]) -> str:
    """The known name that a name is a misspelling of, "" if there is none."""
    import difflib

    return next(iter(difflib.get_close_matches(name, list(known), 1, 0.8)), "")
