"""What is kept and given again while it serves: `if found: if is_fresh(found): return found`, and below it is made; or
`if found: try: found.ping() ...`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from aiaudit.model.program import scope_of_name
from aiaudit.model.scopes import Call, Enclosing, Function, Scope, dotted, walk
from aiaudit.sources.python.facts import Expression


def tests_before(call: Call) -> Iterator[tuple[Expression, Expression]]:
    """What a function returns before it makes something, each with the test of an earlier `if` around that return.

    The `if` itself leads on to the making: it has another outcome than the return.
    """
    if not isinstance(call.scope, Function):
        return
    for returned, enclosing in call.scope.returns:
        if returned[1][0] < call.at[0]:
            for link in _outer_ifs(enclosing, call):
                yield returned, link.node[2]


def _outer_ifs(enclosing: Enclosing | None, call: Call) -> Iterator[Enclosing]:
    """The `if` statements around a place, with another one or a `try` inside, that end before a call."""
    inner = False
    for link in enclosing or ():
        inner = inner or link.kind == "try"
        if link.kind == "if" and link.node[0] == "if":
            if inner and link.branch and link.node[1][2] < call.at[0]:
                yield link
            inner = True


def is_from(returned: Expression, variable: Expression, scope: Scope) -> bool:
    """Whether what is returned comes out of a variable: itself, a part of it, a local name for such."""
    sought = dotted(variable)
    if sought is None:
        return False
    names = [part[2] for part in walk(returned) if part[0] == "name" and part[2] in scope.bindings]
    given = [b.expression for name in names for b in scope.bindings[name] if b.expression is not None]
    return any(_mentions(part, sought) for part in (returned, *given))


def is_put_into(call: Call, variable: Expression) -> bool:
    """Whether the function that makes something keeps it, or what it is part of, in a variable."""
    scope, sought = call.scope, dotted(variable)
    names = {name for name, found in scope.bindings.items() for b in found if b.expression is call.expression}
    return sought is not None and any(
        part is call.expression or (part[0] == "name" and part[2] in names)
        for value in _values_of(variable, sought, scope)
        for part in walk(value)
    )


def _values_of(variable: Expression, sought: str, scope: Scope) -> Iterable[Expression]:
    """What a function puts into a variable or under a key of it."""
    if variable[0] == "name":
        holder = scope_of_name(scope, variable[2])
        for binding in holder.bindings.get(variable[2], ()) if holder is not None else ():
            if binding.scope is scope and binding.expression is not None:
                yield binding.expression
    for store in scope.stores:
        base = dotted(store.base)
        kept = base if store.attribute is None else f"{base}.{store.attribute}"
        if base is not None and kept == sought and store.value is not None:
            yield store.value


def _mentions(expression: Expression, sought: str) -> bool:
    return any(part[0] in ("name", "attr") and dotted(part) == sought for part in walk(expression))
