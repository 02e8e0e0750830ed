"""The knowledge of client libraries, read file by file when something of a library is asked for."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any

from aiaudit.model.knowledge.build import derived, entries_of, methods_of
from aiaudit.model.knowledge.library import Library, canonical, version_key
from aiaudit.model.knowledge.own import read_own
from aiaudit.model.knowledge.schema import Entry, Method
from aiaudit.model.tables import read
from aiaudit.patterns import regex

DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data")
_SUFFIX = ".toml"
_FIRST_NAME = regex(r"\w+")
# A path through more objects than this is a cycle in the data, not code.
_DEPTH = 12


class Knowledge:
    """Answers what is known of a callable by its dotted path.

    `files` are users' own knowledge files; their entries win over the shipped ones. `versions` are the locked versions
    of distributions: where a library changed, the entry for that version is given, else the one for the newest.
    """

    def __init__(self, files: Iterable[str] = (), versions: Mapping[str, str] | None = None) -> None:
        self._versions = {canonical(dist): version_key(version) for dist, version in (versions or {}).items()}
        self._shipped = frozenset(n[: -len(_SUFFIX)] for n in os.listdir(DATA) if n.endswith(_SUFFIX))
        self._families: dict[str, tuple[Method, ...]] = {}
        self._libraries: dict[str, Library] = {}
        self._found: dict[str, Entry | None] = {}
        self._own: dict[str, list[Entry]] = {}
        self._own_tables: dict[str, dict[str, Any]] = {}
        for path in files:
            data = read_own(path)
            for entry in entries_of(data, self._family):
                self._own.setdefault(first_name(entry.path), []).append(entry)
            for module in {first_name(entry["path"]) for entry in data.get("entry", ())}:
                self._own_tables[module] = data
        self.modules = self._shipped | frozenset(self._own)

    def find(self, path: str) -> Entry | None:
        """The entry of a callable: by its path or an alias, by a pattern, or as a method of what a known call gives."""
        if path in self._found:
            return self._found[path]
        if first_name(path) not in self.modules:
            self._found[path] = None
            return None
        return self._find(path, 0)

    def maker(self, entry: Entry | None) -> Entry | None:
        """The entry that makes the same object as a call: that of its class, where a method gives one of a class."""
        made = self.find(entry.returns.removesuffix("()")) if entry is not None and entry.returns else None
        return made if made is not None and made.kind != "call" else entry

    def entries(self, module: str) -> tuple[Entry, ...]:
        """All entries of one top-level import name, as written down."""
        return self._library(module).entries if module in self.modules else ()

    def _find(self, path: str, depth: int) -> Entry | None:
        if path not in self._found and depth < _DEPTH:
            self._found[path] = None  # a path that leads back to itself gives nothing
            library = self._library(first_name(path))
            self._found[path] = (
                library.exact(path)
                or self._method(path, depth)
                or library.matching(path)
                or library.re_exported(path)
                or self._elsewhere(path, depth)
            )
        return self._found.get(path)

    def _method(self, path: str, depth: int) -> Entry | None:
        """The entry of a method of an object: what made the object is asked first."""
        head, called, tail = path.rpartition("()")
        if not called:
            return None
        maker = self._find(head, depth + 1)
        if maker is None:
            return None
        name = tail.lstrip(".") or "__call__"
        for method in maker.methods:
            if method.name == name:
                return derived(maker, method)
        moved = _moved(maker, head, tail)
        return self._find(moved, depth + 1) if moved not in (None, path) else None

    def _elsewhere(self, path: str, depth: int) -> Entry | None:
        """The entry under the path that a whole module's names are known by."""
        moved = self._library(first_name(path)).moved(path)
        return self._find(moved, depth + 1) if moved is not None and moved != path else None

    def _library(self, module: str) -> Library:
        library = self._libraries.get(module)
        if library is None:
            entries = list(self._own.get(module, ()))
            own = {entry.path for entry in entries}
            data = read(os.path.join(DATA, module + _SUFFIX)) if module in self._shipped else {}
            entries += [entry for entry in entries_of(data, self._family) if entry.path not in own]
            versions = self._with_former_names(data.get("formerly", {}))
            library = self._libraries[module] = Library(entries, self._with_own(data, module), versions)
        return library

    def _with_own(self, data: Mapping[str, Any], module: str) -> Mapping[str, Any]:
        """The tables of a library, with what a user's file says of moved names and attributes that change nothing."""
        own = self._own_tables.get(module)
        if own is None:
            return data
        moved = {**data.get("moved", {}), **own.get("moved", {})}
        return {**data, "moved": moved, "transparent": [*data.get("transparent", ()), *own.get("transparent", ())]}

    def _with_former_names(self, formerly: Mapping[str, str]) -> dict[str, tuple[int, ...]]:
        """The locked versions, those of renamed distributions under their new names too."""
        renamed = {canonical(new): self._versions.get(canonical(old)) for new, old in formerly.items()}
        return {**{name: version for name, version in renamed.items() if version}, **self._versions}

    def _family(self, name: str) -> tuple[Method, ...]:
        if name not in self._families:
            data = read(os.path.join(DATA, "families", name + _SUFFIX))
            inherited = [method for other in data.get("families", ()) for method in self._family(other)]
            listed = methods_of(data["method"])
            own = {method.name for method in listed}
            self._families[name] = (*listed, *(method for method in inherited if method.name not in own))
        return self._families[name]


def first_name(path: str) -> str:
    """The top-level import name of a path."""
    found = _FIRST_NAME.match(path)
    return found.group() if found else ""


def _moved(maker: Entry, head: str, tail: str) -> str | None:
    """Where a method is known when it is not under the maker's own name: an alias, an attribute, a returned object."""
    for attribute, target in maker.attributes:
        if tail == f".{attribute}" or tail.startswith((f".{attribute}.", f".{attribute}[")):
            return target + tail[len(attribute) + 1 :]
    owner = maker.object_path
    return owner + tail if owner != f"{head}()" else None
