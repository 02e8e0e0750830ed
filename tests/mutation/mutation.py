"""A mutation: exact replacements in a copy of the golden service, and the findings that they must cause."""

from __future__ import annotations

import random
import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

Edit = tuple[str, str, str]
_ALPHABET = string.ascii_letters + string.digits


@dataclass(frozen=True)
class Expected:
    """A finding: its rule, and a text that the line it points at holds."""

    rule: str
    path: str
    text: str


@dataclass(frozen=True)
class Mutation:
    """One defect: `edits` are (path, old text, new text), `files` are added, `removed` are deleted."""

    name: str
    expected: tuple[Expected, ...]
    edits: tuple[Edit, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    removed: tuple[str, ...] = ()

    def apply(self, folder: Path) -> None:
        """Change a copy; a text that does not stand there exactly once is an error, not a mutation without effect."""
        for path, old, new in self.edits:
            place = folder / path
            text = place.read_text(encoding="utf-8")
            if text.count(old) != 1:
                raise ValueError(f"{self.name}: {path} holds {text.count(old)} times, not once: {old!r}")
            place.write_text(text.replace(old, new), encoding="utf-8")
        for path, text in self.files.items():
            place = folder / path
            if place.exists():
                raise ValueError(f"{self.name}: {path} is there already")
            place.write_text(text, encoding="utf-8")
        for path in self.removed:
            (folder / path).unlink()


def mutation(
    rule: str, path: str, text: str, *edits: Edit, files: Mapping[str, str] | None = None, removed: tuple[str, ...] = ()
) -> Mutation:
    """The usual kind: one finding, named after its rule."""
    return Mutation(rule, (Expected(rule, path, text),), edits, files or {}, removed)


def made_up(length: int) -> str:
    """A secret that nobody has, the same in every run; made here so that no text in the project looks like a key."""
    return "".join(random.Random(length).choices(_ALPHABET, k=length))
