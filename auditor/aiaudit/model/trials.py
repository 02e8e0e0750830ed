"""Configuration that only tests take: settings classes for them, and what a pipeline's run of compose is given."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from aiaudit.model.compose import compose_file
from aiaudit.model.service import Service
from aiaudit.sources.python.facts import Expression, Statement
from aiaudit.sources.secrets.names import words_of

_TESTS = frozenset(("test", "tests", "testing"))
_SETTINGS = frozenset(("config", "configs", "configuration", "settings", "environment"))
_YES = ("true", "1", "yes")


def is_for_tests(service: Service, path: str, line: int) -> bool:
    """Whether a line of a program or deploy file holds what only tests are configured with."""
    if path.endswith(".py"):
        facts = service.tree.facts(path, "python")
        return facts is not None and _stands_in_test_settings(facts[1], line)
    if not path.endswith((".yml", ".yaml")):
        return False
    file = compose_file(service, path)
    owner = file.at(line) if file is not None else None
    return owner is not None and any(
        variable.name == "CI" and (variable.value or "").lower() in _YES for variable in owner.environment
    )


def _stands_in_test_settings(body: Iterable[Statement], line: int) -> bool:
    for statement in body:
        if statement[0] == "class" and statement[1][0] <= line <= statement[1][2]:
            return _is_of_tests(statement) or _stands_in_test_settings(statement[6], line)
    return False


def _is_of_tests(cls: Statement) -> bool:
    """`class TestingConfig`, and any class that says `TESTING = True` as Flask wants it."""
    words = frozenset(words_of(cls[2]))
    if words & _TESTS and words & _SETTINGS:
        return True
    return any(_says_testing(statement) for statement in cls[6])


def _says_testing(statement: Statement) -> bool:
    targets: tuple[Expression, ...] = ()
    value: Any = None
    if statement[0] == "assign":
        targets, value = statement[2], statement[3]
    elif statement[0] == "ann":
        targets, value = (statement[2],), statement[4]
    is_true = value is not None and value[0] == "const" and value[2] is True
    return is_true and any(target[0] == "name" and target[2] == "TESTING" for target in targets)
