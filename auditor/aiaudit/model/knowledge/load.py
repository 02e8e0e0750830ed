"""The knowledge of client libraries, read file by file when something of a library is asked for."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from aiaudit.model.knowledge.build import derived, entries_of, methods_of
from aiaudit.model.knowledge.schema import OWNER, Entry, Method

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data")
_SUFFIX = ".toml"
_FIRST_NAME = re.compile(r"\w+")
# A path through more objects than this is a cycle in the data, not code.
_DEPTH = 12


class KnowledgeError(ValueError):
    """A user's knowledge file cannot be used; the message names the file and what is wrong in it."""


class Knowledge:
    """Answers what is known of a callable by its dotted path.

    `files` are users' own knowledge files; their entries win over the shipped ones. `versions` are the locked versions
    of distributions: where a library changed, the entry for that version is given, else the one for the newest.
    """

    def __init__(self, files: Iterable[str] = (), versions: Mapping[str, str] | None = None) -> None:
        self._versions = {canonical(dist): version_key(version) for dist, version in (versions or {}).items()}
        self._shipped = frozenset(n[: -len(_SUFFIX)] for n in os.listdir(DATA) if n.endswith(_SUFFIX))
        self._families: dict[str, tuple[Method, ...]] = {}
        self._libraries: dict[str, _Library] = {}
        self._found: dict[str, Entry | None] = {}
        self._own: dict[str, list[Entry]] = {}
        for path in files:
            for entry in entries_of(read_own(path), self._family):
                self._own.setdefault(first_name(entry.path), []).append(entry)
        self.modules = self._shipped | frozenset(self._own)

    def find(self, path: str) -> Entry | None:
        """The entry of a callable: by its path or an alias, by a pattern, or as a method of what a known call gives."""
        if first_name(path) not in self.modules:
            return None
        return self._find(path, 0)

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

    def _library(self, module: str) -> _Library:
        library = self._libraries.get(module)
        if library is None:
            entries = list(self._own.get(module, ()))
            own = {entry.path for entry in entries}
            data = read(os.path.join(DATA, module + _SUFFIX)) if module in self._shipped else {}
            entries += [entry for entry in entries_of(data, self._family) if entry.path not in own]
            versions = self._with_former_names(data.get("formerly", {}))
            library = self._libraries[module] = _Library(entries, data.get("moved", {}), versions)
        return library

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


class _Library:
    """The entries of one top-level import name, indexed."""

    def __init__(
        self, entries: Iterable[Entry], moved: Mapping[str, str], versions: Mapping[str, tuple[int, ...]]
    ) -> None:
        self.entries = tuple(entries)
        self._moved = sorted(moved.items(), key=lambda item: -len(item[0]))
        self._by_path: dict[str, Entry] = {}
        self._by_name: dict[str, list[str]] = {}
        self._patterns: list[tuple[re.Pattern[str], Entry]] = []
        for entry in _chosen(self.entries, versions):
            for path in (entry.path, *entry.also):
                self._add(path, entry)

    def _add(self, path: str, entry: Entry) -> None:
        for method in entry.methods:
            if "*" in method.name:
                below = f"{path}()" if method.name.startswith("**") else f"{path}()."
                self._patterns.append((pattern(below + method.name), derived(entry, method)))
        if "*" in path:
            self._patterns.append((pattern(path), entry))
        elif self._by_path.setdefault(path, entry) is entry:
            self._by_name.setdefault(_after_modules(path), []).append(path)

    def exact(self, path: str) -> Entry | None:
        """The entry written for a path or an alias."""
        found = self._by_path.get(path)
        # An alias of a class method gives its own class: `Chroma.from_texts` a Chroma.
        if found is not None and found.returns == OWNER and found.path != path:
            return replace(found, path=path)
        return found

    def matching(self, path: str) -> Entry | None:
        """The entry of a pattern, under the path that was asked for."""
        for expression, entry in self._patterns:
            if expression.fullmatch(path):
                return replace(entry, path=path)
        return None

    def moved(self, path: str) -> str | None:
        """Where the names of a module are described: `openai.chat.` is `openai.OpenAI().chat.`"""
        for prefix, target in self._moved:
            if path == prefix or path.startswith((f"{prefix}.", f"{prefix}(")):
                return target + path[len(prefix) :]
        return None

    def re_exported(self, path: str) -> Entry | None:
        """`redis.client.Redis` is `redis.Redis`: packages re-export what modules deeper inside define."""
        name = _after_modules(path)
        if not name[:1].isupper():
            return None
        modules = path[: len(path) - len(name)].split(".")
        shorter = [
            known
            for known in self._by_name.get(name, ())
            if _is_within(known[: len(known) - len(name)].split("."), modules)
        ]
        return self.exact(max(shorter, key=len)) if shorter else None


def read(path: str) -> dict[str, Any]:
    """The tables of a data file."""
    with open(path, "rb") as file:
        return tomllib.load(file)


def read_own(path: str) -> dict[str, Any]:
    """The tables of a user's file, validated."""
    from aiaudit.model.knowledge.validation import problems

    try:
        data = read(path)
    except OSError as error:
        raise KnowledgeError(f"{path}: cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise KnowledgeError(f"{path}: is not TOML: {error}") from error
    wrong = problems(data)
    if wrong:
        raise KnowledgeError("\n".join(f"{path}: {problem}" for problem in wrong))
    return data


def pattern(path: str) -> re.Pattern[str]:
    """`*` stands for one name or a part of one, `**` for any chain of attributes, subscripts and calls.

    An element of what a call gave is no longer the object itself: `query().all()[0].data.get` is no query.
    """
    parts = re.split(r"(\*\*|\*)", path)
    written = {"*": r"\w*", "**": r"(?:(?!\(\)\[).)*"}
    return re.compile("".join(written.get(part) or re.escape(part) for part in parts))


def first_name(path: str) -> str:
    """The top-level import name of a path."""
    found = _FIRST_NAME.match(path)
    return found.group() if found else ""


def canonical(dist: str) -> str:
    """A distribution's name as package indexes compare it."""
    return re.sub(r"[-_.]+", "-", dist).lower()


def version_key(version: str) -> tuple[int, ...]:
    """The release numbers of a version, for comparing."""
    found = re.match(r"[vV]?(\d+(?:\.\d+)*)", version.strip())
    return tuple(int(number) for number in found.group(1).split(".")) if found else ()


def _chosen(entries: Iterable[Entry], versions: Mapping[str, tuple[int, ...]]) -> list[Entry]:
    """The entries that hold for the locked versions; without one, those for the newest come first."""
    found = []
    for entry in entries:
        locked = versions.get(canonical(entry.dist))
        if locked:
            if entry.since is not None and locked < version_key(entry.since):
                continue
            if entry.until is not None and locked >= version_key(entry.until):
                continue
        found.append(entry)
    return sorted(found, key=lambda entry: entry.until is not None)


def _moved(maker: Entry, head: str, tail: str) -> str | None:
    """Where a method is known when it is not under the maker's own name: an alias, an attribute, a returned object."""
    for attribute, target in maker.attributes:
        if tail == f".{attribute}" or tail.startswith((f".{attribute}.", f".{attribute}[")):
            return target + tail[len(attribute) + 1 :]
    owner = maker.object_path
    return owner + tail if owner != f"{head}()" else None


def _after_modules(path: str) -> str:
    """A path from its first capitalised name on: `redis.asyncio.Redis.from_url` -> `Redis.from_url`."""
    names = path.split(".")
    for index, name in enumerate(names):
        if name[:1].isupper():
            return ".".join(names[index:])
    return path


def _is_within(part: list[str], whole: list[str]) -> bool:
    """Whether names come in the same order in a longer list."""
    rest = iter(whole)
    return all(name in rest for name in part)
