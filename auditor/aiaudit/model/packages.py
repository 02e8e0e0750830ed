"""What an install brings into an image: named, required and locked packages, and the heavy ones among them."""

from __future__ import annotations

import functools
import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from aiaudit.model.image.values import Image, Install
from aiaudit.model.tables import table
from aiaudit.model.tree import Tree
from aiaudit.model.workspaces import asked_projects
from aiaudit.sources.manifests.facts import LockedPackage, ManifestFacts, Requirement
from aiaudit.sources.manifests.specifiers import pin_of, requirement
from aiaudit.span import Extent, Span
from aiaudit.values import dataclass, replace

_DEVELOPMENT = {"group:dev", "group:develop", "group:development"}
_MAIN_GROUPS = {"main", "default"}
# What pulls a build for GPUs into an environment of conda, whose packages are otherwise built for processors.
_CONDA_CUDA = ("pytorch-cuda", "pytorch-gpu", "cuda", "cudatoolkit", "libtorch-cuda")
_CPU_INDEX = ("/whl/cpu", "whl/cpu/")


@dataclass(frozen=True, slots=True)
class Required:
    """A package that somebody asks for: on a command line or in a manifest.

    `version` is the one version that is allowed, None where several are. `url` holds a direct reference. `group` is the
    manifest's group that it stands in (`group:dev`, `extra:gpu`), "" for the project's own requirements.
    """

    name: str
    version: str | None
    extras: tuple[str, ...]
    span: Span
    specifier: str = ""
    index: str = ""
    marker: str = ""
    url: str = ""
    group: str = ""


@dataclass(frozen=True, slots=True)
class Brought:
    """A package that an install brings.

    `path` leads from the requirement to it (both included); `required` is where the first of them is written.
    `is_estimate` tells that no lock file proves the path, only what the packages are known to require; `is_elsewhere`
    that it comes from an index which a variable names, so that nobody knows which build it is.
    """

    name: str
    version: str | None
    path: tuple[str, ...]
    required: Required
    is_estimate: bool = False
    is_cpu_only: bool = False
    is_elsewhere: bool = False


@functools.cache
def heavy_names() -> frozenset[str]:
    """The packages whose weight decides an image's size."""
    return frozenset(table("heavy_packages")["heavy"])


def known_to_bring(name: str, extras: Iterable[str] = ()) -> dict[str, tuple[str, ...]]:
    """Heavy packages that a package is known to require, each with the names on the way."""
    data = table("heavy_packages")
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
    return (*found, *required_in_files(install, tree), *required_by_project(install, tree))


def required_in_files(install: Install, tree: Tree) -> tuple[Required, ...]:
    """The packages that the requirement files of an install ask for."""
    sources = [item.source for item in install.inputs if item.kind == "requirement" and item.source]
    return tuple(item for source in sources for item in _in_file(tree, source, set()))


def required_by_project(install: Install, tree: Tree) -> tuple[Required, ...]:
    """The packages that the manifest of the project in an install asks for."""
    return tuple(_in_project(install, tree)) if install.project or install.reads else ()


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
    for source in asked_projects(install, tree):
        if source.endswith("setup.py"):
            yield from _in_setup_script(tree, source)
            continue
        facts = _facts(tree, source)
        if facts is None:
            continue
        groups = _groups(install, facts)
        index = " ".join(entry.url for entry in facts.indexes if not entry.name)
        named = {entry.name: entry.url for entry in facts.indexes if entry.name}
        for found in facts.requirements:
            if _is_for_another_tool(found, install):
                continue
            if found.name and found.group in groups and (not found.optional or "*" in install.extras):
                yield _as_required(found, source, named.get(found.index, index))
        for inclusion in facts.inclusions:
            if inclusion.group in groups:
                yield from _in_file(tree, _beside(source, inclusion.path), set())


def _is_for_another_tool(found: Requirement, install: Install) -> bool:
    """Whether a manager of projects that is not told otherwise leaves out what stands in the table of another one."""
    if not found.tool or found.tool == install.tool or install.tool not in ("uv", "poetry", "pdm"):
        return False
    return found.group.removeprefix("group:") not in install.groups


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
    where = index or item.index
    return Required(item.name, item.pin, item.extras, span, item.specifier, where, item.marker, item.url, item.group)


def _facts(tree: Tree, path: str) -> ManifestFacts | None:
    facts = tree.facts(path, "manifest")
    return facts if isinstance(facts, ManifestFacts) else None


def _beside(path: str, written: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), written))


# What comes along


def heavy(install: Install, image: Image) -> tuple[Brought, ...]:
    """The heavy packages that an install brings, directly or along; each once, by its shortest path."""
    asked = [item for item in required(install, image) if applies(item.marker)]
    lock = in_force(install, image.service.tree)
    found: dict[str, Brought] = {}
    if lock is not None:
        for brought in _through_lock(asked, lock[1]):
            found.setdefault(brought.name, brought)
    constraints = constrained(install, image.service.tree)
    cpu = _is_cpu_only(install, asked)
    for item in asked:
        version = item.version or constraints.get(item.name)
        if item.name in heavy_names():
            found.setdefault(item.name, Brought(item.name, version, (item.name,), item, False, cpu))
    if lock is None and "--no-deps" not in install.flags:
        for brought in _through_knowledge(asked, constraints, cpu):
            found.setdefault(brought.name, brought)
    if any("$" in index for index in install.indexes) and "torch" in found:
        found["torch"] = replace(found["torch"], is_elsewhere=True)  # of other packages there is one build
    return tuple(found.values())


def in_force(install: Install, tree: Tree) -> tuple[str, ManifestFacts] | None:
    """The lock file that decides what an install brings: its path and facts."""
    for item in install.inputs:
        if item.kind == "lock" and item.source:
            facts = _facts(tree, item.source)
            if facts is not None and facts.packages:
                return item.source, facts
    return None


def locked(install: Install, image: Image) -> frozenset[str]:
    """The names of all packages that an install brings by its lock file."""
    tree = image.service.tree
    lock = in_force(install, tree)
    if lock is None:
        return frozenset()
    asked = [item for item in required(install, image) if applies(item.marker)]
    if not _has_edges(lock[1]):
        return frozenset(package.name for package in lock[1].packages if _is_main(package))
    return frozenset(package.name for package, _, _ in _walk(asked, lock[1]))


def _through_lock(asked: Sequence[Required], lock: ManifestFacts) -> Iterator[Brought]:
    """Walk the lock from what is asked for; a lock without edges is searched by name."""
    if not _has_edges(lock):
        first = asked[0] if asked else None
        for package in lock.packages:
            if package.name in heavy_names() and first and _is_main(package):
                origin = next((item for item in asked if item.name == package.name), first)
                yield Brought(package.name, package.version, (package.name,), origin)
        return
    for package, path, origin in _walk(asked, lock):
        if package.name in heavy_names():
            is_cpu = "+cpu" in package.version or _names_cpu_index(package.index)
            yield Brought(package.name, package.version, path, origin, False, is_cpu)


def _has_edges(lock: ManifestFacts) -> bool:
    return any(package.dependencies for package in lock.packages)


def _is_main(package: LockedPackage) -> bool:
    return not package.groups or bool(_MAIN_GROUPS & set(package.groups))


def _walk(asked: Sequence[Required], lock: ManifestFacts) -> Iterator[tuple[LockedPackage, tuple[str, ...], Required]]:
    """Every locked package that is reached, with the names on its shortest way and the requirement where that starts.

    A package comes once for each set of extras in which it is wanted.
    """
    packages = {package.name: package for package in lock.packages}
    queue: list[tuple[tuple[str, ...], tuple[str, ...], Required]] = [
        ((item.name,), item.extras, item) for item in asked
    ]
    seen: set[tuple[str, tuple[str, ...]]] = set()
    for path, extras, origin in queue:  # grows while it is walked
        package = packages.get(path[-1])
        if package is None or (package.name, extras) in seen:
            continue
        seen.add((package.name, extras))
        yield package, path, origin
        for name, wanted in _edges(package, extras):
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


def constrained(install: Install, tree: Tree) -> dict[str, str]:
    """The versions that constraint files give: those of the command line, and those that requirement files read."""
    found: dict[str, str] = {}
    for item in install.inputs:
        if item.kind == "constraint" and item.source:
            found.update(_pins(tree, item.source))
        facts = _facts(tree, item.source) if item.kind == "requirement" and item.source else None
        for inclusion in facts.inclusions if facts else ():
            if inclusion.kind == "constraint":
                found.update(_pins(tree, _beside(item.source or "", inclusion.path)))
    return found


def _pins(tree: Tree, path: str) -> Iterator[tuple[str, str]]:
    facts = _facts(tree, path)
    for entry in facts.requirements if facts else ():
        if entry.pin:
            yield entry.name, entry.pin


def _is_cpu_only(install: Install, asked: Iterable[Required]) -> bool:
    """Whether torch comes as a build for processors: from their index, or from conda on a machine without a GPU."""
    asked = tuple(asked)
    names = {item.name for item in asked}
    if any(item.name == "pytorch" for item in asked) and not any(name.startswith(_CONDA_CUDA) for name in names):
        return True
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
