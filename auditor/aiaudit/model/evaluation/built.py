"""Containers that a function fills and gives away: what it put into them is in them wherever they go."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Protocol

from aiaudit.model.program import Program, scope_of_name
from aiaudit.model.scopes import Class, Scope, Store, last_name
from aiaudit.sources.python.facts import Expression

_WRITTEN = ("dict", "list", "set")
_MADE = frozenset(("dict", "list", "set", "defaultdict", "OrderedDict", "deque", "model_dump", "asdict"))


class Classes(Protocol):
    """What tells how classes derive from each other."""

    program: Program

    def lineage(self, cls: Class) -> tuple[list[Class], list[str]]: ...
    def subclasses(self, cls: Class) -> list[Class]: ...


def built(classes: Classes) -> dict[int, list[Store]]:
    """Identity of the expression that makes a container -> the stores into the variable, or the attribute of an object,
    that it was bound to."""
    found: dict[int, list[Store]] = defaultdict(list)
    for store in classes.program.element_stores:
        for made in _makers(store, classes):
            found[id(made)].append(store)
    return found


def _makers(store: Store, classes: Classes) -> Iterator[Expression]:
    base = store.base
    holder = scope_of_name(store.scope, base[2]) if base[0] == "name" else None
    given = [binding.expression for binding in holder.bindings[base[2]] if binding.kind == "value"] if holder else []
    cls = _own_class(base[2], store.scope) if base[0] == "attr" else None
    named = cls or (_named_class(base[2], store.scope) if base[0] == "attr" else None)
    if named is not None:  # what stands in the body of a class is shared by it and its heirs
        shared = (bound for owner in classes.lineage(named)[0] for bound in owner.bindings.get(base[3], ()))
        given += [binding.expression for binding in shared if binding.kind == "value"]
    # What a base class makes for each of its heirs is a container of its own for each.
    if cls is not None and not classes.subclasses(cls) and len(classes.lineage(cls)[0]) == 1:
        others = classes.program.stores_by_attribute.get(base[3], ())
        given += [other.value for other in others if _own_class(other.base, other.scope) is cls]
    yield from (made for made in given if made is not None and _makes_container(made))


def _own_class(expression: Expression, scope: Scope) -> Class | None:
    """The class of the object that a method calls itself, if an expression is its name for it."""
    method = scope.enclosing_method
    if method is None or expression[0] != "name" or expression[2] != method.self_name:
        return None
    return method.owner


def _named_class(expression: Expression, scope: Scope) -> Class | None:
    """The class that a name is, where its module defines it: `Base.known[name] = cls`."""
    holder = scope_of_name(scope, expression[2]) if expression[0] == "name" else None
    bound = holder.bindings[expression[2]] if holder is not None else ()
    return bound[0].target if len(bound) == 1 and bound[0].kind == "class" else None


def _makes_container(expression: Expression) -> bool:
    return expression[0] in _WRITTEN or (expression[0] == "call" and last_name(expression[2]) in _MADE)


def is_under(store: Store, wanted: Any) -> bool:
    """Whether a store may be what stands under a key; any is where the key is unknown."""
    given = store.key[2] if store.key is not None and store.key[0] == "const" else None
    return wanted is None or given is None or wanted == given
