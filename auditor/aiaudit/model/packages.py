"""What an install brings into an image: named, required and locked packages, and the heavy ones among them."""

from __future__ import annotations

import functools
import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from aiaudit.model.image.values import Image, Input, Install
from aiaudit.model.tree import Tree
from aiaudit.sources.manifests.facts import LockedPackage, ManifestFacts, Requirement
from aiaudit.sources.manifests.specifiers import pin_of, requirement
from aiaudit.span import Extent, Span
from aiaudit.values import dataclass

_DATA = Path(__file__).with_name("heavy_packages.toml")
_DEVELOPMENT = {"group:dev", "group:develop", "group:development"}
_MAIN_GROUPS = {"main", "default"}
_CPU_INDEX = ("/whl/cpu", "whl/cpu/")


@dataclass(frozen=True, slots=True)
class Weight:
    """Measured bytes: the package's own wheel and unpacked files, and the totals with all that comes along."""

    wheel: int
    unpacked: int
    wheel_total: int
    unpacked_total: int


@dataclass(frozen=True, slots=True)
class Required:
    """A package that somebody asks for: on a command line or in a manifest."""

    name: str
    version: str | None
    extras: tuple[str, ...]
    span: Span
    specifier: str = ""
    index: str = ""
    marker: str = ""


@dataclass(frozen=True, slots=True)
class Brought:
    """A package that an install brings.

    `path` leads from the requirement to it (both included); `required` is where the first of them is written.
    `is_estimate` tells that no lock file proves the path, only what the packages are known to require.
    """

    name: str
    version: str | None
    path: tuple[str, ...]
    required: Required
    is_estimate: bool = False
    is_cpu_only: bool = False


@functools.cache
def _data() -> Mapping[str, Any]:
    try:
        import tomllib
    except ImportError:  # Python 3.10
        import tomli as tomllib  # type: ignore[import-not-found,no-redef]
    return tomllib.loads(_DATA.read_text(encoding="utf-8"))


@functools.cache
def heavy_names() -> frozenset[str]:
    """The packages whose weight decides an image's size."""
    return frozenset(_data()["heavy"])


def weight(name: str, cpu_only: bool = False) -> Weight | None:
    """What was measured of a package, None where nothing was."""
    data = _data()
    entry = data["cpu"].get(name) if cpu_only else data["packages"].get(name)
    if entry is None:
        return None
    wheel, unpacked = entry["wheel"], entry["unpacked"]
    return Weight(wheel, unpacked, entry.get("wheel_total", wheel), entry.get("unpacked_total", unpacked))


def known_to_bring(name: str, extras: Iterable[str] = ()) -> dict[str, tuple[str, ...]]:
    """Heavy packages that a package is known to require, each with the names on the way."""
    data = _data()
    found: dict[str, tuple[str, ...]] = {}
    for heavy, between in data["packages"].get(name, {}).get("brings", {}).items():
        found[heavy] = tuple(between)
    for key in (name, *(f"{name}[{extra}]" for extra in extras)):
        chain = data["brought_by"].get(key)
        if chain:
            found.setdefault(chain[-1], tuple(chain[:-1]))
    return found


# What an install asks for


def required(install: Install, image: Image) -> tuple[Required, ...]:
    """The packages that an install asks for: on its command line, in requirement files, in the project's manifest."""
    tree = image.service.tree
    found = [
        Required(package.name, pin_of(package.specifier), package.extras, image.span(package.extent), package.specifier)
        for package in install.packages
        if package.name
    ]
    for item in install.inputs:
        if item.kind == "requirement" and item.source:
            found.extend(_in_file(tree, item.source, set()))
    if install.project or install.reads:
        found.extend(_in_project(install, tree))
    return tuple(found)


def _in_file(tree: Tree, path: str, seen: set[str]) -> Iterator[Required]:
    """Requirements of a file and of the files that it reads."""
    facts = None if path in seen else _facts(tree, path)
    if facts is None:
        return
    seen.add(path)
    index = " ".join(entry.url for entry in facts.indexes)
    for item in facts.requirements:
        if item.name and item.group == "":
            yield _as_required(item, path, index)
    for package in facts.packages:  # a lock that became a requirements file
        if package.source != "project" and (not package.groups or _MAIN_GROUPS & set(package.groups)):
            span = Span.at(path, package.extent)
            yield Required(package.name, package.version, (), span, f"=={package.version}", package.index)
    for inclusion in facts.inclusions:
        if inclusion.kind == "requirement":
            yield from _in_file(tree, _beside(path, inclusion.path), seen)


def _in_project(install: Install, tree: Tree) -> Iterator[Required]:
    for item in install.inputs:
        if item.kind != "manifest" or not item.source:
            continue
        if item.source.endswith("setup.py"):
            yield from _in_setup_script(tree, item.source)
            continue
        facts = _facts(tree, item.source)
        if facts is None:
            continue
        groups = _groups(install, facts)
        index = " ".join(entry.url for entry in facts.indexes if not entry.name)
        named = {entry.name: entry.url for entry in facts.indexes if entry.name}
        for found in facts.requirements:
            if found.name and found.group in groups and (not found.optional or "*" in install.extras):
                yield _as_required(found, item.source, named.get(found.index, index))
        for inclusion in facts.inclusions:
            if inclusion.group in groups:
                yield from _in_file(tree, _beside(item.source, inclusion.path), set())


def _groups(install: Install, facts: ManifestFacts) -> set[str]:
    """The groups of a manifest that an install takes in."""
    groups = {f"extra:{name}" for name in install.extras} | {f"group:{name}" for name in install.groups}
    if not install.without_main:
        groups.add("")
    if "*" in install.extras:
        groups.update(item.group for item in facts.requirements if item.group.startswith("extra:"))
    if "*" in install.groups:
        groups.update(item.group for item in facts.requirements if item.group.startswith("group:"))
    if install.tool in ("uv", "poetry", "pdm", "pipenv") and not install.without_development:
        groups.update(facts.default_groups)
    elif install.without_development and install.tool != "poetry":
        groups -= _DEVELOPMENT
    groups -= {f"group:{name}" for name in install.without_groups}
    for _ in range(len(facts.group_inclusions)):
        groups.update(entry.included for entry in facts.group_inclusions if entry.group in groups)
    return groups


def _in_setup_script(tree: Tree, path: str) -> Iterator[Required]:
    """`install_requires` of a setup.py, where it is a list of strings."""
    facts = tree.facts(path, "python")
    if facts is None or facts[0]:
        return
    for call in _calls(facts[1]):
        for name, value in call[4]:
            if name != "install_requires" or value[0] not in ("list", "tuple"):
                continue
            for element in value[2]:
                if element[0] == "const" and isinstance(element[2], str):
                    made = requirement(element[2], Extent(*element[1]))
                    if made and made.name:
                        yield _as_required(made, path, "")


def _calls(body: Sequence[Any]) -> Iterator[Any]:
    """Calls that stand as statements of their own."""
    for statement in body:
        if statement[0] == "expr" and statement[2][0] == "call":
            yield statement[2]
        elif statement[0] == "if":
            yield from _calls(statement[3])


def _as_required(item: Requirement, path: str, index: str) -> Required:
    span = Span.at(path, item.extent)
    return Required(item.name, item.pin, item.extras, span, item.specifier, index or item.index, item.marker)


def _facts(tree: Tree, path: str) -> ManifestFacts | None:
    facts = tree.facts(path, "manifest")
    return facts if isinstance(facts, ManifestFacts) else None


def _beside(path: str, written: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), written))


# What comes along


def heavy(install: Install, image: Image) -> tuple[Brought, ...]:
    """The heavy packages that an install brings, directly or along; each once, by its shortest path."""
    asked = [item for item in required(install, image) if applies(item.marker)]
    lock = lock_of(install, image.service.tree)
    found: dict[str, Brought] = {}
    if lock is not None:
        for brought in _through_lock(asked, lock[1]):
            found.setdefault(brought.name, brought)
    constraints = _constraints(install, image.service.tree)
    cpu = _is_cpu_only(install, asked)
    for item in asked:
        version = item.version or constraints.get(item.name)
        if item.name in heavy_names():
            found.setdefault(item.name, Brought(item.name, version, (item.name,), item, False, cpu))
    if lock is None:
        for brought in _through_knowledge(asked, constraints, cpu):
            found.setdefault(brought.name, brought)
    return tuple(found.values())


def lock_of(install: Install, tree: Tree) -> tuple[str, ManifestFacts] | None:
    """The lock file in force for an install: its path and facts."""
    for item in install.inputs:
        if item.kind == "lock" and item.source:
            facts = _facts(tree, item.source)
            if facts is not None and facts.packages:
                return item.source, facts
    return None


def _through_lock(asked: Sequence[Required], lock: ManifestFacts) -> Iterator[Brought]:
    """Walk the lock from what is asked for; a lock without edges is searched by name."""
    packages = {package.name: package for package in lock.packages}
    if not any(package.dependencies for package in lock.packages):
        first = asked[0] if asked else None
        for package in lock.packages:
            if package.name in heavy_names() and first and (not package.groups or _MAIN_GROUPS & set(package.groups)):
                origin = next((item for item in asked if item.name == package.name), first)
                yield Brought(package.name, package.version, (package.name,), origin)
        return
    queue: list[tuple[tuple[str, ...], tuple[str, ...], Required]] = [
        ((item.name,), item.extras, item) for item in asked
    ]
    seen: set[tuple[str, tuple[str, ...]]] = set()
    for path, extras, origin in queue:  # grows while it is walked
        locked = packages.get(path[-1])
        if locked is None or (locked.name, extras) in seen:
            continue
        seen.add((locked.name, extras))
        if locked.name in heavy_names():
            is_cpu = "+cpu" in locked.version or _names_cpu_index(locked.index)
            yield Brought(locked.name, locked.version, path, origin, False, is_cpu)
        for name, wanted in _edges(locked, extras):
            queue.append(((*path, name), wanted, origin))


def _edges(package: LockedPackage, extras: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
    groups = {"", *(f"extra:{extra}" for extra in extras)}
    for dependency in package.dependencies:
        if dependency.group in groups and applies(dependency.marker):
            yield dependency.name, dependency.extras


def _through_knowledge(asked: Sequence[Required], versions: Mapping[str, str], cpu: bool) -> Iterator[Brought]:
    for item in asked:
        for name, between in known_to_bring(item.name, item.extras).items():
            if cpu and name.startswith(("nvidia-", "triton")):
                continue
            yield Brought(name, versions.get(name), (item.name, *between, name), item, True, cpu)


def _constraints(install: Install, tree: Tree) -> dict[str, str]:
    found: dict[str, str] = {}
    for item in install.inputs:
        if item.kind == "constraint" and item.source:
            found.update(_pins(tree, item))
    return found


def _pins(tree: Tree, item: Input) -> Iterator[tuple[str, str]]:
    facts = _facts(tree, item.source) if item.source else None
    for entry in facts.requirements if facts else ():
        if entry.pin:
            yield entry.name, entry.pin


def _is_cpu_only(install: Install, asked: Iterable[Required]) -> bool:
    """Whether torch comes from the index of CPU builds."""
    if any(_names_cpu_index(index) for index in install.indexes):
        return True
    return any(
        item.name == "torch" and ("+cpu" in (item.version or "") or _names_cpu_index(item.index)) for item in asked
    ) or any(_names_cpu_index(item.index) for item in asked)


def _names_cpu_index(index: str) -> bool:
    return any(part in index for part in _CPU_INDEX)


@functools.lru_cache(maxsize=4096)
def applies(marker: str) -> bool:
    """Whether an environment marker holds in a Linux image on x86_64."""
    if not marker:
        return True
    from packaging.markers import InvalidMarker, Marker, UndefinedComparison, UndefinedEnvironmentName

    environment = {
        "os_name": "posix", "sys_platform": "linux", "platform_system": "Linux", "platform_machine": "x86_64",
        "implementation_name": "cpython", "platform_python_implementation": "CPython", "extra": "",
        "python_version": "3.11", "python_full_version": "3.11.9", "platform_release": "", "platform_version": "",
        "implementation_version": "3.11.9",
    }  # fmt: skip
    try:
        return Marker(marker).evaluate(environment)
    except (InvalidMarker, UndefinedComparison, UndefinedEnvironmentName, ValueError):
        return True
