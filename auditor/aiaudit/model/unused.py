"""Functions of the repository that nothing names: no route, no dependency and no other code can get at them."""

from __future__ import annotations

from aiaudit.model.program import Program
from aiaudit.model.scopes import Function


def is_in_unused_function(program: Program, path: str, line: int) -> bool:
    """Whether a line stands in a plain function whose name stands nowhere but where it is defined."""
    around = [f for f in program.functions if f.module.path == path and f.node[0] == "def" and _covers(f, line)]
    if not around:
        return False
    outermost = min(around, key=lambda function: function.node[1][0])
    if outermost.parent is not outermost.module or outermost.decorators:
        return False
    return is_named_nowhere(outermost, program)


def is_named_nowhere(function: Function, program: Program) -> bool:
    """Whether a function's name stands nowhere in the program but in functions of that name."""
    name = function.name
    own = [f for f in program.functions if f.name == name and f.node[0] == "def"]
    paths = frozenset(module.path for module in program.modules)
    return all(
        any(f.module.path == mentioned and _covers(f, number) for f in own)
        for mentioned in program.tree.files_with(name, paths)
        for number in program.tree.lines_with(mentioned, name)
    )


def _covers(function: Function, line: int) -> bool:
    first, _, last, _ = function.node[1]
    return bool(min([first, *(decorator[1][0] for decorator in function.decorators)]) <= line <= last)
