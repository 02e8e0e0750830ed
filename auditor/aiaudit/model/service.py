"""The linked model of one audited tree: everything that rules look at, each part made on first use."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from aiaudit.model.tree import Tree
from aiaudit.values import dataclass

Part = TypeVar("Part")
Subject = TypeVar("Subject")


@dataclass(frozen=True, slots=True)
class Group:
    """One of several services in a tree, none of which imports what belongs to another.

    `entries` and `starters` are where its program begins, `files` all Python files of its folders, `images` the
    Dockerfiles whose images carry its code. `folders` are its own, `foreign` those of the others.
    """

    entries: tuple[str, ...]
    starters: tuple[str, ...]
    files: frozenset[str]
    images: frozenset[str]
    folders: frozenset[str]
    foreign: frozenset[str]


class Service:
    """One audited tree, seen as a service.

    `tree` gives files and their facts. Parts of the model are made on first use by the providers below and kept.
    `knowledge` are files with users' own knowledge, beside the files that come with the tool. `date` is the day of the
    audit (ISO 8601): what had lost its support before it is out of date; "" calls nothing out of date.

    Of a tree with several services, one `group` is looked at after the other: in its turn, the Python side is its own.
    """

    def __init__(self, tree: Tree, knowledge: tuple[str, ...] = (), date: str = "") -> None:
        self.tree = tree
        self.knowledge = knowledge
        self.date = date
        self.group: Group | None = None
        self._parts: dict[str, Any] = {}
        self._lasting: frozenset[str] | None = None

    def turn(self, group: Group | None) -> None:
        """Look at another group. What was made in the turn of one is forgotten after it, what was made before stays."""
        if self._lasting is None:
            self._lasting = frozenset(self._parts)
        self._parts = {name: self._parts[name] for name in self._lasting}
        self.group = group

    def holds(self, path: str) -> bool:
        """Whether a Python file belongs to the group whose turn it is."""
        return self.group is None or path in self.group.files

    def concerns(self, path: str) -> bool:
        """Whether a file of any kind may be about the group whose turn it is: it lies in no folder of another one."""
        folder = path.rpartition("/")[0] if self.group is not None else ""
        while self.group is not None and folder and folder not in self.group.folders:
            if folder in self.group.foreign:
                return False
            folder = folder.rpartition("/")[0]
        return True

    def part(self, name: str, make: Callable[[Service], Part]) -> Part:
        """The named part of the model, made once."""
        if name not in self._parts:
            self._parts[name] = make(self)
        part: Part = self._parts[name]
        return part

    def subjects(self, kind: type[Subject]) -> Iterable[Subject]:
        """All subjects of one kind, for the checks that ask for it."""
        if kind is Service:
            return (self,)  # type: ignore[return-value]
        from aiaudit.model.subjects import provide

        return provide(self, kind.__name__)
