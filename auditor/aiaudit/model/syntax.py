"""What the shape of statements and expressions says by itself: inner blocks, leaving, comparisons of size."""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.sources.python.facts import Expression, Statement

# Statements after which the rest of their block does not run.
LEAVING = frozenset(("return", "raise", "continue", "break"))
# Statements with blocks inside them, but for functions and classes.
COMPOUND = frozenset(("if", "while", "for", "with", "try", "match"))
_ORDER = frozenset(("Lt", "LtE", "Gt", "GtE"))


def ends_block(statement: Statement) -> bool:
    """Whether nothing behind a statement runs in its block: it leaves, or all of its branches that may run do."""
    if statement[0] != "if":
        return statement[0] in LEAVING
    return all(body and ends_block(body[-1]) for body in live_branches(statement))


def live_branches(statement: Statement) -> list[tuple[Statement, ...]]:
    """The branches of an `if` that may run: one of `if True:`, else both."""
    _, _, test, body, orelse = statement
    if test[0] == "const":
        return [body if test[2] else orelse]
    return [body, orelse]


def blocks(statement: Statement) -> list[tuple[Statement, ...]]:
    """The inner blocks of a statement, in the order in which they may run; functions and classes have none."""
    tag = statement[0]
    if tag in ("if", "while"):
        return [statement[3], statement[4]]
    if tag == "for":
        return [statement[4], statement[5]]
    if tag == "with":
        return [statement[3]]
    if tag == "try":
        return [statement[2], *(handler[2] for handler in statement[3]), statement[4], statement[5]]
    if tag == "match":
        return [case[2] for case in statement[3]]
    return []


def statements_in(body: tuple[Statement, ...]) -> Iterator[Statement]:
    """The statements of a block and of the blocks inside it, not of functions and classes defined there."""
    for statement in body:
        yield statement
        if statement[0] in COMPOUND:
            for block in blocks(statement):
                yield from statements_in(block)


def suppressed(statement: Statement) -> Statement | None:
    """The `try` that `with suppress(KeyError):` stands for: what it is given is caught and passed over."""
    for context, _ in statement[2]:
        if context[0] == "call" and context[3] and _is_suppress(context[2]):
            kinds = context[3][0] if len(context[3]) == 1 else ("tuple", context[1], context[3])
            handler = (kinds, None, (("pass", statement[1]),), statement[1])
            return ("try", statement[1], statement[3], (handler,), (), ())
    return None


def _is_suppress(function: Expression) -> bool:
    return bool((function[2] if function[0] == "name" else function[3] if function[0] == "attr" else "") == "suppress")


def compares_sizes(expression: Expression) -> bool:
    """Whether an expression itself asks which of two values is the larger."""
    return bool(expression[0] == "cmp" and not _ORDER.isdisjoint(expression[3]))


def added(call: Expression) -> tuple[Expression, ...]:
    """What a call adds to a list: `hooks.append(start)`, `hooks.extend([start, warm])`."""
    first = call[3][0] if call[3] else None
    if first is None:
        return ()
    if call[2][0] == "attr" and call[2][3] == "extend":
        return tuple(first[2]) if first[0] in ("list", "tuple") else ()
    return (first,)
