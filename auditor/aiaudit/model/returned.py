"""Whether the value of an expression is part of what its function returns or yields."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from aiaudit.model.scopes import Enclosing, Scope, Store, children, last_name
from aiaudit.sources.python.facts import Expression

Carriers = dict[str, "set[str] | None"]
_CONTAINERS = frozenset(
    ("list", "dict", "set", "deque", "defaultdict", "OrderedDict", "Counter", "Queue", "SimpleQueue", "LifoQueue")
)


def is_returned(expression: Expression, scope: Scope, asks: Callable[[Expression, Scope], bool]) -> bool:
    """Follows plain assignments and containers inside one function. An object of which an attribute was set is returned
    with it as a whole, and through its methods, but not with its other attributes.

    What `asks` is true of is a call that asks somebody else: its answer is no longer the value that it was given.
    """

    def carries(whole: Expression) -> bool:
        return _carries(whole, expression, carriers, lambda part: asks(part, scope))

    # Name -> the attributes that carry the value, None where the whole does.
    carriers: Carriers = {}
    for _ in range(4):  # chains of assignments longer than this are rare; each round follows one more link
        before = _size(carriers)
        for name, bindings in scope.bindings.items():
            if carriers.get(name, ()) is not None and any(b.expression and carries(b.expression) for b in bindings):
                carriers[name] = None
        for store in scope.stores:
            if store.base[0] != "name" or store.value is None or _is_handed_away(store, scope):
                continue
            if carries(store.value):
                _put(carriers, store.base[2], store.attribute)
        if _size(carriers) == before:
            break
    given = [value for value, around in (*scope.returns, *scope.yields) if not _is_over(value, around, expression)]
    return any(map(carries, given))


def _is_over(returned: Expression, around: Enclosing | None, expression: Expression) -> bool:
    """Whether a function has returned something before it comes to an expression: no loop leads back there."""
    if returned[1][2:] >= expression[1][:2]:
        return False
    return not any(link.kind in ("for", "while") for link in around or ())


def _is_handed_away(store: Store, scope: Scope) -> bool:
    """Whether something is added to what is no container: a session keeps a row, but does not answer with it."""
    if store.how not in ("append", "update", "extend"):
        return False
    made = [binding.expression for binding in scope.bindings.get(store.base[2], ())]
    return bool(made) and all(
        each is not None and each[0] == "call" and last_name(each[2]) not in _CONTAINERS for each in made
    )


def _put(carriers: Carriers, name: str, attribute: str | None) -> None:
    known = carriers.setdefault(name, set())
    if attribute is None:
        carriers[name] = None
    elif known is not None:
        known.add(attribute)


def _size(carriers: Carriers) -> tuple[int, int]:
    return sum(known is None for known in carriers.values()), sum(len(known or ()) for known in carriers.values())


def _carries(whole: Expression, wanted: Expression, carriers: Carriers, asks: Callable[[Expression], bool]) -> bool:
    kept = _kept(whole, wanted, carriers, asks)
    return any(part is wanted or (part[0] == "name" and part[2] in carriers) for part in kept)


def _kept(
    whole: Expression, wanted: Expression, carriers: Carriers, asks: Callable[[Expression], bool]
) -> Iterator[Expression]:
    """An expression and all inside it, but for what is given to somebody else, and objects of which another attribute
    is read."""
    yield whole
    if whole is not wanted and whole[0] == "call" and asks(whole):
        return
    for child in children(whole):
        is_method = whole[0] == "call" and child is whole[2]
        if child[0] != "attr" or child[2][0] != "name" or is_method or _reads(child, carriers):
            yield from _kept(child, wanted, carriers, asks)


def _reads(read: Expression, carriers: Carriers) -> bool:
    """Whether reading an attribute of a name may give the value."""
    known = carriers.get(read[2][2])
    return known is None or read[3] in known
