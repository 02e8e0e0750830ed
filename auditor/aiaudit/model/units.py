"""Folders of a tree that are built or installed by themselves, and which of them belong together."""

from __future__ import annotations

from collections.abc import Iterable

from aiaudit.model.layout import ancestors, folder_of
from aiaudit.model.program import is_beside_the_service

# What makes a folder a project of its own.
_MARKERS = frozenset(
    ("pyproject.toml", "setup.py", "setup.cfg", "Pipfile", "manage.py", "environment.yml", "environment.yaml")
)


class Units:
    """The folders of a tree that are projects of their own; "" is the root's."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._marked: set[str] = set()
        self._is_project = False  # then folders that no file marks are parts of the root's
        for path in paths:
            folder, _, name = path.rpartition("/")
            if name in _MARKERS or "Dockerfile" in name or (name.startswith("requirements") and name.endswith(".txt")):
                self._marked.add(folder)
            elif not folder and path.endswith(".py") and not is_beside_the_service(path):
                self._is_project = True
        self._is_project |= "" in self._marked
        self._known: dict[str, str] = {"": ""}

    def of(self, path: str) -> str:
        """The unit that a file belongs to: the outermost folder that is marked, else the outermost of all."""
        folder = folder_of(path)
        if folder not in self._known:
            around = [outer for outer in reversed([*ancestors(folder)]) if outer]
            top = "" if self._is_project else around[0]
            self._known[folder] = next((outer for outer in around if outer in self._marked), top)
        return self._known[folder]

    def all(self) -> set[str]:
        """Those that have been asked for."""
        return set(self._known.values())

    def below(self, folder: str) -> set[str]:
        """The units that share a folder."""
        inner = (marked for marked in self._marked if marked.startswith(f"{folder}/"))
        return {self.of(f"{outer}/") for outer in (folder, *inner)}


class Joined:
    """Units that belong together, each set known by one of them."""

    def __init__(self) -> None:
        self._above: dict[str, str] = {}

    def of(self, unit: str) -> str:
        """The unit that stands for all that this one belongs to."""
        while unit in self._above:
            unit = self._above[unit]
        return unit

    def join(self, first: str, second: str) -> None:
        """Put two sets together."""
        first, second = self.of(first), self.of(second)
        if first != second:
            self._above[second] = first
