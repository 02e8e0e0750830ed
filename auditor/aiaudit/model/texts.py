"""Expressions that are surely text, whatever the text may be."""

from __future__ import annotations

from aiaudit.model.evaluate import Evaluator
from aiaudit.model.program import scope_of_name
from aiaudit.model.scopes import Function, Scope, dotted, last_name
from aiaudit.model.values import Constant, Instance
from aiaudit.sources.python.facts import Expression

_LONGEST = 4
_TYPES = frozenset(("str", "LiteralString"))
_ENVIRONMENTS = ("os.environ", "environ")
_LOOKUPS = ("os.getenv", "getenv", "os.environ.get", "environ.get")
# Methods of text that give text.
_METHODS = frozenset(
    ("strip", "lstrip", "rstrip", "lower", "upper", "replace", "format", "removeprefix", "removesuffix", "join")
)


def is_text(expression: Expression | None, scope: Scope, evaluator: Evaluator, seen: tuple[str, ...] = ()) -> bool:
    """Whether all that an expression may stand for is text: a constant, a variable of the environment, a field or a
    parameter of that type, and what is put together from these. `seen` are the names on the way."""
    if expression is None or len(seen) > _LONGEST:
        return False
    values = evaluator.evaluate(expression, scope)
    if values and all(isinstance(value, Constant) and isinstance(value.value, str) for value in values):
        return True
    tag = expression[0]
    if tag == "fstr":
        return True
    if tag == "sub":
        return dotted(expression[2]) in _ENVIRONMENTS
    if tag == "call":
        return _is_made_text(expression, scope, evaluator, seen)
    if tag in ("bool", "ifexp"):
        choices = expression[3] if tag == "bool" else expression[3:5]
        return all(is_text(part, scope, evaluator, seen) for part in choices)
    if tag == "name":
        return _is_named_text(expression[2], scope, evaluator, seen)
    return tag == "attr" and _is_text_field(expression, scope, evaluator)


def _is_made_text(expression: Expression, scope: Scope, evaluator: Evaluator, seen: tuple[str, ...]) -> bool:
    function = expression[2]
    if dotted(function) in _LOOKUPS or (function[0] == "name" and function[2] == "str"):
        return True
    return function[0] == "attr" and function[3] in _METHODS and is_text(function[2], scope, evaluator, seen)


def _is_named_text(name: str, scope: Scope, evaluator: Evaluator, seen: tuple[str, ...]) -> bool:
    if name in seen:
        return True  # `name = name.lower()`: what it was before decides
    holder = scope_of_name(scope, name)
    if holder is None:
        return False
    if isinstance(holder, Function):
        for given, _, annotation, _, _ in holder.parameters:
            if given == name:
                return annotation is not None and _names_text(annotation)
    bindings = holder.bindings.get(name, ())
    return bool(bindings) and all(
        (binding.annotation is not None and _names_text(binding.annotation))
        or (binding.kind == "value" and is_text(binding.expression, binding.scope, evaluator, (*seen, name)))
        for binding in bindings
    )


def _is_text_field(expression: Expression, scope: Scope, evaluator: Evaluator) -> bool:
    """`settings.model`, where the class says that it is one."""
    values = evaluator.evaluate(expression[2], scope)
    return bool(values) and all(
        isinstance(value, Instance)
        and any(
            binding.annotation is not None and _names_text(binding.annotation)
            for cls in evaluator.lineage(value.cls)[0]
            for binding in cls.bindings.get(expression[3], ())
        )
        for value in values
    )


def _names_text(annotation: Expression) -> bool:
    return last_name(annotation) in _TYPES
