"""Development containers: the Dockerfiles that an editor builds to work in, which ship nothing."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import Any

from aiaudit.model.image.context import below
from aiaudit.model.image.values import BuildReference
from aiaudit.model.tree import Tree
from aiaudit.patterns import regex

_FILES = regex(r"(?:.*/)?(?:\.devcontainer/(?:[^/]+/)?devcontainer\.json|\.devcontainer\.json)")
_IN_JSON = regex(r'"(?:[^"\\\n]|\\.)*"|//[^\n]*|/\*(?:.*?\*/|.*)|,(?=\s*[}\]])', re.DOTALL)


def devcontainer_references(tree: Tree) -> Iterator[BuildReference]:
    """The builds that devcontainer.json files state, paths relative to the tree's root."""
    for path in tree.files():
        if path.endswith("devcontainer.json") and _FILES.fullmatch(path):
            document = _document(tree.text(path))
            if document is not None:
                yield from _reference(path, document)


def _document(text: str) -> dict[str, Any] | None:
    """JSON with comments and commas at the end."""
    import json

    try:
        found = json.loads(_IN_JSON.sub(lambda match: match[0] if match[0][0] == '"' else " ", text))
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _reference(path: str, document: dict[str, Any]) -> Iterator[BuildReference]:
    build = document.get("build")
    table = build if isinstance(build, dict) else {}
    dockerfile = table.get("dockerfile", document.get("dockerFile"))
    context = table.get("context", document.get("context", "."))
    if not isinstance(dockerfile, str) or not isinstance(context, str) or "$" in f"{dockerfile}{context}":
        return
    folder = posixpath.dirname(path)
    target = table.get("target", "")
    arguments = table.get("args")
    given = arguments.items() if isinstance(arguments, dict) else ()
    yield BuildReference(
        path,
        str(document.get("name", "")),
        below(folder, context),
        below(folder, dockerfile),
        target if isinstance(target, str) else "",
        tuple((str(key), value) for key, value in given if isinstance(value, str) and "$" not in value),
        is_for_development=True,
    )
