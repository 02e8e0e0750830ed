"""Values that settings classes do not accept: `if self.SECRET_KEY == "changethis": raise ValueError(...)`."""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.model.python import python_side
from aiaudit.model.scopes import Function, walk
from aiaudit.model.service import Service
from aiaudit.model.settings.fields import PYDANTIC
from aiaudit.model.syntax import statements_in
from aiaudit.sources.python.facts import Expression
from aiaudit.sources.secrets.collect import digest


def refused_values(service: Service) -> frozenset[str]:
    """The digests of the values for which a settings class of the service raises, at least where it is deployed."""
    return service.part("refused values", _find)


def _find(service: Service) -> frozenset[str]:
    side = python_side(service)
    return frozenset(
        digest(value)
        for cls in side.program.classes
        if side.evaluator.inherits(cls, *PYDANTIC)
        for method in cls.functions
        for value in _refused(method)
    )


def _refused(method: Function) -> Iterator[str]:
    """What a method compares with and raises for."""
    for statement in statements_in(method.body):
        if statement[0] == "if" and any(inner[0] == "raise" for inner in statements_in(statement[3])):
            yield from _compared(statement[2])


def _compared(test: Expression) -> Iterator[str]:
    """The texts that a test compares with: `value == "changethis"`, `value in ("secret", "changethis")`."""
    for part in walk(test):
        if part[0] == "cmp" and part[3] in (("Eq",), ("In",)):
            right = part[4][0]
            items = right[2] if right[0] in ("tuple", "list", "set") else (right,)
            yield from (item[2] for item in items if item[0] == "const" and isinstance(item[2], str) and item[2])
