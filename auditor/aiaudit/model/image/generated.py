"""What a Python script of the repository may write when the build runs it."""

from __future__ import annotations

from aiaudit.model.image.commands import is_python
from aiaudit.model.image.filesystem import Filesystem, absolute
from aiaudit.model.scopes import walk_all
from aiaudit.model.tree import Tree
from aiaudit.sources.dockerfile.facts import Command


def blur_written(command: Command, folder: str | None, files: Filesystem, tree: Tree) -> None:
    """Make every place unknown that a script names as an absolute path, and every module that it names."""
    if not is_python(command.name):
        return
    script = next((word.text for word in command.words[1:] if word.text.endswith(".py")), "")
    place = absolute(script, folder) if script else None
    source = files.source(place) if place is not None else None
    facts = tree.facts(source, "python") if source is not None else None
    for node in walk_all(facts[1]) if facts is not None else ():
        text = node[2] if node[0] == "const" and isinstance(node[2], str) else ""
        if "\n" in text or not (text.startswith("/") or text.endswith(".py")) or len(text) < 2:
            continue
        written = absolute(text, folder)
        if written is not None:
            files.blur(written)
