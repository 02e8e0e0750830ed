"""`aiaudit inspect`: what is seen in files, or in a service, as JSON or text."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any

from aiaudit.cli import write
from aiaudit.kinds import kinds_of
from aiaudit.plain import plain
from aiaudit.reading import Unreadable, decode, read_bytes
from aiaudit.results import CLEAN
from aiaudit.settings import UsageError
from aiaudit.sources.extractors import EXTRACTORS, problem_of


def inspect_paths(paths: tuple[str, ...], form: str | None) -> int:
    """Write one document for each file in the order given; for a folder the map of its service."""
    documents = [document for path in paths for document in _documents(path)]
    if form is None:
        form = "text" if any(os.path.isdir(path) for path in paths) else "jsonl"
    if form == "text":
        text = "\n".join("\n".join(_lines(document)) for document in documents) + "\n"
    elif form == "json":
        text = json.dumps(documents[0] if len(documents) == 1 else documents, indent=2) + "\n"
    else:
        text = "".join(f"{json.dumps(document)}\n" for document in documents)
    return write(text.encode("utf-8", "backslashreplace"), b"", CLEAN)


def _documents(path: str) -> Iterator[dict[str, Any]]:
    if os.path.isdir(path):
        from aiaudit.cli.overview import overview

        yield overview(path)
        return
    if not os.path.exists(path):
        raise UsageError(f"{path}: no such file or folder")
    yield _document(path)


def _document(path: str) -> dict[str, Any]:
    """The facts of one file; what could not be read of it stands under "error"."""
    try:
        text = decode(read_bytes(os.path.realpath(path)), path)
    except Unreadable as error:
        return {"path": path, "error": str(error)}
    kinds = kinds_of(os.path.abspath(path).replace(os.sep, "/"))
    wanted = kinds or ("dockerfile" if _looks_like_dockerfile(text) else "secrets",)
    found: dict[str, Any] = {"path": path}
    for kind in wanted:
        facts = EXTRACTORS[kind].extract(text, path)
        if kind == "dockerfile":
            from aiaudit.sources.dockerfile.dump import dump

            found.update(dump(facts))
        else:
            found[kind] = plain(facts)
        problem = problem_of(kind, facts)
        if problem:
            found["error"] = f"line {problem[1]}: {problem[0]}"
    return found


def _looks_like_dockerfile(text: str) -> bool:
    """Whether a file of another name starts as a Dockerfile does."""
    for line in text.splitlines():
        word = line.strip().split(" ")[0].upper()
        if word and not word.startswith("#"):
            return word in ("FROM", "ARG")
    return False


def _lines(document: dict[str, Any]) -> Iterator[str]:
    """A document as text."""
    if os.path.isdir(document["path"]):
        from aiaudit.cli.overview_text import outline

        return outline(document)
    return _outline(document)


def _outline(document: Any, depth: int = 0) -> Iterator[str]:
    """A document as indented lines."""
    pad = "  " * depth
    for key, value in document.items() if isinstance(document, dict) else enumerate(document):
        if isinstance(value, (dict, list)) and value:
            yield f"{pad}{key}:"
            yield from _outline(value, depth + 1)
        else:
            yield f"{pad}{key}: {value if isinstance(value, str) else json.dumps(value)}"
