"""Build contexts: the folder that COPY reads, and the .dockerignore that holds there."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from functools import cached_property

from aiaudit.model.tree import Tree
from aiaudit.patterns import regex
from aiaudit.sources.deploy.ignore import IgnoreFacts, Matcher, matcher, pattern_expression

_WITH_DEFAULT = regex(r"\$\{\w+:?-([^}]*)\}")
_WILDCARD = regex(r"[*?\[]")


class Context:
    """One folder as a build context.

    `folder` is relative to the tree's root, "" for the root itself; `is_stated` tells that a deploy file names it.
    """

    def __init__(self, tree: Tree, folder: str, dockerfile: str, is_stated: bool = False) -> None:
        self.tree = tree
        self.folder = folder
        self.dockerfile = dockerfile
        self.is_stated = is_stated

    def repository_path(self, path: str) -> str:
        """The path in the tree of a path in the context."""
        return posixpath.join(self.folder, path) if self.folder else path

    @cached_property
    def ignore_path(self) -> str | None:
        """The ignore file in force: the Dockerfile's own one replaces the context's."""
        own = f"{self.dockerfile}.dockerignore"
        general = self.repository_path(".dockerignore")
        return next((path for path in (own, general) if self.tree.exists(path)), None)

    @cached_property
    def ignore(self) -> IgnoreFacts | None:
        """The facts of the ignore file in force."""
        return self.tree.facts(self.ignore_path, "ignore") if self.ignore_path else None

    @cached_property
    def matcher(self) -> Matcher:
        """Tells what stays out."""
        return matcher(self.ignore or IgnoreFacts((), ()))

    @cached_property
    def all_files(self) -> tuple[str, ...]:
        """Every carried file below the folder, by its path in the context, ignored ones included."""
        prefix = f"{self.folder}/" if self.folder else ""
        return tuple(path[len(prefix) :] for path in self.tree.files() if path.startswith(prefix))

    @cached_property
    def files(self) -> tuple[str, ...]:
        """The files that the builder gets."""
        if not self.matcher.patterns:
            return self.all_files
        return tuple(path for path in self.all_files if not self.matcher.ignores(path))

    @cached_property
    def local_files(self) -> tuple[str, ...]:
        """Files and folders (these end with `/`) that git does not carry but that lie on this disk, if any."""
        prefix = f"{self.folder}/" if self.folder else ""
        return tuple(path[len(prefix) :] for path in self.tree.ignored_files() if path.startswith(prefix))

    def select(self, source: str) -> tuple[list[tuple[str, str]], bool]:
        """Files that a COPY source names, each with its path below what is copied; and whether it is one plain file."""
        files = self.files
        pattern = normal(source)
        if pattern == "":
            return [(path, path) for path in files], False
        if not _WILDCARD.search(pattern):
            if pattern in self._file_set:
                return [(pattern, posixpath.basename(pattern))], True
            prefix = f"{pattern}/"
            return [(path, path[len(prefix) :]) for path in files if path.startswith(prefix)], False
        return self._globbed(pattern, files), False

    @cached_property
    def _file_set(self) -> frozenset[str]:
        return frozenset(self.files)

    def _globbed(self, pattern: str, files: Sequence[str]) -> list[tuple[str, str]]:
        depth = pattern.count("/") + 1
        expression = pattern_expression(pattern)
        if "**" in pattern.split("/"):  # any number of folders: whole paths are compared
            return [(path, posixpath.basename(path)) for path in files if expression.fullmatch(path)]
        found: list[tuple[str, str]] = []
        for path in files:
            parts = path.split("/")
            head = "/".join(parts[:depth])
            if len(parts) < depth or not expression.fullmatch(head):
                continue
            below = "/".join(parts[depth:])  # the contents of a matched folder, not the folder itself
            found.append((path, below or parts[-1]))
        return found


def below(folder: str, written: str) -> str:
    """The path in the tree of one that a file in a folder names, `${VARIABLE:-default}` taken as its default."""
    plain = _WITH_DEFAULT.sub(r"\1", written)
    path = posixpath.normpath(posixpath.join("/", folder, plain)).lstrip("/")
    return "" if path == "." else path


def normal(source: str) -> str:
    """A COPY source relative to the context's root; "" is the context itself."""
    cleaned = posixpath.normpath("/" + source).lstrip("/")
    return "" if cleaned == "." else cleaned


def is_whole(source: str) -> bool:
    """Whether a source is the whole context."""
    return normal(source) in ("", "*")
