"""Where the modules of a tree lie and which file an import means, by paths alone: nothing is read for it."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterator

from aiaudit.model.tree import Tree
from aiaudit.values import dataclass

_STANDARD = frozenset(sys.stdlib_module_names)


@dataclass(frozen=True, slots=True)
class Place:
    """A module of the tree, or a folder of them without `__init__.py` (then `path` is None)."""

    folder: str
    path: str | None

    @property
    def is_package(self) -> bool:
        """Whether names in it may be modules of their own."""
        return self.path is None or self.path.rpartition("/")[2] == "__init__.py"


class Layout:
    """All Python files of a tree, and how imports find them. `third_party` are the modules of known libraries."""

    def __init__(self, tree: Tree, third_party: frozenset[str] = frozenset()) -> None:
        self.third_party = third_party
        self.paths = frozenset(tree.files("python"))
        self.folders = self._folders()
        self._tops = self._top_level_index()

    def _folders(self) -> frozenset[str]:
        found: set[str] = set()
        for path in self.paths:
            folder = path.rpartition("/")[0]
            while folder and folder not in found:
                found.add(folder)
                folder = folder.rpartition("/")[0]
        return frozenset(found)

    def _top_level_index(self) -> dict[str, list[str]]:
        """Name of a module or package folder -> the folders that hold one of that name."""
        index: dict[str, list[str]] = defaultdict(list)
        for path in sorted(self.paths):
            folder, _, name = path.rpartition("/")
            index[name[:-3]].append(folder)
        for path in sorted(self.folders):
            folder, _, name = path.rpartition("/")
            index[name].append(folder)
        return index

    def locate(self, importer: str, name: str, level: int) -> Place | None:
        """What `import name` (level 0) or `from ..name import` means in a file; None for what lies elsewhere."""
        if not level:
            return self._absolute(importer, name)
        folder = folder_of(importer)
        for _ in range(level - 1):
            folder = folder_of(folder)
        return self.below(folder, name) if name else self._package(folder)

    def submodule(self, package: Place, name: str) -> Place | None:
        """A module inside a package."""
        return self.below(package.folder, name) if package.is_package else None

    def files_of(self, place: Place) -> Iterator[str]:
        """The files that importing a module runs: importing a.b.c runs a/__init__.py and a/b/__init__.py."""
        folder = place.folder
        while folder:
            if f"{folder}/__init__.py" in self.paths:
                yield f"{folder}/__init__.py"
            folder = folder_of(folder)
        if place.path is not None:
            yield place.path

    def _absolute(self, importer: str, name: str) -> Place | None:
        top = name.partition(".")[0]
        holders = self._tops.get(top)
        if not holders or top in _STANDARD:
            return None
        if top in self.third_party and not any(f"{join(h, top)}/__init__.py" in self.paths for h in self._roots()):
            return self._beside(importer, name)
        known = set(holders)
        around = (root for folder in ancestors(folder_of(importer)) for root in (folder, join(folder, "src")))
        near = self._found([r for r in around if r in known and not self._is_itself(importer, r, top)], name)
        if near is not None and near.path is not None:
            return near
        # Started from somewhere else (a working directory or path that the repository sets outside of Python).
        apart = self._found([root for root in holders if not self._inside(root)], name, near.folder if near else "")
        return apart if near is None or (apart is not None and apart.path is not None) else near

    def _found(self, roots: list[str], name: str, around: str = "") -> Place | None:
        """What a name means below the first of some folders that know it: a package or module before a folder without
        `__init__.py`, as on Python's own path. With `around`, only what lies inside of that folder: the project folder
        `common` with the package `common/common`."""
        inside = [root for root in roots if not around or f"{root}/".startswith(f"{around}/")]
        matches = [found for root in inside if (found := self.below(root, name))]
        return next((found for found in matches if found.path is not None), matches[0] if matches else None)

    def _beside(self, importer: str, name: str) -> Place | None:
        """What bears the name of a library and is the repository's own all the same: a package beside the importing
        script, or the very file that a dotted name names below a folder that Python may search."""
        top, dotted, _ = name.partition(".")
        own = folder_of(importer)
        for folder in ancestors(own):
            if self._inside(folder) or self._is_itself(importer, folder, top):
                continue
            if folder == own and f"{join(folder, top)}/__init__.py" in self.paths:
                return self.below(folder, name)
            found = self.below(folder, name) if dotted else None
            if found is not None and found.path is not None:
                return found
        return None

    def _roots(self) -> tuple[str, ...]:
        return ("", "src")

    def _is_itself(self, importer: str, root: str, top: str) -> bool:
        """A module named like what it imports (`llm/openai.py` imports openai) does not import itself."""
        return importer == f"{join(root, top)}.py" or (
            self._inside(root) and root == folder_of(importer) and top in self.third_party
        )

    def _inside(self, folder: str) -> bool:
        return bool(folder) and f"{folder}/__init__.py" in self.paths

    def below(self, folder: str, name: str) -> Place | None:
        """The module or package of a dotted name below a folder; a package hides a module of its name beside it."""
        path = join(folder, name.replace(".", "/"))
        if f"{path}.py" in self.paths and f"{path}/__init__.py" not in self.paths:
            return Place(folder_of(path), f"{path}.py")
        return self._package(path)

    def _package(self, folder: str) -> Place | None:
        if f"{folder}/__init__.py".lstrip("/") in self.paths:
            return Place(folder, f"{folder}/__init__.py".lstrip("/"))
        return Place(folder, None) if folder in self.folders or not folder else None


def join(folder: str, name: str) -> str:
    """The path of what lies in a folder, "" for the root."""
    return f"{folder}/{name}" if folder else name


def folder_of(path: str) -> str:
    """The folder that a file or folder lies in."""
    return path.rpartition("/")[0]


def ancestors(folder: str) -> Iterator[str]:
    """A folder and all around it, the root last."""
    while folder:
        yield folder
        folder = folder_of(folder)
    yield ""
