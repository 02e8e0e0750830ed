"""Names that a module binds when it is imported."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from aiaudit.model.tree import Tree


def module_names(tree: Tree, path: str) -> frozenset[str] | None:
    """The names that a module's own statements bind; None where they cannot all be told."""
    facts = tree.facts(path, "python")
    return None if facts is None or facts[0] else bound_names(facts[1])


def bound_names(body: Sequence[Any]) -> frozenset[str] | None:
    """The names that statements bind in their own scope; None where they cannot all be told."""
    found: set[str] = set()
    return frozenset(found) if _bind(body, found) else None


def _bind(body: Sequence[Any], found: set[str]) -> bool:
    """Collect bound names; False for a star import or a change of globals()."""
    for statement in body:
        tag = statement[0]
        if tag in ("def", "class"):
            found.add(statement[2])
            if statement[2] == "__getattr__":
                return False
        elif tag == "assign":
            for target in statement[2]:
                _targets(target, found)
        elif tag in ("ann", "aug", "for"):
            _targets(statement[2], found)
        elif tag == "import":
            found.update(alias or name.partition(".")[0] for name, alias in statement[2])
        elif tag == "from":
            if any(name == "*" for name, _ in statement[4]):
                return False
            found.update(alias or name for name, alias in statement[4])
        elif tag == "with":
            for _, target in statement[2]:
                if target is not None:
                    _targets(target, found)
        elif (tag == "expr" and "globals" in repr(statement)) or tag == "match":
            return False
        if not all(_bind(block, found) for block in _blocks(statement)):
            return False
    return True


def _blocks(statement: Any) -> Iterator[Sequence[Any]]:
    tag = statement[0]
    if tag in ("if", "while"):
        yield from (statement[3], statement[4])
    elif tag == "for":
        yield from (statement[4], statement[5])
    elif tag == "with":
        yield statement[3]
    elif tag == "try":
        yield statement[2]
        for handler in statement[3]:
            yield handler[2]
        yield from (statement[4], statement[5])


def _targets(target: Any, found: set[str]) -> None:
    if target[0] == "name":
        found.add(target[2])
    elif target[0] in ("tuple", "list"):
        for part in target[2]:
            _targets(part, found)
    elif target[0] == "star":
        _targets(target[2], found)
