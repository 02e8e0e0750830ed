"""Query sets and managers of Django that a program defines: what their methods ask a table for."""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.model.database_tables import is_table
from aiaudit.model.evaluate import Evaluator
from aiaudit.model.scopes import Class, Function, last_name, walk
from aiaudit.model.values import ClassValue
from aiaudit.sources.python.facts import Expression

_BASES = ("QuerySet", "Manager")


def own_queries(tables: list[Class], expression: Expression, evaluator: Evaluator) -> Iterator[Function]:
    """The methods of the program that a query of some tables runs: `Message.objects.recent(chat)`, also where it is
    `chat.messages.recent()`."""
    names = {last_name(part[2]) for part in walk(expression) if part[0] == "call" and part[2][0] == "attr"}
    for table in tables:
        for cls in _managers(table, evaluator) if is_table(table, evaluator) else ():
            methods = (cls.method(name) for name in sorted(names))
            yield from (method for method in methods if method is not None)


def _managers(table: Class, evaluator: Evaluator) -> Iterator[Class]:
    """The classes that a table's managers are made of, and those of the query sets that these give."""
    for candidate in evaluator.lineage(table)[0]:
        made = (binding.expression for bound in candidate.bindings.values() for binding in bound)
        for expression in made:
            if expression is None or expression[0] != "call":
                continue
            for cls in _named(expression, candidate, evaluator):
                yield cls
                own = cls.method("get_queryset")
                for value, _ in own.returns if own is not None else ():
                    yield from _named(value, own, evaluator) if own is not None else ()


def _named(expression: Expression, scope: Class | Function, evaluator: Evaluator) -> Iterator[Class]:
    """The query sets and managers that an expression names, and what these derive from."""
    for part in walk(expression):
        for value in evaluator.evaluate(part, scope) if part[0] in ("name", "attr") else ():
            classes, outside = evaluator.lineage(value.cls) if isinstance(value, ClassValue) else ((), ())
            if any(path.endswith(_BASES) for path in outside):
                yield from classes
