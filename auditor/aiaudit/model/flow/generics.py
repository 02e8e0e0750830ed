"""Generic models: what a field is declared to be once the variables of its class are filled in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiaudit.model.evaluate import Evaluator
from aiaudit.model.scopes import Class, Scope, is_node, walk
from aiaudit.model.values import ClassValue
from aiaudit.sources.python.facts import Expression


class Generics:
    """Answers what `data: T` is in `Envelope[Question]`."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator = evaluator
        # Kept, so that no other expression gets the identity of one that was made here.
        self._made: dict[tuple[int, str], Expression | None] = {}

    def field(self, annotation: Expression, name: str, scope: Scope) -> Expression | None:
        """The annotation of a field with the arguments of `Model[...]`; None where it has nothing to do with them."""
        key = (id(annotation), name)
        if key not in self._made:
            self._made[key] = self._filled_in(annotation, name, scope)
        return self._made[key]

    def _filled_in(self, annotation: Expression, name: str, scope: Scope) -> Expression | None:
        inner = annotation[3]
        arguments = inner[2] if inner[0] == "tuple" else (inner,)
        for value in self.evaluator.evaluate(annotation[2], scope):
            bindings = value.cls.bindings.get(name) if isinstance(value, ClassValue) else None
            declared = bindings[0].annotation if bindings else None
            if declared is None or not isinstance(value, ClassValue):
                continue
            chosen = dict(zip(_variables(value.cls), arguments, strict=False))
            if any(part[0] == "name" and part[2] in chosen for part in walk(declared)):
                return _replaced(declared, chosen)
        return None


def _variables(cls: Class) -> list[str]:
    """The type variables of a class: those in the brackets of its bases."""
    inner = [base[3] for base in cls.bases if base[0] == "sub"]
    parts = [part for found in inner for part in (found[2] if found[0] == "tuple" else (found,))]
    return list(dict.fromkeys(part[2] for part in parts if part[0] == "name"))


def _replaced(annotation: Expression, chosen: Mapping[str, Expression]) -> Expression:
    if annotation[0] == "name":
        return chosen.get(annotation[2], annotation)
    return tuple([_part(part, chosen) for part in annotation])


def _part(part: Any, chosen: Mapping[str, Expression]) -> Any:
    if not isinstance(part, tuple) or not part:
        return part
    return _replaced(part, chosen) if is_node(part) else tuple([_part(inner, chosen) for inner in part])
