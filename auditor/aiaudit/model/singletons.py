"""Classes of which there is one object however often they are called."""

from __future__ import annotations

from aiaudit.model.evaluate import Evaluator
from aiaudit.model.scopes import Class, Function, last_name
from aiaudit.model.values import ClassValue


def is_singleton(cls: Class, evaluator: Evaluator) -> bool:
    """Whether calling a class gives an object that is kept: a decorator, a metaclass or `__new__` sees to it."""
    if any(last_name(d[2] if d[0] == "call" else d).lower() == "singleton" for d in cls.decorators):
        return True
    return any(_is_made_once(line, evaluator) for line in evaluator.lineage(cls)[0])


def _is_made_once(cls: Class, evaluator: Evaluator) -> bool:
    for name, given in cls.node[4]:
        if name == "metaclass":
            for value in evaluator.evaluate(given, cls.parent or cls.module):
                if isinstance(value, ClassValue) and _keeps(value.cls.method("__call__")):
                    return True
    return _keeps(cls.method("__new__"))


def _keeps(method: Function | None) -> bool:
    """Whether a method puts what it makes onto the class, or into a container of the class."""
    if method is None or not method.parameters:
        return False
    own = method.parameters[0][0]
    names = {own, method.owner.name if method.owner is not None else own}
    for store in method.stores:
        base = store.base
        while base[0] in ("attr", "sub"):
            base = base[2]
        if base[0] == "name" and base[2] in names:
            return True
    return False
