"""Which versions of its distributions a repository pins, and below which it keeps others."""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.model.tree import Tree
from aiaudit.patterns import regex
from aiaudit.sources.manifests.facts import Requirement

_CLAUSE = regex(r"\s*(<=|<|~=|\^|~|==)\s*v?(\d+(?:\.\d+)*)(\.\*)?\s*$")
_ANY = 9999


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


def installed_versions(tree: Tree) -> dict[str, str]:
    """Distribution -> version: those that are pinned, and of others the newest that may be installed where a limit says
    which that is: 5.9999 of `redis = "^5.1"`."""
    newest: dict[str, str] = {}
    for requirement in _requirements(tree):
        limit = newest_allowed(requirement.specifier) if requirement.pin is None else None
        if limit is not None:
            newest.setdefault(requirement.name, limit)
    return {**newest, **pinned_versions(tree)}


def _requirements(tree: Tree) -> Iterator[Requirement]:
    for path in tree.files("manifest"):
        facts = tree.facts(path, "manifest")
        yield from facts.requirements if facts is not None else ()


def newest_allowed(specifier: str) -> str | None:
    """The newest version that a range with an upper limit takes: 1.9999 of `>=1.2,<2`."""
    limits = [_limit(clause) for clause in specifier.split(",")]
    known = [limit for limit in limits if limit is not None]
    return ".".join(map(str, min(known))) if known else None


def _limit(clause: str) -> tuple[int, ...] | None:
    found = _CLAUSE.match(clause)
    if found is None:
        return None
    operator, numbers = found.group(1), tuple(map(int, found.group(2).split(".")))
    if operator == "<=":
        return numbers
    if operator == "<":
        return _below(numbers)
    if operator == "~=":
        return (*numbers[:-1], _ANY) if len(numbers) > 1 else None
    if operator == "^":
        first = next((place for place, number in enumerate(numbers) if number), len(numbers) - 1)
        return (*numbers[: first + 1], _ANY)
    if operator == "~":
        return (*numbers[:2], _ANY)
    return (*numbers, _ANY) if found.group(3) else None  # `==5.*`


def _below(numbers: tuple[int, ...]) -> tuple[int, ...] | None:
    """What comes right before a version: 5.9999 before 6.0."""
    while numbers and not numbers[-1]:
        numbers = numbers[:-1]
    return (*numbers[:-1], numbers[-1] - 1, _ANY) if numbers else None
