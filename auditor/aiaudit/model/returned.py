"""Whether the value of an expression is part of what its function returns or yields."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from aiaudit.model.scopes import Scope, children
from aiaudit.sources.python.facts import Expression


def is_returned(expression: Expression, scope: Scope, asks: Callable[[Expression, Scope], bool]) -> bool:
    """Follows plain assignments and containers inside one function; attributes of objects are not followed.

    What `asks` is true of is a call that asks somebody else: its answer is no longer the value that it was given.
    """

    def carries(whole: Expression) -> bool:
        return _carries(whole, expression, carriers, lambda part: asks(part, scope))

    carriers: set[str] = set()
    for _ in range(4):  # chains of assignments longer than this are rare; each round follows one more link
        before = len(carriers)
        for name, bindings in scope.bindings.items():
            if name not in carriers and any(b.expression is not None and carries(b.expression) for b in bindings):
                carriers.add(name)
        for store in scope.stores:
            if store.base[0] == "name" and store.value is not None and carries(store.value):
                carriers.add(store.base[2])
        if len(carriers) == before:
            break
    given = [value for value, _ in (*scope.returns, *scope.yields)]
    return any(map(carries, given))


def _carries(whole: Expression, wanted: Expression, carriers: set[str], asks: Callable[[Expression], bool]) -> bool:
    return any(part is wanted or (part[0] == "name" and part[2] in carriers) for part in _kept(whole, wanted, asks))


def _kept(whole: Expression, wanted: Expression, asks: Callable[[Expression], bool]) -> Iterator[Expression]:
    """An expression and all inside it, but for what is given to somebody else."""
    yield whole
    if whole is not wanted and whole[0] == "call" and asks(whole):
        return
    for child in children(whole):
        yield from _kept(child, wanted, asks)
