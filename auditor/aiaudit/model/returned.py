"""Whether the value of an expression is part of what its function returns or yields."""

from __future__ import annotations

from collections.abc import Callable, Container

from aiaudit.model.scopes import Enclosing, Function, Scope, Store, children, last_name, walk
from aiaudit.sources.python.facts import Expression

Carriers = dict[str, "set[str] | None"]
Keys = frozenset[str] | None
_CONTAINERS = frozenset(
    ("list", "dict", "set", "deque", "defaultdict", "OrderedDict", "Counter", "Queue", "SimpleQueue", "LifoQueue")
)


# What a call in a scope does with what it is given: None where all of it ends there, otherwise the identities of the
# arguments that do not come back.
Keeps = Callable[[Expression, Scope], "Container[int] | None"]
# The names that stand in an expression, by its identity: whoever asks more than once keeps them.
Names = dict[int, frozenset[str]]


def returned(expression: Expression, scope: Scope, keeps: Keeps, names: Names, keys: Keys = None) -> tuple[bool, Keys]:
    """Whether the value of an expression, or what lies under `keys` in it, comes back, and under which keys of a dict.

    Follows plain assignments and containers inside one function. An object of which an attribute was set is returned
    with it as a whole, and through its methods, but not with its other attributes.
    What `keeps` says nothing comes back of asks somebody else: its answer is no longer the value that it was given.
    """
    carriers: Carriers = {}
    if keys is not None:
        for name, bindings in scope.bindings.items():
            if any(_is_just(binding.expression, expression) for binding in bindings):
                carriers[name] = set(keys)
    return _returned(expression, scope, keeps, names, carriers, keys)


def gives_back(function: Function, parameter: str, keeps: Keeps, names: Names) -> bool:
    """Whether what a function returns or yields holds what it is given for a parameter."""
    return _returned(("pass", (0, 0, 0, 0)), function, keeps, names, {parameter: None}, None)[0]


def _returned(
    expression: Expression, scope: Scope, keeps: Keeps, names: Names, carriers: Carriers, keys: Keys
) -> tuple[bool, Keys]:
    # `carriers`: name -> the attributes or keys that carry the value, None where the whole does.
    def carries(whole: Expression) -> bool:
        mentioned = names.get(id(whole))
        if mentioned is None:
            mentioned = names[id(whole)] = frozenset([part[2] for part in walk(whole) if part[0] == "name"])
        if mentioned.isdisjoint(carriers) and not _encloses(whole, expression):
            return False
        return _carries(whole, expression, carriers, lambda part: keeps(part, scope))

    for _ in range(4):  # chains of assignments longer than this are rare; each round follows one more link
        before = _size(carriers)
        for name, bindings in scope.bindings.items():
            bound = (b.expression for b in bindings if keys is None or not _is_just(b.expression, expression))
            if carriers.get(name, ()) is not None and any(each and carries(each) for each in bound):
                carriers[name] = None
        for store in scope.stores:
            if store.base[0] != "name" or store.value is None or carriers.get(store.base[2], ()) is None:
                continue
            if not _is_handed_away(store, scope) and carries(store.value):
                _put(carriers, store.base[2], store.attribute)
        if _size(carriers) == before:
            break
    ways = (value for value, around in (*scope.returns, *scope.yields) if not _is_over(value, around, expression))
    given = [value for value in ways if carries(value)]
    return bool(given), _keys_of(given, carries)


def _is_just(bound: Expression | None, expression: Expression) -> bool:
    """Whether a name stands for the value of an expression, awaited or not."""
    return bound is expression or (bound is not None and bound[0] == "await" and bound[2] is expression)


def _keys_of(given: list[Expression], carries: Callable[[Expression], bool]) -> Keys:
    """The keys of written dicts that carry the value, where nothing else does."""
    found: set[str] = set()
    for value in given:
        if value[0] != "dict" or not all(key is not None and key[0] == "const" for key, _ in value[2]):
            return None
        found.update(key[2] for key, inside in value[2] if carries(inside))
    return frozenset(found)


def _is_over(answer: Expression, around: Enclosing | None, expression: Expression) -> bool:
    """Whether a function has returned something before it comes to an expression: no loop leads back there."""
    if answer[1][2:] >= expression[1][:2]:
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


def _carries(
    whole: Expression, wanted: Expression, carriers: Carriers, keeps: Callable[[Expression], Container[int] | None]
) -> bool:
    """Whether an expression or anything inside it is the value, but for what is given to somebody else, and objects of
    which another attribute is read."""
    tag = whole[0]
    if whole is wanted:
        return True
    if tag in ("name", "const"):
        return tag == "name" and whole[2] in carriers
    if tag == "cmp":
        return False  # what a comparison gives is no longer the text
    held: Container[int] = ()
    if tag == "call":
        kept = keeps(whole)
        if kept is None:
            return False
        held = kept
    if (tag == "call" or tag == "sub") and _is_other_key(whole, carriers):
        return False
    for child in children(whole):
        if child[0] == "const" or id(child) in held or (tag == "ifexp" and child is whole[2]):
            continue
        is_method = tag == "call" and child is whole[2]
        goes_on = child[0] != "attr" or child[2][0] != "name" or is_method or _reads(child, carriers)
        if goes_on and _carries(child, wanted, carriers, keeps):
            return True
    return False


def _encloses(whole: Expression, part: Expression) -> bool:
    """Whether an expression stands around another one, or is it."""
    return bool(whole[1][:2] <= part[1][:2] and part[1][2:] <= whole[1][2:])


def _reads(read: Expression, carriers: Carriers) -> bool:
    """Whether reading an attribute of a name may give the value."""
    known = carriers.get(read[2][2])
    return known is None or read[3] in known


def _is_other_key(read: Expression, carriers: Carriers) -> bool:
    """Whether `data["key"]` or `data.get("key")` reads another entry than those that carry the value."""
    if read[0] == "sub":
        container, key = read[2], read[3]
    elif read[0] == "call" and read[2][0] == "attr" and read[2][3] == "get" and read[3]:
        container, key = read[2][2], read[3][0]
    else:
        return False
    known = carriers.get(container[2]) if container[0] == "name" else None
    return known is not None and key[0] == "const" and key[2] not in known
