"""Bake files: the targets that `docker buildx bake` builds, with what they inherit and their variables' defaults."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from typing import Any

from aiaudit.model.image.context import below
from aiaudit.model.image.values import BuildReference
from aiaudit.model.tree import Tree
from aiaudit.patterns import regex
from aiaudit.sources.deploy.hcl import Block, HclFacts

Fields = dict[str, Any]

_VARIABLE = regex(r"\$\{(\w+)\}")
_DEEPEST = 50


def bake_references(tree: Tree) -> Iterator[BuildReference]:
    """The builds of every bake file of the tree; those that a variable hides are left out."""
    for path in tree.files():
        if is_bake_file(path):
            yield from _references(tree, path)


def is_bake_file(path: str) -> bool:
    """Whether a file has a name that bake looks for, or one after it (`docker-bake.override.hcl`, `bake.hcl`)."""
    name = posixpath.basename(path)
    return (name.startswith("docker-bake") and name.endswith((".hcl", ".json"))) or name == "bake.hcl"


def bake_targets(tree: Tree, path: str) -> dict[str, Fields]:
    """The targets of a bake file by name, inherited fields and variables filled in."""
    targets, variables = _from_json(tree.text(path)) if path.endswith(".json") else _from_hcl(tree, path)
    merged: dict[str, Fields] = {}
    return {name: _filled(_merged(name, targets, merged, 0), variables) for name in targets}


def _references(tree: Tree, path: str) -> Iterator[BuildReference]:
    for name, fields in bake_targets(tree, path).items():
        context, dockerfile = _text(fields, "context", "."), _text(fields, "dockerfile", "Dockerfile")
        if "$" in context or "$" in dockerfile or "://" in context or "dockerfile-inline" in fields:
            continue
        # paths are relative to where bake is called: beside the file, or at the top of the repository
        folders = [below(folder, context) for folder in (posixpath.dirname(path), "")]
        folder = next((found for found in folders if tree.exists(below(found, dockerfile))), folders[0])
        arguments = fields.get("args")
        given = arguments.items() if isinstance(arguments, dict) else ()
        yield BuildReference(
            path,
            name,
            folder,
            below(folder, dockerfile),
            _text(fields, "target", ""),
            tuple((str(key), value) for key, value in given if isinstance(value, str) and "$" not in value),
        )


def _from_hcl(tree: Tree, path: str) -> tuple[dict[str, Fields], dict[str, str]]:
    facts = tree.facts(path, "hcl")
    blocks: tuple[Block, ...] = facts.blocks if isinstance(facts, HclFacts) else ()
    for problem in facts.problems if facts else ():
        tree.warn(path, f"read up to line {problem.extent.line} alone: {problem.message}")
    targets: dict[str, Fields] = {}
    variables: dict[str, str] = {}
    for block in blocks:
        if len(block.labels) != 1:
            continue
        if block.kind == "target":
            targets.setdefault(block.labels[0], {}).update(dict(block.attributes))
        elif block.kind == "variable" and block.text("default"):
            variables[block.labels[0]] = block.text("default")
    return targets, variables


def _from_json(text: str) -> tuple[dict[str, Fields], dict[str, str]]:
    import json

    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return {}, {}
    if not isinstance(document, dict):
        return {}, {}
    found = {kind: document.get(kind) for kind in ("target", "variable")}
    tables = {kind: table if isinstance(table, dict) else {} for kind, table in found.items()}
    targets = {name: fields for name, fields in tables["target"].items() if isinstance(fields, dict)}
    defaults = {name: entry.get("default") for name, entry in tables["variable"].items() if isinstance(entry, dict)}
    return targets, {name: value for name, value in defaults.items() if isinstance(value, str)}


def _merged(name: str, targets: Mapping[str, Fields], done: dict[str, Fields], depth: int) -> Fields:
    """A target's own fields over those that it inherits, of which the last parent's come first."""
    if name in done or depth > _DEEPEST:
        return done.get(name, {})
    own = targets.get(name, {})
    done[name] = own  # what a circle of parents finds
    found: Fields = {}
    parents = own.get("inherits")
    for parent in parents if isinstance(parents, list) else ():
        if isinstance(parent, str):
            found.update(_merged(parent, targets, done, depth + 1))
    done[name] = found | {key: value for key, value in own.items() if key != "inherits"}
    return done[name]


def _filled(fields: Fields, variables: Mapping[str, str]) -> Fields:
    """Strings with `${NAME}` replaced where the variable has a default."""

    def fill(value: Any) -> Any:
        if isinstance(value, str):
            return _VARIABLE.sub(lambda match: variables.get(match[1], match[0]), value)
        if isinstance(value, dict):
            return {key: fill(item) for key, item in value.items()}
        return value

    return {key: fill(value) for key, value in fields.items()}


def _text(fields: Fields, name: str, default: str) -> str:
    value = fields.get(name, default)
    return value if isinstance(value, str) else "$"  # an expression hides it
