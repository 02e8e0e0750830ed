"""Classes of which there is one object however often they are called."""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.model.evaluate import Evaluator
from aiaudit.model.scopes import Class, Function, last_name
from aiaudit.model.values import ClassValue, Constant
from aiaudit.sources.python.facts import Expression


def is_singleton(cls: Class, evaluator: Evaluator) -> bool:
    """Whether calling a class gives an object that is kept: a decorator, a metaclass or `__new__` sees to it."""
    if any(last_name(d[2] if d[0] == "call" else d).lower() == "singleton" for d in cls.decorators):
        return True
    for line in evaluator.lineage(cls)[0]:
        for method in _makers(line, evaluator):
            if _keeps(method) and not _makes_afresh(method, cls, evaluator):
                return True
    return False


def _makers(cls: Class, evaluator: Evaluator) -> Iterator[Function]:
    """What makes the objects of a class, as far as the class or its metaclass says."""
    found = [cls.method("__new__")]
    for name, given in cls.node[4]:
        if name == "metaclass":
            values = evaluator.evaluate(given, cls.parent or cls.module)
            found += [value.cls.method("__call__") for value in values if isinstance(value, ClassValue)]
    yield from (method for method in found if method is not None)


def _makes_afresh(method: Function, cls: Class, evaluator: Evaluator) -> bool:
    """Whether the class itself says that its objects are not kept: `if not cls.shared: return super().__call__()`."""
    for value, around in method.returns:
        if value[0] != "call" or last_name(value[2]) != method.name:
            continue
        for link in around or ():
            if link.kind == "if" and link.node[0] == "if":
                outcome = _told(link.node[2], method, cls, evaluator)
                if outcome is not None and outcome is link.branch:
                    return True
    return False


def _told(test: Expression, method: Function, cls: Class, evaluator: Evaluator) -> bool | None:
    """What a test of an attribute comes to for a class; None where it is no such test, or the attribute may differ."""
    if test[0] == "unary" and test[2] == "Not":
        inner = _told(test[3], method, cls, evaluator)
        return None if inner is None else not inner
    if test[0] != "attr" or test[2][0] != "name" or test[2][2] != method.parameters[0][0]:
        return None
    values = tuple(evaluator.class_attribute(cls, test[3], ClassValue(cls)))
    truths = {bool(value.value) if isinstance(value, Constant) else None for value in values}
    return truths.pop() if len(truths) == 1 else None


def _keeps(method: Function) -> bool:
    """Whether a method puts what it makes onto the class, or into a container of the class."""
    if not method.parameters:
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
