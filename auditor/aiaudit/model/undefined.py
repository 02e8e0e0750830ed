"""Names that stand for nothing when they are used."""

from __future__ import annotations

import builtins
from collections.abc import Iterator

from aiaudit.model.program import scope_of_name
from aiaudit.model.scopes import Module, Scope, walk_all
from aiaudit.sources.python.facts import Expression, Statement

_PREDEFINED = frozenset(
    (*dir(builtins), "__file__", "__path__", "__class__", "__builtins__", "__annotations__", "reveal_type")
)


def is_undefined(expression: Expression, scope: Scope) -> bool:
    """Whether a plain name is bound nowhere in its module and is no builtin: using it raises."""
    if expression[0] != "name" or expression[2] in _PREDEFINED or scope.module.stars:
        return False
    name = expression[2]
    if scope_of_name(scope, name) is not None:
        return False
    return not any(name in inner.declared_global for inner in scope.module.scopes)


def imported_in(body: tuple[Statement, ...]) -> Iterator[str]:
    """The names that the imports among some statements bind."""
    for statement in body:
        if statement[0] == "import":
            yield from (alias or name.partition(".")[0] for name, alias in statement[2])
        elif statement[0] == "from":
            yield from (alias or name for name, alias in statement[4] if name != "*")


def is_bound_once(name: str, module: Module, statement: Statement) -> bool:
    """Whether nothing but the imports inside one statement gives a module's name its value."""
    return all(
        binding.statement is not None and _holds(statement, binding.statement) for binding in module.bindings[name]
    )


def _holds(outer: Statement, inner: Statement) -> bool:
    return any(part is inner for part in walk_all(outer))
