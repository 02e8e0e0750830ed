"""Whether the value of an expression is part of what its function returns or yields."""

from __future__ import annotations

from aiaudit.model.scopes import Scope, walk
from aiaudit.sources.python.facts import Expression


def is_returned(expression: Expression, scope: Scope) -> bool:
    """Follows plain assignments and containers inside one function; attributes of objects are not followed."""
    carriers: set[str] = set()
    for _ in range(4):  # chains of assignments longer than this are rare; each round follows one more link
        before = len(carriers)
        for name, bindings in scope.bindings.items():
            if name not in carriers and any(
                b.expression is not None and _carries(b.expression, expression, carriers) for b in bindings
            ):
                carriers.add(name)
        for store in scope.stores:
            if store.base[0] == "name" and store.value is not None and _carries(store.value, expression, carriers):
                carriers.add(store.base[2])
        if len(carriers) == before:
            break
    given = [value for value, _ in (*scope.returns, *scope.yields)]
    return any(_carries(value, expression, carriers) for value in given)


def _carries(whole: Expression, wanted: Expression, carriers: set[str]) -> bool:
    return any(part is wanted or (part[0] == "name" and part[2] in carriers) for part in walk(whole))
