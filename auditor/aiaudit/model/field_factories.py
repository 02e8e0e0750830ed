"""Fields whose default a class makes: `client: Client = field(default_factory=Client)` makes a client for each object.

Read as `default_factory=lambda: Client()`, so that the making is a call like any other, in a function that making the
object runs.
"""

from __future__ import annotations

from aiaudit.model.scopes import last_name
from aiaudit.sources.python.facts import Expression

_FIELDS = frozenset(("Field", "field", "PrivateAttr", "attrib", "ib"))
_FACTORIES = ("default_factory", "factory")


def making_factory(value: Expression) -> Expression:
    """The default of a field, a class that makes it written out as a function that does."""
    if value[0] != "call" or last_name(value[2]) not in _FIELDS:
        return value
    if not any(name in _FACTORIES and _is_class(given) for name, given in value[4]):
        return value
    keywords = tuple((name, _called(given) if name in _FACTORIES else given) for name, given in value[4])
    return (*value[:4], keywords)


def _is_class(factory: Expression) -> bool:
    """Whether a factory is named as classes are; functions are followed as they stand."""
    return last_name(factory)[:1].isupper()


def _called(factory: Expression) -> Expression:
    if not _is_class(factory):
        return factory
    at = factory[1]
    return ("lambda", at, (), ("call", at, factory, (), ()))
