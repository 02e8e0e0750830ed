"""Calls of `print` in the code that an image carries for its servers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from aiaudit.model.image.imports import imported_files
from aiaudit.model.image.names import module_names
from aiaudit.model.image.values import Image, Server
from aiaudit.model.scopes import walk_all
from aiaudit.model.tree import Tree
from aiaudit.patterns import regex
from aiaudit.span import Span

_MAY_PRINT = regex(r"\bprint\(")


def buffered_prints(image: Image, servers: Sequence[Server]) -> tuple[Span, ...]:
    """Prints to standard output without `flush` in the modules that the servers import."""
    tree = image.service.tree
    loaded = [(server, imported_files(image, server)) for server in servers]
    run = {paths[0] for server, paths in loaded if paths and server.kind in ("script", "package")}
    every = sorted({path for _, paths in loaded for path in paths})
    return tuple(span for path in every for span in _prints(tree, path, path in run))


def _prints(tree: Tree, path: str, is_run: bool) -> Iterator[Span]:
    if not tree.mentions(path, _MAY_PRINT):
        return
    facts = tree.facts(path, "python")
    if "print" in (module_names(tree, path) or ()):
        return  # a print of its own
    for statement in facts[1] if facts is not None and not facts[0] else ():
        if statement[0] == "if" and not is_run and "__main__" in repr(statement[2]):
            continue  # does not run in a module that is imported
        for node in walk_all(statement):
            is_print = node[0] == "call" and node[2][0] == "name" and node[2][2] == "print"
            if is_print and not any(name in ("flush", "file", None) for name, _ in node[4]):
                yield Span.at(path, node[1])
