"""Whether an install gives the same packages tomorrow: pinned requirements, constraints, a lock file in force."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping

from aiaudit.model.image.commands import names_in
from aiaudit.model.image.filesystem import Presence
from aiaudit.model.image.values import Image, Input, Install, Layer
from aiaudit.model.packages import Required, applies, constrained, in_force, required_by_project, required_in_files
from aiaudit.patterns import regex
from aiaudit.values import dataclass

LOCKS = {"uv": "uv.lock", "poetry": "poetry.lock", "pdm": "pdm.lock", "pipenv": "Pipfile.lock"}
_PROJECT_LOCKS = ("uv.lock", "poetry.lock", "pdm.lock")
_ONE_STEP = names_in("pip pipx") | {"uv pip"}
# What makes a tool keep to its lock, or end with an error: options, subcommands, variables.
_ENFORCING = {
    "uv": names_in("--locked --frozen"),
    "pdm": names_in("--frozen-lockfile --no-lock --check sync"),
    "pipenv": names_in("--deploy --ignore-pipfile sync"),
}
_ENFORCING_VARIABLES = ("UV_LOCKED", "UV_FROZEN", "PDM_FROZEN_LOCKFILE")
_CONSTRAINING_VARIABLES = ("PIP_CONSTRAINT", "UV_CONSTRAINT")
_INSTALLERS = names_in("pip setuptools wheel python")
_UPPER = regex(r"~=|\^|<|==|~\d")


@dataclass(frozen=True, slots=True)
class Loose:
    """An install whose packages are chosen when it runs.

    `open` are the requirements that allow several versions, `total` how many there are. `lock` is a lock file of the
    repository that would decide: "" if there is none; `is_read` tells whether the install gets to see it.
    """

    layer: Layer
    install: Install
    open: tuple[Required, ...]
    total: int
    lock: str = ""
    is_read: bool = False

    @property
    def is_bounded(self) -> bool:
        """Whether every open requirement has at least an upper bound."""
        return all(_UPPER.search(item.specifier) for item in self.open)


def loose_installs(image: Image) -> Iterator[Loose]:
    """Installs of the stages that a build runs, which neither a lock nor pins nor constraints decide."""
    seen: set[tuple[str, ...]] = set()
    for stage in image.used:
        for layer in stage.layers:
            for install in layer.installs:
                if install.ecosystem != "python" or _follows_dependencies(layer, install):
                    continue
                key = (install.tool, *(item.source or item.name for item in install.inputs))
                found = _loose(install, layer, image)
                if found is not None and key not in seen:
                    seen.add(key)
                    yield found


def _loose(install: Install, layer: Layer, image: Image) -> Loose | None:
    if install.tool in LOCKS and install.reads:
        return _by_tool(install, layer, image)
    if install.tool not in _ONE_STEP or "--no-deps" in install.flags:
        return None
    if any(item.kind == "lock" for item in install.inputs):
        return None  # what comes through a pipe is written down from a lock
    tree = image.service.tree
    if install.requirement_files:
        asked = [item for item in required_in_files(install, tree) if applies(item.marker)]
        return _from(install, layer, image, asked, "", False)
    asked = [item for item in required_by_project(install, tree) if applies(item.marker)]
    return _from(install, layer, image, asked, _lock_beside(install, image, _PROJECT_LOCKS), False)


def _by_tool(install: Install, layer: Layer, image: Image) -> Loose | None:
    """An install of a tool that has a lock file of its own."""
    lock = next((item for item in install.inputs if item.kind == "lock"), None)
    if lock is None or lock.presence is Presence.UNKNOWN or _is_awaited(lock, image):
        return None
    asked = [item for item in required_by_project(install, image.service.tree) if applies(item.marker)]
    if lock.presence is Presence.PRESENT:
        if (
            install.tool == "poetry"
            or _is_enforced(install, layer.environment)
            or in_force(install, image.service.tree) is None
        ):
            return None
        return Loose(layer, install, (), len(asked), lock.source or lock.name, True)
    beside = _lock_beside(install, image, (LOCKS[install.tool],))
    return _from(install, layer, image, asked, beside, False)


def _from(
    install: Install, layer: Layer, image: Image, asked: list[Required], lock: str, is_read: bool
) -> Loose | None:
    if not asked or any(layer.environment.get(name) for name in _CONSTRAINING_VARIABLES):
        return None
    if install.constraint_files and not any(item.kind == "constraint" and item.source for item in install.inputs):
        return None  # constraints from elsewhere decide
    pinned = constrained(install, image.service.tree)
    loose = tuple(item for item in asked if _is_open(item) and item.name not in pinned)
    return Loose(layer, install, loose, len(asked), lock, is_read) if loose else None


def _is_open(item: Required) -> bool:
    """Whether a requirement allows several versions; an address is one, unless it is a repository without revision."""
    if item.name in _INSTALLERS:
        return False
    if not item.url:
        return item.version is None
    is_repository = item.url.startswith(("git+", "hg+", "svn+"))
    return is_repository and "@" not in item.url.partition("://")[2].partition("/")[2]


def _is_enforced(install: Install, environment: Mapping[str, str]) -> bool:
    words = {word.text for word in install.command.words}
    if not words.isdisjoint(_ENFORCING.get(install.tool, frozenset())):
        return True
    return any(is_switched_on(name, install, environment) for name in _ENFORCING_VARIABLES)


def is_switched_on(variable: str, install: Install, environment: Mapping[str, str]) -> bool:
    """Whether a variable that stands for an option is set to a value that means yes, by the command or by ENV."""
    return install.environment(environment).get(variable, "") not in ("", "0", "false")


def _lock_beside(install: Install, image: Image, names: tuple[str, ...]) -> str:
    """A lock file in the folder of the project's manifest."""
    tree = image.service.tree
    for item in install.inputs:
        if item.kind != "manifest" or not item.source:
            continue
        for name in names:
            path = posixpath.join(posixpath.dirname(item.source), name)
            if tree.exists(path):
                return path
    return ""


def _is_awaited(lock: Input, image: Image) -> bool:
    """Whether a COPY names the lock although the repository has none: it is made before the build."""
    name = posixpath.basename(lock.name)
    return any(
        posixpath.basename(source) == name
        for stage in image.used
        for layer in stage.layers
        if layer.copy is not None
        for source in layer.copy.missing
    )


def _follows_dependencies(layer: Layer, install: Install) -> bool:
    """Whether the install adds the project itself to dependencies that an earlier layer has installed."""
    if not install.project or install.requirement_files or install.tool not in _ONE_STEP:
        return False
    for other in layer.stage.inherited_layers:
        for before in other.installs:
            if before is install:
                return False
            if before.ecosystem == "python" and (before.requirement_files or before.reads):
                return True
        if other.copy is not None and other.copy.stage is not None and "site-packages" in " ".join(other.copy.sources):
            return True
    return False
