"""Imports of the started program followed through the image: which files they load, and which of them fail."""

from __future__ import annotations

import posixpath
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from aiaudit.model.image.filesystem import Filesystem, Presence, absolute
from aiaudit.model.image.names import module_names
from aiaudit.model.image.projects import project_module
from aiaudit.model.image.targets import is_test, may_be_installed, module_place, search_path
from aiaudit.model.image.values import Image, Server
from aiaudit.model.packages import required
from aiaudit.model.scopes import last_name
from aiaudit.model.service import Service
from aiaudit.model.tree import Tree
from aiaudit.sources.manifests.facts import ManifestFacts
from aiaudit.sources.manifests.specifiers import normalized
from aiaudit.span import Span
from aiaudit.values import dataclass, field

_DJANGO_SETTINGS = "DJANGO_SETTINGS_MODULE"
# Programs that import the file they are given by its full name: they search the folder above its outermost package.
_IMPORT_BY_NAME = ("fastapi", "flask")


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


@dataclass(frozen=True, slots=True)
class _Import:
    """`level` counts the leading dots; `names` are what a `from` import takes. `variable` is the environment variable
    that the module is named in, if no import statement names it: what the environment says counts first."""

    level: int
    module: str
    names: tuple[str, ...]
    at: Any
    is_nested: bool
    variable: str = ""


def broken_imports(image: Image) -> Iterator[BrokenImport]:
    """For each server the first import that fails at startup, or else the first inside a function."""
    for server in image.servers:
        walked = _walked(image, server)
        if walked is not None and walked.failing and walked.is_whole:
            found = walked.failing
            first = next((item for item in found if item[3]), found[0])
            yield BrokenImport(server, first[0], first[1], first[2], first[3], len(found))


def imported_files(image: Image, server: Server) -> tuple[str, ...]:
    """The repository files that a server's program loads, its own first, as far as they lie in the image."""
    walked = _walked(image, server)
    return tuple(dict.fromkeys(source for _, source in walked.queue)) if walked is not None else ()


def imported_names(image: Image, path: str) -> tuple[str, ...]:
    """The modules that a file imports by their full names when it is loaded."""
    facts = image.service.tree.facts(path, "python")
    found = _imports(facts[1], False) if facts is not None else ()
    return tuple(item.module for item in found if not item.level and not item.is_nested)


def _walked(image: Image, server: Server) -> _Walk | None:
    """The imports of a server followed: once, whoever asks."""
    kept = image.service.part("followed imports", _no_walks)
    key = (id(image), id(server))
    if key not in kept:
        kept[key] = (image, server, _walk(image, server))  # with both, so that they stay the only ones of their ids
    return kept[key][2]


def _no_walks(_: Service) -> dict[tuple[int, int], tuple[Image, Server, _Walk | None]]:
    return {}


def _walk(image: Image, server: Server) -> _Walk | None:
    files = image.final.files
    if files is None:
        return None
    roots, start = _start(server, files)
    if start is None or start not in files.files:
        return None
    walk = _Walk(image, server, files, roots, [(start, files.files[start])], reached={start})
    walk.run()
    return walk


def _start(server: Server, files: Filesystem) -> tuple[tuple[str, ...], str | None]:
    """The import path of a server's program, and the place of its first file."""
    if server.kind == "script":
        place = absolute(server.target.partition(" ")[0], server.folder)
        return (search_path(server, _script_root(server, files, place)) if place else ()), place
    roots = search_path(server)
    if server.kind not in ("module", "package") or not server.module:
        return roots, None
    parts = server.module.split(".")
    candidates = [parts, [*parts, "__main__"]] if server.kind == "package" else [parts]
    found = (module_place(files, root, names)[1] for names in candidates for root in roots)
    return roots, next((place for place in found if place), None)


def _script_root(server: Server, files: Filesystem, place: str) -> str:
    """The folder that stands first on the import path when a file is run."""
    folder = posixpath.dirname(place)
    while server.program in _IMPORT_BY_NAME and f"{folder}/__init__.py" in files.files:
        folder = posixpath.dirname(folder)
    return folder


@dataclass(slots=True)
class _Walk:
    """Files by place and repository path, in the order in which they are reached.

    `failing` are imports that fail: module, span, the repository file meant, at startup. `is_whole` is false where code
    changes the import path or a file cannot be read, so that no failure is sure.
    """

    image: Image
    server: Server
    files: Filesystem
    roots: Sequence[str]
    queue: list[tuple[str, str]]
    failing: list[tuple[str, Span, str, bool]] = field(default_factory=list)
    is_whole: bool = True
    reached: set[str] = field(default_factory=set)  # the places in the queue

    def run(self) -> None:
        """Follow all imports."""
        tree = self.image.service.tree
        self.is_whole = bool(self.roots) and not any(self.files.is_blurred(root) for root in self.roots)
        for place, path in self.queue:  # grows while it is walked
            facts = tree.facts(path, "python")
            if facts is None or facts[0] or tree.mentions(path, ("sys.path",)):
                self.is_whole = False
            for found in _imports(facts[1], False) if facts is not None else ():
                if found.variable and self.server.variable(found.variable) is not None:
                    continue
                if found.level:
                    self._relative(found, place, path)
                else:
                    self._absolute(found, path)

    def _reach(self, place: str) -> None:
        if place not in self.reached:
            self.reached.add(place)
            self.queue.append((place, self.files.files[place]))

    def _look_up(self, folders: Sequence[str], parts: Sequence[str]) -> Presence:
        """Whether a module is found, and if so what it loads: its packages as well."""
        answer = Presence.MISSING
        for folder in folders:
            presence, place = module_place(self.files, folder, parts)
            if presence is Presence.PRESENT:
                for count in range(1, len(parts)):
                    above = posixpath.join(folder, *parts[:count], "__init__.py")
                    if above in self.files.files:
                        self._reach(above)
                if place is not None:
                    self._reach(place)
                return presence
            if presence is Presence.UNKNOWN:
                answer = presence
        return answer

    def _absolute(self, found: _Import, path: str) -> None:
        parts = found.module.split(".")
        presence = self._look_up(self.roots, parts)
        if presence is Presence.PRESENT:
            for name in found.names:
                self._look_up(self.roots, [*parts, name])
        if presence is not Presence.MISSING or project_module(self.image, parts)[0] is not Presence.MISSING:
            return
        holder = _in_repository(self.image, path, found.module)
        if holder is not None and _may_mean(self.image.service.tree, holder, found):
            self.failing.append((found.module, Span.at(path, found.at), holder, not found.is_nested))

    def _relative(self, found: _Import, place: str, path: str) -> None:
        folder, source = posixpath.dirname(place), posixpath.dirname(path)
        for _ in range(found.level - 1):
            folder, source = posixpath.dirname(folder), posixpath.dirname(source)
        parts = found.module.split(".") if found.module else []
        presence = self._look_up([folder], parts) if parts else Presence.PRESENT
        if presence is Presence.PRESENT:
            for name in found.names:
                self._look_up([folder], [*parts, name])
        elif presence is Presence.MISSING:
            base = posixpath.join(source, *parts)
            holder = next((p for p in (f"{base}.py", f"{base}/__init__.py") if self.image.service.tree.exists(p)), None)
            if holder is not None:
                name = "." * found.level + found.module
                self.failing.append((name, Span.at(path, found.at), holder, not found.is_nested))


def _imports(body: Sequence[Any], is_nested: bool) -> Iterator[_Import]:
    """Imports of a module; those that a `try` guards are left out."""
    for statement in body:
        tag = statement[0]
        if tag == "import":
            for name, _ in statement[2]:
                yield _Import(0, name, (), statement[1], is_nested)
        elif tag == "from":
            names = tuple(name for name, _ in statement[4] if name != "*")
            yield _Import(statement[2], statement[3] or "", names, statement[1], is_nested)
        elif tag == "expr":
            yield from _settings_module(statement, is_nested)
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


def _settings_module(statement: Any, is_nested: bool) -> Iterator[_Import]:
    """`os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")`: Django imports it when it is set up."""
    call = statement[2]
    if call[0] != "call" or last_name(call[2]) != "setdefault" or len(call[3]) != 2:
        return
    variable, module = call[3]
    if variable[0] == module[0] == "const" and variable[2] == _DJANGO_SETTINGS and isinstance(module[2], str):
        yield _Import(0, module[2], (), statement[1], is_nested, _DJANGO_SETTINGS)


def _in_repository(image: Image, importer: str, name: str) -> str | None:
    """The repository file that the import means: below a folder above the importer, in the very place of the name."""
    top = name.partition(".")[0]
    if top in sys.stdlib_module_names or may_be_installed(image, top) or _is_required(image, top):
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


def _may_mean(tree: Tree, holder: str, found: _Import) -> bool:
    """Whether a repository file has what an import takes: a folder may bear the name of the library it adapts."""
    if "." in found.module or found.variable or posixpath.basename(holder) != "__init__.py":
        return True
    folder, defined = posixpath.dirname(holder), module_names(tree, holder)
    if not found.names or defined is None:
        return bool(found.names)
    return all(
        name in defined or tree.exists(f"{folder}/{name}.py") or tree.exists(f"{folder}/{name}/__init__.py")
        for name in found.names
    )


def _is_required(image: Image, top: str) -> bool:
    """Whether the image installs a distribution of a top-level module's name, or one of its parts: `google-genai`."""
    name = normalized(top)
    asked = (item.name for _, install in image.final.installs for item in required(install, image))
    return any(normalized(item) == name or normalized(item).startswith(f"{name}-") for item in asked)


def _is_installed_from_index(image: Image, folder: str) -> bool:
    """Whether the image installs the project of a folder by its name, as anybody would."""
    facts = image.service.tree.facts(f"{folder}/pyproject.toml".lstrip("/"), "manifest")
    if not isinstance(facts, ManifestFacts) or not facts.project:
        return False
    return any(item.name == facts.project for _, install in image.final.installs for item in required(install, image))
