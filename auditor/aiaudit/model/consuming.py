"""Whether the items of what a call gives are taken where it stands: of a generator, a cursor, a stream."""

from __future__ import annotations

from aiaudit.model.scopes import Call, Scope, last_name, walk_all
from aiaudit.sources.python.facts import Expression

# Calls that run a generator to its end, or to its next item, where they stand.
CONSUMING = frozenset(
    ("list", "tuple", "set", "dict", "sum", "next", "sorted", "max", "min", "any", "all", "join", "extend")
)
# Methods of cursors that ask the store at once.
_ASKING = frozenset(("next", "to_list", "count", "distinct", "explain", "try_next"))
_LONGEST = 6


def is_iterated(call: Call) -> bool:
    """Whether a generator's call is consumed on the spot: `for x in f()`, `list(f())`."""
    statement = call.statement
    if statement[0] == "for" and statement[3] is call.expression:
        return True
    if statement[0] == "assign" and statement[3] is call.expression and is_looped_over(statement[2], call.scope):
        return True
    parent = call.parent
    if parent is None:
        return False
    if parent[0] == "comp":
        return True
    return parent[0] == "call" and last_name(parent[2]) in CONSUMING


def is_looped_over(targets: tuple[Expression, ...], scope: Scope) -> bool:
    """Whether a plain loop of the function takes the items of a variable: `pieces = f()`, `for piece in pieces`."""
    names = {target[2] for target in targets if target[0] == "name"}
    loops = (b.statement for bs in scope.bindings.values() for b in bs if b.kind == "element")
    return any(
        loop is not None and loop[0] == "for" and not loop[6] and loop[3][0] == "name" and loop[3][2] in names
        for loop in loops
    )


def takes_items(call: Call) -> bool:
    """The same for a cursor, also one that is told more first, and through a variable: `list(c.find().limit(5))`."""
    last = call
    for _ in range(_LONGEST):
        further = _called_on(last)
        if further is None:
            break
        if further.name in _ASKING:
            return True
        last = further
    if is_iterated(last):
        return True
    statement = last.statement
    if statement[0] != "assign" or statement[3] is not last.expression:
        return False
    names = {target[2] for target in statement[2] if target[0] == "name"}
    return bool(names) and any(_takes_from(node, names) for node in walk_all(last.scope.body))


def _called_on(call: Call) -> Call | None:
    """The call of a method on what a call gives."""
    for other in call.scope.calls:
        callee = other.expression[2]
        if callee[0] == "attr" and callee[2] is call.expression:
            return other
    return None


def _takes_from(node: Expression, names: set[str]) -> bool:
    """`list(cursor)`, `[f(each) for each in cursor]`."""
    if node[0] == "call" and last_name(node[2]) in CONSUMING:
        return any(argument[0] == "name" and argument[2] in names for argument in node[3])
    return node[0] == "comp" and any(c[1][0] == "name" and c[1][2] in names and not c[3] for c in node[4])
