"""The entries of one top-level import name, indexed for look-up by dotted path."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from aiaudit.model.knowledge.build import derived
from aiaudit.model.knowledge.schema import OWNER, Entry
from aiaudit.patterns import regex
from aiaudit.values import replace


class Library:
    """The entries of one top-level import name, indexed."""

    def __init__(
        self, entries: Iterable[Entry], data: Mapping[str, Any], versions: Mapping[str, tuple[int, ...]]
    ) -> None:
        self.entries = tuple(entries)
        moved: Mapping[str, str] = data.get("moved", {})
        self._moved = sorted(moved.items(), key=lambda item: -len(item[0]))
        self._transparent = tuple(f".{name}." for name in data.get("transparent", ()))
        self._by_path: dict[str, Entry] = {}
        self._by_name: dict[str, list[str]] = {}
        self._patterns: list[tuple[str, re.Pattern[str], Entry]] = []
        for entry in _chosen(self.entries, versions):
            for path in (entry.path, *entry.also):
                self._add(path, entry)

    def _add(self, path: str, entry: Entry) -> None:
        for method in entry.methods:
            if "*" in method.name:
                below = f"{path}()" if method.name.startswith("**") else f"{path}()."
                self._add_pattern(below + method.name, derived(entry, method))
        if "*" in path:
            self._add_pattern(path, entry)
        elif self._by_path.setdefault(path, entry) is entry:
            self._by_name.setdefault(_after_modules(path), []).append(path)

    def _add_pattern(self, path: str, entry: Entry) -> None:
        self._patterns.append((path.partition("*")[0], pattern(path), entry))

    def exact(self, path: str) -> Entry | None:
        """The entry written for a path or an alias."""
        found = self._by_path.get(path)
        # An alias of a class method gives its own class: `Chroma.from_texts` a Chroma.
        if found is not None and found.returns == OWNER and found.path != path:
            return replace(found, path=path)
        return found

    def matching(self, path: str) -> Entry | None:
        """The entry of a pattern, under the path that was asked for."""
        for start, expression, entry in self._patterns:
            if path.startswith(start) and expression.fullmatch(path):
                return replace(entry, path=path)
        return None

    def moved(self, path: str) -> str | None:
        """Where the names of a module are described: `openai.chat.` is `openai.OpenAI().chat.`"""
        for name in self._transparent:
            if name in path:
                return path.replace(name, ".")
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


def pattern(path: str) -> re.Pattern[str]:
    """`*` stands for one name or a part of one, `**` for any chain of attributes, subscripts and calls.

    An element of what a call gave is no longer the object itself: `query().all()[0].data.get` is no query.
    """
    parts = re.split(r"(\*\*|\*)", path)
    written = {"*": r"\w*", "**": r"(?:(?!\(\)\[).)*"}
    return regex("".join(written.get(part) or re.escape(part) for part in parts))


def canonical(dist: str) -> str:
    """A distribution's name as package indexes compare it."""
    return re.sub(r"[-_.]+", "-", dist).lower()


def version_key(version: str) -> tuple[int, ...]:
    """The release numbers of a version, for comparing."""
    found = re.match(r"[vV]?(\d+(?:\.\d+)*)", version.strip())
    return tuple(int(number) for number in found.group(1).split(".")) if found else ()


def _chosen(entries: Iterable[Entry], versions: Mapping[str, tuple[int, ...]]) -> list[Entry]:
    """The entries that hold for the locked versions; without one, those for the newest come first."""
    found: list[tuple[bool, Entry]] = []
    for entry in entries:
        locked = versions.get(canonical(entry.dist))
        if locked and entry.since is not None and locked < version_key(entry.since):
            continue
        if locked and entry.until is not None and locked >= version_key(entry.until):
            continue
        # For a locked version the entry of its era goes before the one without a range.
        found.append(((entry.until is None) if locked else (entry.until is not None), entry))
    return [entry for _, entry in sorted(found, key=lambda ranked: ranked[0])]


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
