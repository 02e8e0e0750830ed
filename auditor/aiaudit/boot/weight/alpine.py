"""Alpine's packages: apk's database of what is installed, and the world that was asked for."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from aiaudit.boot.weight.packages import ALPINE, Package
from aiaudit.boot.weight.tree import FileTree
from aiaudit.model.image.tools import tool_kind
from aiaudit.patterns import regex

_DATABASES = ("/lib/apk/db/installed", "/usr/lib/apk/db/installed")
_VERSION = regex(r"[<>=~].*")
_VITAL = ("alpine-baselayout", "alpine-baselayout-data", "alpine-release", "busybox", "musl", "apk-tools",
          "ca-certificates-bundle", "ca-certificates", "tzdata")  # fmt: skip


def alpine_packages(tree: FileTree) -> Iterator[Package]:
    """What apk calls installed."""
    text = next((text for path in _DATABASES if (text := tree.text(path))), "")
    world = frozenset(_bare(word) for word in (tree.text("/etc/apk/world") or "").split())
    for block in text.split("\n\n"):
        package = _package(block, tree, world)
        if package is not None:
            yield package


def _package(block: str, tree: FileTree, world: frozenset[str]) -> Package | None:
    name, folder = "", ""
    files: list[str] = []
    needs: list[str] = []
    provides: list[str] = []
    for line in block.splitlines():
        key, _, value = line.partition(":")
        if key == "P":
            name = value
        elif key == "D":
            needs = [_bare(word) for word in value.split() if not word.startswith("!")]
        elif key == "p":
            provides = [_bare(word) for word in value.split()]
        elif key == "F":
            folder = value
        elif key == "R":
            files.append(tree.resolved(posixpath.normpath(f"/{folder}/{value}")))
    if not name:
        return None
    # a virtual package (`.build-deps`) is the name of a group that was to be removed again
    is_tool = name.startswith(".") or tool_kind(name) is not None
    return Package(
        name, ALPINE, tuple(files), tuple(needs), (), tuple(provides), name in world, name in _VITAL, is_tool
    )


def _bare(word: str) -> str:
    return _VERSION.sub("", word)
