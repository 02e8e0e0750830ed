"""Workspaces of uv: which projects of the repository one install takes in together."""

from __future__ import annotations

import fnmatch
import posixpath
from collections.abc import Iterator, Sequence

from aiaudit.model.image.values import Install
from aiaudit.model.tree import Tree
from aiaudit.sources.manifests.facts import ManifestFacts
from aiaudit.sources.manifests.specifiers import normalized

_MANIFEST = "pyproject.toml"
_SOURCE = "workspace"  # what the sources table says of a requirement that is a member


def asked_projects(install: Install, tree: Tree) -> list[str]:
    """The manifests of the projects that an install is asked for: it brings what these require.

    A root without a project of its own stands for all members, as `--all-packages` does; its manifest comes with them
    because of the groups that it may define.
    """
    named = [_member_name(name, value) for name, value in _options(install) if name.partition("=")[0] == "--package"]
    if named:
        return [path for path in _pyprojects(tree) if (facts := _facts(tree, path)) and facts.project in named]
    own = [item.source for item in install.inputs if item.kind == "manifest" and item.source]
    return [path for source in own for path in (source, *_taken_along(install, tree, source))]


def installed_manifests(install: Install, tree: Tree) -> list[str]:
    """The manifests of all projects that come into the environment: those asked for, and members that these require."""
    found = asked_projects(install, tree)
    members = {facts.project: path for path in _members_beside(install, tree) if (facts := _facts(tree, path))}
    for path in found if members else ():  # grows while it is walked
        facts = _facts(tree, path)
        for item in facts.requirements if facts is not None else ():
            member = members.get(item.name) if item.url == _SOURCE and item.group == "" else None
            if member is not None and member not in found:
                found.append(member)
    return found


def _options(install: Install) -> Iterator[tuple[str, str]]:
    """Every word of the command with the one that follows."""
    words = [word.text for word in install.command.words]
    return zip(words, [*words[1:], ""], strict=True)


def _member_name(option: str, value: str) -> str:
    return normalized(option.partition("=")[2] or value)


def _taken_along(install: Install, tree: Tree, root: str) -> Sequence[str]:
    """The members that an install of a workspace's root takes along unasked."""
    facts = _facts(tree, root) if install.tool == "uv" else None
    if facts is None or not facts.members:
        return ()
    return _members(tree, root, facts) if not facts.project or "--all-packages" in install.flags else ()


def _members_beside(install: Install, tree: Tree) -> Iterator[str]:
    """The members of the workspace that an install runs in."""
    for item in install.inputs if install.tool == "uv" else ():
        facts = _facts(tree, item.source) if item.kind == "manifest" and item.source else None
        if facts is not None and item.source and facts.members:
            yield from _members(tree, item.source, facts)


def _members(tree: Tree, root: str, facts: ManifestFacts) -> tuple[str, ...]:
    home = posixpath.dirname(root) or "."
    folders = ((path, posixpath.relpath(posixpath.dirname(path) or ".", home)) for path in _pyprojects(tree))
    return tuple(
        path
        for path, folder in folders
        if path != root
        and any(_is_meant(folder, pattern) for pattern in facts.members)
        and not any(_is_meant(folder, pattern) for pattern in facts.outsiders)
    )


def _is_meant(folder: str, pattern: str) -> bool:
    """Whether a glob pattern names a folder: its `*` stays within one name."""
    names, wanted = folder.split("/"), posixpath.normpath(pattern).split("/")
    if "**" in wanted:
        return fnmatch.fnmatchcase(folder, posixpath.normpath(pattern))
    return len(names) == len(wanted) and all(map(fnmatch.fnmatchcase, names, wanted))


def _pyprojects(tree: Tree) -> Iterator[str]:
    return (path for path in tree.files("manifest") if posixpath.basename(path) == _MANIFEST)


def _facts(tree: Tree, path: str) -> ManifestFacts | None:
    facts = tree.facts(path, "manifest")
    return facts if isinstance(facts, ManifestFacts) else None
