"""Refusals of requests: statements that answer with a status of their own decision, not because another service did."""

from __future__ import annotations

import re
from collections.abc import Iterator

from aiaudit.model.scopes import is_node, last_name, walk
from aiaudit.patterns import regex
from aiaudit.sources.python.facts import Expression, Statement
from aiaudit.values import dataclass

_ANSWER = regex(r"response|abort|^text$|^json$|^html$|^error$|exception|send_error|^close$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Refusal:
    """One kind of refusal: its status codes, and what constants for them have in their names."""

    numbers: tuple[int, ...]
    names: tuple[str, ...]

    @property
    def words(self) -> tuple[str, ...]:
        """What a file mentions in which something refuses so."""
        return (*map(str, self.numbers), *self.names)

    def is_number(self, value: object) -> bool:
        """Whether a literal is one of the codes, also as text."""
        return value in self.numbers or (isinstance(value, str) and value in map(str, self.numbers))

    def is_named(self, name: str) -> bool:
        """Whether a constant stands for one of the codes: `HTTP_401_UNAUTHORIZED`."""
        return any(part in name for part in self.names)


def own_decisions(body: tuple[Statement, ...], refusal: Refusal) -> Iterator[Statement]:
    """Statements outside of `except`, and of tests of another answer's status."""
    for statement in body:
        yield statement
        if statement[0] == "try":
            yield from own_decisions(statement[2], refusal)
            yield from own_decisions((*statement[4], *statement[5]), refusal)
        elif statement[0] == "if":
            if not _tests_status(statement[2], refusal):
                yield from own_decisions(statement[3], refusal)
            yield from own_decisions(statement[4], refusal)
        elif statement[0] in ("for", "while", "with"):
            for part in statement[2:]:
                if type(part) is tuple and part and type(part[0]) is tuple and is_node(part[0]):
                    yield from own_decisions(part, refusal)


def _tests_status(test: Expression, refusal: Refusal) -> bool:
    """`if answer.status_code == 429`, `if isinstance(error, RateLimitError)`: another service's refusal passed on."""
    for part in walk(test):
        if part[0] == "cmp" and any(p[0] == "const" and refusal.is_number(p[2]) for p in walk(part)):
            return True
        if part[0] == "call" and last_name(part[2]) == "isinstance":
            return True
    return False


def refuses(statement: Statement, refusal: Refusal) -> bool:
    """Whether a statement answers with a refusal: raises it, returns it, sends it."""
    if statement[0] not in ("raise", "return", "expr", "assign"):
        return False
    expression = statement[3] if statement[0] == "assign" else statement[2]
    if expression is None:
        return False
    for part in walk(expression):
        if part[0] != "call" or (statement[0] != "raise" and not _ANSWER.search(last_name(part[2]))):
            continue
        for given in (*part[3], *(value for _, value in part[4])):
            if (given[0] == "const" and refusal.is_number(given[2])) or (
                given[0] == "attr" and refusal.is_named(given[3])
            ):
                return True
    return statement[0] == "return" and any(
        part[0] == "tuple" and any(p[0] == "const" and refusal.is_number(p[2]) for p in part[2])
        for part in walk(expression)
    )
