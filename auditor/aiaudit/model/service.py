"""The linked model of one audited tree: everything that rules look at, each part made on first use."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from aiaudit.model.tree import Tree

Part = TypeVar("Part")
Subject = TypeVar("Subject")


class Service:
    """One audited tree, seen as a service.

    `tree` gives files and their facts. Parts of the model are made on first use by the providers below and kept.
    `knowledge` are files with users' own knowledge, beside the files that come with the tool. `date` is the day of the
    audit (ISO 8601): what had lost its support before it is out of date; "" calls nothing out of date.
    """

    def __init__(self, tree: Tree, knowledge: tuple[str, ...] = (), date: str = "") -> None:
        self.tree = tree
        self.knowledge = knowledge
        self.date = date
        self._parts: dict[str, Any] = {}

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
