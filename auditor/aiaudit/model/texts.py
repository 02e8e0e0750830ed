"""Expressions that are surely text of which something is known: a name that has a default, and may be set outside."""

from __future__ import annotations

from collections.abc import Iterable

from aiaudit.model.evaluate import Evaluator
from aiaudit.model.program import scope_of_name
from aiaudit.model.scopes import Scope, dotted
from aiaudit.model.values import Constant
from aiaudit.sources.python.facts import Expression

_LONGEST = 4
_ENVIRONMENTS = ("os.environ", "environ")
_LOOKUPS = ("os.getenv", "getenv", "os.environ.get", "environ.get")
# Methods of text that give text.
_METHODS = frozenset(
    ("strip", "lstrip", "rstrip", "lower", "upper", "replace", "format", "removeprefix", "removesuffix", "join")
)


def is_known_text(expression: Expression | None, scope: Scope, evaluator: Evaluator) -> bool:
    """Whether all that an expression may stand for is text, and some of it is written in the program."""
    return _Reader(evaluator).read(expression, scope, ()) is True


class _Reader:
    """Tells of an expression: True for text that is known, False for text that is not, None for anything else."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator = evaluator

    def read(self, expression: Expression | None, scope: Scope, seen: tuple[str, ...]) -> bool | None:
        """`seen` are the names on the way."""
        if expression is None or len(seen) > _LONGEST:
            return None
        values = self.evaluator.evaluate(expression, scope)
        if values and all(isinstance(value, Constant) and isinstance(value.value, str) for value in values):
            return True
        tag = expression[0]
        if tag == "fstr":
            return bool(expression[2]) and expression[2][0][0] == "const"  # `f"openai:{name}"` tells whose it is
        if tag == "sub":
            return False if dotted(expression[2]) in _ENVIRONMENTS else None
        if tag == "call":
            return self._called(expression, scope, seen)
        if tag in ("bool", "ifexp"):
            choices = expression[3] if tag == "bool" else expression[3:5]
            return _together(self.read(part, scope, seen) for part in choices)
        return self._named(expression[2], scope, seen) if tag == "name" else None

    def _called(self, expression: Expression, scope: Scope, seen: tuple[str, ...]) -> bool | None:
        function, arguments = expression[2], expression[3]
        if dotted(function) in _LOOKUPS:
            return len(arguments) > 1 and self.read(arguments[1], scope, seen) is True
        if function[0] == "attr" and function[3] in _METHODS:
            return self.read(function[2], scope, seen)
        return None

    def _named(self, name: str, scope: Scope, seen: tuple[str, ...]) -> bool | None:
        if name in seen:
            return False  # `name = name.lower()`: what it was before decides
        holder = scope_of_name(scope, name)
        bindings = holder.bindings.get(name, ()) if holder is not None else ()
        return _together(
            self.read(binding.expression, binding.scope, (*seen, name)) if binding.kind == "value" else None
            for binding in bindings
        )


def _together(found: Iterable[bool | None]) -> bool | None:
    """What holds of all choices: one that is known makes the whole known."""
    answers = list(found)
    return None if not answers or None in answers else any(answers)
