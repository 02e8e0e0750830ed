"""Imports of the started program that the image cannot satisfy, although the repository could."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import Any

from aiaudit.model.image.filesystem import Filesystem, Presence
from aiaudit.model.image.projects import project_module
from aiaudit.model.image.targets import is_test, may_be_installed, module_file, search_path
from aiaudit.model.image.values import Image, Server
from aiaudit.model.packages import required
from aiaudit.sources.manifests.facts import ManifestFacts
from aiaudit.span import Span
from aiaudit.values import dataclass


@dataclass(frozen=True, slots=True)
class BrokenImport:
    """An import statement: the module that it names, the repository file that holds it, and how often it happens.

    `at_startup` is false where it stands inside a function, so that the failure comes with a request.
    """

    server: Server
    module: str
    span: Span
    source: str
    at_startup: bool
    count: int


def broken_imports(image: Image) -> Iterator[BrokenImport]:
    """For each server the first import that fails at startup, or else the first inside a function."""
    files = image.final.files
    if files is None:
        return
    for server in image.servers:
        roots = search_path(image, server) if server.kind == "module" else ()
        if not roots or any(files.is_blurred(root) for root in roots):
            continue
        found = list(_walk(image, server, files, roots))
        if found:
            first = next((item for item in found if item[3]), found[0])
            yield BrokenImport(server, first[0], first[1], first[2], first[3], len(found))


def _walk(
    image: Image, server: Server, files: Filesystem, roots: Sequence[str]
) -> Iterator[tuple[str, Span, str, bool]]:
    """Follow imports from the started module through the image: module, place, repository file, at startup."""
    start = next((s for root in roots if (s := module_file(files, root, server.module.split("."))[1])), None)
    if start is None:
        return
    queue, seen = [start], {start}
    for path in queue:  # grows while it is walked
        facts = image.service.tree.facts(path, "python")
        if facts is None or facts[0] or "sys.path" in image.service.tree.text(path):
            return
        for name, at, is_nested in _imports(facts[1], False):
            found = [module_file(files, root, name.split(".")) for root in roots]
            source = next((s for presence, s in found if presence is Presence.PRESENT and s), None)
            if source is not None:
                if source not in seen:
                    seen.add(source)
                    queue.append(source)
                continue
            if any(presence is not Presence.MISSING for presence, _ in found):
                continue
            presence, source = project_module(image, name.split("."))
            if presence is Presence.PRESENT and source is not None and source not in seen:
                seen.add(source)
                queue.append(source)
            if presence is not Presence.MISSING:
                continue
            holder = _in_repository(image, path, name)
            if holder is not None:
                yield name, Span.at(path, at), holder, not is_nested


def _imports(body: Sequence[Any], is_nested: bool) -> Iterator[tuple[str, Any, bool]]:
    """Absolute imports of a module; those that a `try` guards are left out."""
    for statement in body:
        tag = statement[0]
        if tag == "import":
            for name, _ in statement[2]:
                yield name, statement[1], is_nested
        elif tag == "from" and statement[2] == 0:
            yield statement[3], statement[1], is_nested
        elif tag == "def":
            yield from _imports(statement[6], True)
        elif tag == "class":
            yield from _imports(statement[6], is_nested)
        elif tag == "if" and "TYPE_CHECKING" not in repr(statement[2]):
            yield from _imports(statement[3], is_nested)
            yield from _imports(statement[4], is_nested)
        elif tag == "with":
            yield from _imports(statement[3], is_nested)
        elif tag == "for":
            yield from _imports(statement[4], is_nested)


def _in_repository(image: Image, importer: str, name: str) -> str | None:
    """The repository file that the import means: below a folder above the importer, in the very place of the name."""
    top = name.partition(".")[0]
    if top in sys.stdlib_module_names or may_be_installed(image, top):
        return None
    tree = image.service.tree
    folder = importer.rpartition("/")[0]
    while folder:
        folder = folder.rpartition("/")[0]
        base = f"{folder}/{name.replace('.', '/')}".lstrip("/")
        for candidate in (f"{base}.py", f"{base}/__init__.py"):
            if tree.exists(candidate) and not is_test(candidate):
                return None if _is_installed_from_index(image, folder) else candidate
    return None


def _is_installed_from_index(image: Image, folder: str) -> bool:
    """Whether the image installs the project of a folder by its name, as anybody would."""
    facts = image.service.tree.facts(f"{folder}/pyproject.toml".lstrip("/"), "manifest")
    if not isinstance(facts, ManifestFacts) or not facts.project:
        return False
    return any(item.name == facts.project for _, install in image.final.installs for item in required(install, image))
