"""Handlers that an OpenAPI document names: how Connexion finds them (`operationId`, with or without a controller)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from aiaudit.model.frameworks import VERBS
from aiaudit.model.tree import Tree

CONTROLLERS = ("x-openapi-router-controller", "x-swagger-router-controller")


def operations(tree: Tree) -> Iterator[tuple[str, str]]:
    """`(label, dotted handler)` of every operation in the tree's OpenAPI documents."""
    for path in tree.files("yaml"):
        if not tree.mentions(path, ("operationId",)):
            continue
        facts = tree.facts(path, "yaml")
        for document in facts.documents if facts is not None else ():
            yield from _operations(document)


def _operations(document: Any) -> Iterator[tuple[str, str]]:
    paths = document.get("paths")
    if paths is None:
        return
    for route, item in paths.pairs():
        for verb, operation in item.pairs():
            name = operation.get("operationId") if verb.value in VERBS else None
            if name is None:
                continue
            controller = next((c.value for key in CONTROLLERS if (c := operation.get(key) or item.get(key))), "")
            handler = f"{controller}.{name.value}" if controller else name.value
            yield f"{verb.value.upper()} {route.value}", handler
