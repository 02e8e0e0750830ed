"""Whether what a function makes leaves it: what it returns, yields, or puts where others find it."""

from __future__ import annotations

from collections.abc import Container

from aiaudit.model.scopes import Scope, children
from aiaudit.sources.python.facts import Expression

# Methods that make another such thing of one: what comes of any other method is the work that it did.
_DERIVING = ("as_", "with_", "bind", "pipe", "configurable_")
_ROUNDS = 4


def leaves(made: Container[int], scope: Scope) -> bool:
    """Whether what calls with these identities make leaves their function, itself or inside of something else."""
    names: set[str] = set()
    for _ in range(_ROUNDS):  # each round follows one more assignment
        known = len(names)
        names.update(
            name
            for name, bindings in scope.bindings.items()
            if any(each.expression is not None and _holds(each.expression, made, names) for each in bindings)
        )
        if len(names) == known:
            break
    if not names.isdisjoint(scope.declared_global):
        return True
    given = [value for value, _ in (*scope.returns, *scope.yields)]
    given += [store.value for store in scope.stores if store.value is not None]
    return any(_holds(value, made, names) for value in given)


def _holds(whole: Expression, made: Container[int], names: set[str]) -> bool:
    """Whether the value of an expression may be, or hold, what was made."""
    if id(whole) in made:
        return True
    if whole[0] == "name":
        return whole[2] in names
    function = whole[2] if whole[0] == "call" else None
    is_work = function is not None and function[0] == "attr" and not function[3].startswith(_DERIVING)
    return any(_holds(child, made, names) for child in children(whole) if not (is_work and child is function))
