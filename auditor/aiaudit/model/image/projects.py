"""Projects of the repository that an image installs: the modules and console scripts that they bring."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from aiaudit.model.image.filesystem import Presence, absolute
from aiaudit.model.image.values import Image, Install, Stage
from aiaudit.model.service import Service
from aiaudit.model.tree import Tree
from aiaudit.model.workspaces import installed_manifests
from aiaudit.sources.manifests.facts import ManifestFacts
from aiaudit.values import dataclass

_MANIFESTS = ("pyproject.toml", "setup.cfg", "setup.py")


@dataclass(frozen=True, slots=True)
class Project:
    """An installed project: its `folder` in the repository, its `place` in the image, what its manifest says.

    `is_editable` tells that the import path leads to `place` instead of holding a copy.
    """

    folder: str
    place: str
    facts: ManifestFacts | None
    is_editable: bool

    @property
    def roots(self) -> tuple[str, ...]:
        """Folders below the project's own whose modules are installed, as far as the manifest names packages."""
        stated = self.facts.modules if self.facts is not None else ()
        folders = (module.rstrip("/") if module.endswith("/") else posixpath.dirname(module) for module in stated)
        return tuple(dict.fromkeys(folders)) or ("src", "")

    def states(self, top: str) -> bool | None:
        """Whether the manifest says that a top-level module is part of it; None where it leaves that to the backend."""
        if self.facts is None:
            return None
        if any(module.endswith("/") for module in self.facts.modules):
            return None
        if self.facts.modules:
            return any(posixpath.basename(module).removesuffix(".py") == top for module in self.facts.modules)
        return True if self.facts.project.replace("-", "_") == top else None


def installed_projects(image: Image, stage: Stage) -> Iterator[Project]:
    """Projects that the lineage of a stage installs, or a stage that it copies from."""
    for source in (*stage.lineage, *image.copied_from):
        for layer in source.layers:
            for install in layer.installs:
                if install.project and install.ecosystem == "python":
                    yield from _projects_of(install, image.service.tree)


def _projects_of(install: Install, tree: Tree) -> Iterator[Project]:
    """The project that an install names, then the members of its workspace that come with it."""
    manifest = next((i.source for i in install.inputs if i.source and _is_manifest(i.source)), None)
    place = absolute(install.project, install.folder)
    if manifest is None or place is None:
        return
    home = posixpath.dirname(manifest)
    for path in dict.fromkeys((manifest, *installed_manifests(install, tree))):
        facts = tree.facts(path, "manifest") if path.endswith((".toml", ".cfg")) else None
        known = facts if isinstance(facts, ManifestFacts) else None
        if known is not None and not known.is_package and install.tool in ("uv", "poetry", "pdm"):
            continue
        folder = posixpath.dirname(path)
        below = posixpath.relpath(folder or ".", home or ".")
        yield Project(folder, posixpath.normpath(posixpath.join(place, below)), known, install.editable)


def has_unknown_project(image: Image, stage: Stage) -> bool:
    """Whether a project is installed of which nothing is known here."""
    count = sum(
        1
        for source in (*stage.lineage, *image.copied_from)
        for layer in source.layers
        for install in layer.installs
        if install.project
        and install.ecosystem == "python"
        and not any(i.source and _is_manifest(i.source) for i in install.inputs)
    )
    return count > 0


def installed_scripts(image: Image, stage: Stage) -> Mapping[str, str]:
    """Console scripts by name, as `module:function`."""
    found: dict[str, str] = {}
    for project in installed_projects(image, stage):
        for script in project.facts.scripts if project.facts is not None else ():
            found.setdefault(script.name, script.target)
    return found


def project_module(image: Image, parts: Sequence[str]) -> tuple[Presence, str | None]:
    """Whether an installed project brings a dotted module, and the repository file that holds it."""
    if has_unknown_project(image, image.final):
        return Presence.UNKNOWN, None
    answer = Presence.MISSING
    for project in installed_projects(image, image.final):
        presence, source = _in_project(image, project, parts)
        if presence is Presence.PRESENT:
            return presence, source
        if presence is Presence.UNKNOWN:
            answer = presence
    return answer, None


def _in_project(image: Image, project: Project, parts: Sequence[str]) -> tuple[Presence, str | None]:
    tree, files = image.service.tree, image.final.files
    for root in project.roots:
        source = _module_in(tree, posixpath.join(project.folder, root), parts)
        if source is None:
            continue
        if project.is_editable and files is not None:
            below = posixpath.relpath(source, project.folder or ".")
            presence = files.presence(posixpath.join(project.place, below))
            return presence, source if presence is Presence.PRESENT else None
        stated = project.states(parts[0])
        if stated is False:
            continue
        return (Presence.PRESENT, source) if stated or root else (Presence.UNKNOWN, None)
    may_hold = _may_hold(image.service, project.folder, parts[0])
    return (Presence.UNKNOWN if may_hold else Presence.MISSING), None


def _module_in(tree: Tree, folder: str, parts: Sequence[str]) -> str | None:
    base = posixpath.normpath(posixpath.join(folder, *parts))
    return next((path for path in (f"{base}.py", f"{base}/__init__.py") if tree.exists(path)), None)


def _may_hold(service: Service, folder: str, top: str) -> bool:
    """Whether anything in the project's folder bears the name of a top-level module."""
    prefix = f"{folder}/" if folder else ""
    return any(path.startswith(prefix) for path in service.part("python files by name", _by_name).get(top, ()))


def _by_name(service: Service) -> dict[str, list[str]]:
    """Name of a folder or module -> the Python files that lie in it or are it."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in service.tree.files("python"):
        for name in dict.fromkeys(path.removesuffix(".py").split("/")):
            found[name].append(path)
    return found


def _is_manifest(path: str) -> bool:
    return posixpath.basename(path) in _MANIFESTS
