"""Functions of the repository that nothing names: no route, no dependency and no other code can get at them."""

from __future__ import annotations

from aiaudit.model.python import python_side
from aiaudit.model.scopes import Function
from aiaudit.model.service import Service


def is_in_unused_function(service: Service, path: str, line: int) -> bool:
    """Whether a line stands in a plain function whose name stands nowhere but where it is defined."""
    program = python_side(service).program
    around = [f for f in program.functions if f.module.path == path and f.node[0] == "def" and _covers(f, line)]
    if not around:
        return False
    outermost = min(around, key=lambda function: function.node[1][0])
    if outermost.parent is not outermost.module or outermost.decorators:
        return False
    name = outermost.name
    defined = {(f.module.path, f.span.line) for f in program.functions if f.name == name}
    paths = frozenset(program.tree.files())
    return all(
        (mentioned, number) in defined
        for mentioned in program.tree.files_with(name, paths)
        if mentioned.endswith(".py")
        for number in program.tree.lines_with(mentioned, name)
    )


def _covers(function: Function, line: int) -> bool:
    first, _, last, _ = function.node[1]
    return bool(first <= line <= last)
