"""Which packages nothing in the running container needs: build tools and what came along with them alone."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping, Sequence

from aiaudit.boot.weight.packages import Package
from aiaudit.boot.weight.tree import FileTree

_ROUNDS = 100


class Removable:
    """The removable set of an image, and why other candidates stay.

    `executed` pairs the name of a program that the application runs with the reason to say so.
    """

    def __init__(self, packages: Sequence[Package], tree: FileTree, executed: Mapping[str, str]) -> None:
        self.packages = {package.key: package for package in packages}
        self.kept: dict[str, str] = {}
        self._tree = tree
        self._executed = executed
        self._providers = _providers(packages)
        self._owner = {path: package.key for package in packages for path in package.files}
        self.keys = self._found()

    @property
    def chosen(self) -> list[Package]:
        """The removable packages, by name."""
        return [self.packages[key] for key in sorted(self.keys)]

    @property
    def files(self) -> frozenset[str]:
        """Every path that only removable packages own."""
        needed = {path for key, package in self.packages.items() if key not in self.keys for path in package.files}
        return frozenset(path for key in self.keys for path in self.packages[key].files if path not in needed)

    def _found(self) -> set[str]:
        candidates = self._along([key for key, package in self.packages.items() if package.is_tool])
        roots = [key for key, package in self.packages.items() if key not in candidates or package.is_essential]
        removable = candidates - self._needed(roots)
        for key, package in self.packages.items():
            if package.is_tool and key in candidates - removable:
                self.kept[package.name] = f"{self._needing(key, removable)} depends on it"
        removable -= self._needed(self._run(removable))
        for _ in range(_ROUNDS):
            asked = self._loaded(removable)
            if not asked:
                break
            removable -= self._needed(asked)
        return removable

    def _along(self, tools: Iterable[str]) -> set[str]:
        """Tools and what they brought along; what somebody asked for by name came by itself."""
        found, queue = set(tools), list(tools)
        for key in queue:  # grows while it is walked
            package = self.packages[key]
            for other in self._resolved(package, (*package.needs, *package.wants)):
                if other not in found and (self.packages[other].is_tool or not self.packages[other].is_asked_for):
                    found.add(other)
                    queue.append(other)
        return found

    def _needed(self, roots: Iterable[str]) -> set[str]:
        """These packages and all that they depend on."""
        queue = list(roots)
        found = set(queue)
        for key in queue:  # grows while it is walked
            for other in self._resolved(self.packages[key], self.packages[key].needs):
                if other not in found:
                    found.add(other)
                    queue.append(other)
        return found

    def _resolved(self, package: Package, names: Iterable[str]) -> Iterable[str]:
        """The installed packages of these names; where several provide one, all of them."""
        for name in names:
            yield from self._providers.get((package.manager, name), ())

    def _needing(self, key: str, removable: set[str]) -> str:
        """A package that stays and depends on one."""
        for other, package in self.packages.items():
            if other != key and other not in removable and key in set(self._resolved(package, package.needs)):
                return package.name
        return "the system"

    def _run(self, removable: set[str]) -> list[str]:
        """Packages whose programs the application runs."""
        found = []
        for key in removable:
            for path in self.packages[key].files:
                reason = self._executed.get(posixpath.basename(path))
                if reason and posixpath.basename(posixpath.dirname(path)) in ("bin", "sbin"):
                    self.kept[self.packages[key].name] = reason
                    found.append(key)
                    break
        return found

    def _loaded(self, removable: set[str]) -> set[str]:
        """Packages with shared libraries that a program or library outside of the set asks for."""
        lost: dict[str, str] = {}
        present: set[str] = set()
        for path, (entry, _) in self._tree.entries.items():
            owner = self._owner.get(path)
            names = {posixpath.basename(path), entry.elf.soname if entry.elf else ""}
            if owner in removable:
                lost.update((name, owner) for name in names if ".so" in name)
            else:
                present |= names
        found: set[str] = set()
        for path, entry, _ in self._tree.files():
            if entry.elf is None or self._owner.get(path) in removable:
                continue
            for library in entry.elf.needed:
                if library not in present and library in lost:
                    found.add(lost[library])
                    self.kept[self.packages[lost[library]].name] = f"{path} needs {library}"
        return found


def _providers(packages: Iterable[Package]) -> dict[tuple[str, str], list[str]]:
    found: dict[tuple[str, str], list[str]] = {}
    for package in packages:
        for name in (package.name, *package.provides):
            found.setdefault((package.manager, name), []).append(package.key)
    return found
