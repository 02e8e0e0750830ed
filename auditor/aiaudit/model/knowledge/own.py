"""Users' own knowledge files: read and checked, every mistake with its line."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any

from aiaudit.model.tables import parse


class KnowledgeError(ValueError):
    """A user's knowledge file cannot be used; the message names the file, the line and what is wrong there."""


def read_own(path: str) -> dict[str, Any]:
    """The tables of a user's file, validated."""
    from aiaudit.model.knowledge.validation import mistakes

    shown = _shown(path)
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
        data = parse(text)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise KnowledgeError(f"{shown}: cannot be read: {reason}; `knowledge` in the configuration names it") from error
    except ValueError as error:
        raise KnowledgeError(f"{shown}: is not TOML: {error}") from error
    wrong = [f"{shown}:{line_of(text, location)}: {sentence}" for location, sentence in mistakes(data)]
    if wrong:
        raise KnowledgeError("\n".join(wrong))
    return data


def _shown(path: str) -> str:
    """A path as people call it from here."""
    relative = os.path.relpath(path)
    return path if relative.startswith("..") else relative


def line_of(text: str, location: Sequence[int | str]) -> int:
    """The line of a value in a TOML text: of its key, or of the closest table or key around it.

    `location` is the way there, such as ("entry", 1, "methods", 0, "kind"): the second `[[entry]]`, its first
    `[[entry.methods]]`.
    """
    names = [str(part) for part in location if not isinstance(part, int)]
    lines = list(_lines(text))
    best, start, end, table = 1, 0, len(lines), ""
    for position, part in enumerate(location):
        if isinstance(part, int):
            continue
        header = f"{table}.{part}".lstrip(".")
        following = location[position + 1] if position + 1 < len(location) else 0
        wanted = following if isinstance(following, int) else 0
        found = [n for n in range(start, end) if lines[n][1] == header]
        if len(found) > wanted:
            best, start, table = lines[found[wanted]][0], found[wanted] + 1, header
            end = found[wanted + 1] if len(found) > wanted + 1 else end
            continue
        ends = next((n for n in range(start, end) if lines[n][1]), end)
        return next((number for number, _, key in lines[start:ends] if key in (part, names[-1])), best)
    return best


def _lines(text: str) -> Iterator[tuple[int, str, str]]:
    """Of each line that says something: its number, the table that it opens, the key that it sets."""
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if stripped.startswith("["):
            yield number, stripped.partition("]")[0].strip("[ "), ""
        elif "=" in stripped and not stripped.startswith("#"):
            yield number, "", stripped.partition("=")[0].strip(" \"'")
