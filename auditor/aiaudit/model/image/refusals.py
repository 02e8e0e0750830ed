"""Installs that their tool refuses: a lock that does not fit the project, a Python that the project does not allow."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping

from aiaudit.model.image.locking import LOCKS, is_switched_on
from aiaudit.model.image.prefixes import SYSTEM, landing_of
from aiaudit.model.image.pythons import keeps_to_the_base, python_version
from aiaudit.model.image.values import Image, Install, Layer
from aiaudit.patterns import regex
from aiaudit.sources.manifests.facts import MAIN, ManifestFacts
from aiaudit.span import Span
from aiaudit.values import dataclass

_LOCKING = ("uv", "poetry")
_BOUND = regex(r"(?P<mark>>=|<)(?P<major>[0-9]+)(?:\.(?P<minor>[0-9]+))?(?:\.0)*")
_POETRY = regex(r"(?P<mark>[\^~]?)\s*(?P<version>\d+(?:\.\d+)*)")


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an install fails. `is_silent` tells that it ends with success, and leaves `names` out."""

    reason: str
    span: Span
    names: tuple[str, ...] = ()
    is_silent: bool = False


def refusals(image: Image, layer: Layer, install: Install) -> Iterator[Refusal]:
    """What is sure to stop an install of a project."""
    manifest = next((i.source for i in install.inputs if i.source and i.source.endswith("pyproject.toml")), None)
    facts = image.service.tree.facts(manifest, "manifest") if manifest is not None else None
    if manifest is None or not isinstance(facts, ManifestFacts) or facts.problems:
        return
    lock = next((item.source for item in install.inputs if item.kind == "lock" and item.source), None)
    if lock is not None:
        yield from _by_lock(image, layer, install, facts, (manifest, lock))
    yield from _by_python(layer, install, facts, manifest)


def _by_lock(
    image: Image, layer: Layer, install: Install, facts: ManifestFacts, paths: tuple[str, str]
) -> Iterator[Refusal]:
    """Requirements of the project that the lock has never heard of; `paths` are those of manifest and lock."""
    manifest, path = paths
    lock = image.service.tree.facts(path, "manifest")
    if install.tool not in _LOCKING or posixpath.basename(path) != LOCKS[install.tool]:
        return
    if not isinstance(lock, ManifestFacts):
        return
    silent = _is_frozen(install, layer.environment)
    if silent is None:
        return
    asked = {item.name: item for item in facts.requirements if item.group == MAIN and item.name and not item.optional}
    known = {package.name for package in lock.packages}
    projects = (package for package in lock.packages if package.source == "project")
    own = next((package for package in projects if package.name == facts.project), None)
    if install.tool == "uv":
        if own is None:
            return
        known = {dependency.name for dependency in own.dependencies}
    missing = tuple(name for name in asked if name not in known and name != facts.project)
    if not missing or not lock.packages:
        return
    yield Refusal(f"{path} does not hold", Span.at(manifest, asked[missing[0]].extent), missing, silent)


def _is_frozen(install: Install, environment: Mapping[str, str]) -> bool | None:
    """Whether the tool takes the lock as it is (True), compares it and stops (False), or renews it (None)."""
    if install.tool == "poetry":
        return False
    if "--frozen" in install.flags or is_switched_on("UV_FROZEN", install, environment):
        return True
    return False if "--locked" in install.flags or is_switched_on("UV_LOCKED", install, environment) else None


def _by_python(layer: Layer, install: Install, facts: ManifestFacts, manifest: str) -> Iterator[Refusal]:
    version = python_version(layer.stage)
    if version is None or not facts.requires_python or _allows(facts.requires_python, version):
        return
    if install.tool == "uv" and not keeps_to_the_base(layer.stage):
        return  # uv fetches a Python that fits
    if install.tool in ("poetry", "pdm") and landing_of(layer, install).prefix != SYSTEM:
        return  # these look for another Python first
    if install.tool in ("pip", "uv pip") and not install.project:
        return
    span = Span.at(manifest, (1, 1, 1, 1))
    yield Refusal(f"{manifest} asks for Python {facts.requires_python}, the image has {version}", span)


def _allows(specifier: str, minor: str) -> bool:
    """Whether any patch release of a minor version is allowed; True where the specifier cannot be read."""
    text = specifier.replace(" ", "")
    if "|" in text:
        return any(_allows(part, minor) for part in text.split("|") if part)
    parts = [_as_standard(part) for part in text.split(",") if part]
    bounds = [_BOUND.fullmatch(part) for part in parts]
    if all(bounds):  # what nearly all projects say: the parser for the rest takes long to import
        numbers = tuple(map(int, minor.split(".")))
        return all(_holds(bound, numbers) for bound in bounds if bound is not None)
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        allowed = SpecifierSet(",".join(parts))
    except InvalidSpecifier:
        return True
    return any(allowed.contains(f"{minor}.{patch}") for patch in range(40))


def _holds(bound: re.Match[str], version: tuple[int, ...]) -> bool:
    """Whether a minor version lies within a bound at a minor version."""
    limit = (int(bound["major"]), int(bound["minor"] or 0))
    return version >= limit if bound["mark"] == ">=" else version < limit


def _as_standard(part: str) -> str:
    """poetry's `^3.11`, `~3.11` and `3.11` in the standard's words."""
    match = _POETRY.fullmatch(part)
    if match is None:
        return part
    numbers = match["version"].split(".")
    if match["mark"] == "^":
        return f">={match['version']},<{int(numbers[0]) + 1}"
    if match["mark"] == "~":
        upper = f"{numbers[0]}.{int(numbers[1]) + 1}" if len(numbers) > 1 else f"{int(numbers[0]) + 1}"
        return f">={match['version']},<{upper}"
    return f"=={match['version']}" if len(numbers) > 2 else f"=={match['version']}.*"
