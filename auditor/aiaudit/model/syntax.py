"""What the shape of statements and expressions says by itself: inner blocks, leaving, comparisons of size."""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.sources.python.facts import Expression, Statement

# Statements after which the rest of their block does not run.
LEAVING = frozenset(("return", "raise", "continue", "break"))
_ORDER = frozenset(("Lt", "LtE", "Gt", "GtE"))


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
        for block in blocks(statement):
            yield from statements_in(block)


def compares_sizes(expression: Expression) -> bool:
    """Whether an expression itself asks which of two values is the larger."""
    return bool(expression[0] == "cmp" and not _ORDER.isdisjoint(expression[3]))
