"""How an `except` clause goes on: what it leaves behind, and whether it ends the process or raises."""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.model.environments import in_production
from aiaudit.model.scopes import dotted, last_name, walk
from aiaudit.model.syntax import statements_in
from aiaudit.sources.python.facts import Expression, Statement

ENDING = ("exit", "_exit", "quit", "abort", "kill")
# Exceptions that stand for whatever goes wrong: in the program, or with one library.
_BROAD = frozenset(
    ("Exception", "BaseException", "ImproperlyConfigured", "SQLAlchemyError", "DBAPIError", "PyMongoError",
     "RedisError", "OpenAIError", "AnthropicError")
)  # fmt: skip
_MISSING = frozenset(("FileNotFoundError", "OSError", "IOError"))
GOES_ON = "the service goes on without it"
CALLER_GETS = "its caller gets"

Handler = tuple["Expression | None", "str | None", "tuple[Statement, ...]", object]


def outcome_of(handler: Handler, needs_file: bool) -> str | None:
    """How a handler lets the service go on: None if it does not, or if it fits one expected error. That a file is not
    there is expected, unless the service needs it."""
    kind, _, body, _ = handler
    if kind is not None and not _is_one_of(kind, _BROAD | _MISSING if needs_file else _BROAD):
        return None
    outcome = GOES_ON
    for statement in in_production(body):
        if statement[0] == "raise" or leaves_process(statement):
            return None
        if statement[0] == "return":
            if statement[2] is not None and not _is_nothing(statement[2]):
                return None
            outcome = f"{CALLER_GETS} {_written(statement[2])}"
        elif statement[0] in ("assign", "ann"):
            value = statement[3] if statement[0] == "assign" else statement[4]
            if value is not None and _is_nothing(value):
                outcome = "it stays None"
    fails = any(statement[0] == "raise" or leaves_process(statement) for statement in statements_in(body))
    return f"{outcome} in production" if fails else outcome


def assigned_in(body: tuple[Statement, ...]) -> Iterator[tuple[str, Expression]]:
    """The names and attributes that statements assign, with their values."""
    for statement in statements_in(body):
        if statement[0] not in ("assign", "ann"):
            continue
        value = statement[3] if statement[0] == "assign" else statement[4]
        for target in statement[2] if statement[0] == "assign" else (statement[2],):
            place = dotted(target)
            if place and value is not None:
                yield place, value


def _is_one_of(kind: Expression, exceptions: frozenset[str]) -> bool:
    names = [last_name(k) for k in (kind[2] if kind[0] == "tuple" else (kind,))]
    return not exceptions.isdisjoint(names)


def _is_nothing(value: Expression) -> bool:
    return (value[0] == "const" and not value[2]) or (value[0] in ("list", "dict", "tuple") and not value[2])


def _written(value: Expression | None) -> str:
    """How a nothing that is returned reads."""
    if value is None or value[0] == "const":
        return repr(value[2] if value is not None else None)
    return {"list": "[]", "dict": "{}"}.get(value[0], "()")


def leaves_process(statement: Statement) -> bool:
    return statement[0] == "expr" and any(
        part[0] == "call" and last_name(part[2]) in ENDING for part in walk(statement[2])
    )
