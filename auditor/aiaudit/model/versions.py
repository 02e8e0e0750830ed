"""Which versions of its distributions a repository pins."""

from __future__ import annotations

from aiaudit.model.tree import Tree


def pinned_versions(tree: Tree) -> dict[str, str]:
    """Distribution -> version: lock files before exact pins; where files disagree, the first by path."""
    locked: dict[str, str] = {}
    pinned: dict[str, str] = {}
    for path in tree.files("manifest"):
        facts = tree.facts(path, "manifest")
        if facts is None:
            continue
        for package in facts.packages:
            locked.setdefault(package.name, package.version)
        for requirement in facts.requirements:
            if requirement.pin is not None:
                pinned.setdefault(requirement.name, requirement.pin)
    return {**pinned, **locked}
