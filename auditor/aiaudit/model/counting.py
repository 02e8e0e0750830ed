"""What limits a loop: comparisons that end it after a number of rounds, or after a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from aiaudit.model.scopes import Function, last_name, walk
from aiaudit.model.syntax import compares_sizes, statements_in
from aiaudit.sources.python.facts import Expression, Statement

_LEAVING = frozenset(("return", "raise", "break"))


def counts(function: Function) -> bool:
    """Whether a function decides by the size of a number: a counter of rounds, the length of a list."""
    tests = (s[2] for s in statements_in(function.body) if s[0] in ("if", "while"))
    chosen = (part[2] for value, _ in function.returns for part in walk(value) if part[0] == "ifexp")
    return any(_comparisons(test) for test in (*tests, *chosen))


def ends_by_counting(loop: Statement, limits: Callable[[Expression], bool]) -> bool:
    """Whether a `while` ends after a number of rounds or a time: its test compares sizes, or an `if` inside that
    leaves it does. `limits` tells of a comparison whether it may be one with a limit at all."""
    compared = _comparisons(loop[2])
    if any(map(limits, compared)) or (not compared and _counts_down(loop)):
        return True
    for statement in statements_in(loop[3]):
        if statement[0] != "if" or not _tests_number(statement[2], loop, limits):
            continue
        if any(inner[0] in _LEAVING for inner in statements_in((*statement[3], *statement[4]))):
            return True
    return False


def raises_by_size(function: Function) -> bool:
    """Whether a function raises where one value is larger than another: the time against a deadline."""
    return any(
        s[0] == "if" and _comparisons(s[2]) and any(inner[0] == "raise" for inner in statements_in((*s[3], *s[4])))
        for s in statements_in(function.body)
    )


def _tests_number(test: Expression, loop: Statement, limits: Callable[[Expression], bool]) -> bool:
    """A comparison of sizes, or of something that the loop counts: `if attempt == LAST`."""
    compared = _comparisons(test)
    if compared:
        return any(map(limits, compared))
    counted = set(_counted(loop))
    return any(part[0] == "name" and part[2] in counted for part in walk(test))


def _counts_down(loop: Statement) -> bool:
    """`while remaining:` with `remaining -= 1` inside."""
    counted = set(_counted(loop))
    return any(part[0] in ("name", "attr") and last_name(part) in counted for part in walk(loop[2]))


def _counted(loop: Statement) -> Iterator[str]:
    """The names that each round changes by a number."""
    for statement in statements_in(loop[3]):
        if statement[0] == "aug" and statement[3] in ("Add", "Sub") and _is_number(statement[4]):
            yield last_name(statement[2])
        elif statement[0] == "assign" and statement[3][0] == "bin" and _is_number(statement[3][4]):
            for target in statement[2]:
                if target[0] == "name" and any(p[0] == "name" and p[2] == target[2] for p in walk(statement[3])):
                    yield target[2]


def _is_number(expression: Expression) -> bool:
    return expression[0] == "const" and type(expression[2]) is int


def _comparisons(test: Expression) -> list[Expression]:
    """The parts of a test that ask which of two values is the larger."""
    return [part for part in walk(test) if compares_sizes(part)]
