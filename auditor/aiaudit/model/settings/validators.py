"""Validators that look at other fields than their own, in what the class is made of: `values.get("api_key")`,
`info.data["api_key"]`, `data.get("api_key")`. Some refuse what is missing there, some put something in its place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from aiaudit.model.scopes import Class, Enclosing, Function, last_name
from aiaudit.model.settings.branches import RAISES, outcome_of
from aiaudit.model.settings.emptiness import filled
from aiaudit.model.settings.lookups import COMPUTED, SAID_MISSING, Default, literal
from aiaudit.model.syntax import statements_in
from aiaudit.sources.python.facts import Expression

_OF_FIELDS = ("field_validator", "validator")
_OF_ALL = ("model_validator", "root_validator")
# The key that every reading of the field is called by here.
_FIELD = "<field>"


def refuses_missing(method: Function, field: str) -> bool:
    """Whether a validator of fields raises where another field of the class has no value."""
    if not method.has_decorator(*_OF_FIELDS):
        return False
    names = _names_for(method, field)
    for statement in statements_in(method.body):
        if statement[0] == "if" and _is_missing(statement[2], True, field, names):
            if outcome_of(statement[3], method) == RAISES:
                return True
        elif statement[0] == "assert" and _is_missing(statement[2], False, field, names):
            return True
    return False


def substitute_of(cls: Class, field: str, default: Default) -> Default:
    """What a field is where nobody sets it, after the validators of its class."""
    for method in cls.functions:
        if not method.decorators:
            continue
        if method.has_decorator(*_OF_ALL):
            given = next(_put(method, field), None)
        elif default.kind != SAID_MISSING and _is_of(method, field):
            given = next(_instead(method), None)
        else:
            continue
        if given is not None and given.kind != COMPUTED:
            return given
    return default


def _put(method: Function, field: str) -> Iterator[Default]:
    """What a validator of all fields puts under one that is missing."""
    names = _names_for(method, field)
    for store in method.stores:
        under = store.key[2] if store.key is not None and store.key[0] == "const" else store.attribute
        if under != field or store.how not in ("element", "attribute") or store.base[0] != "name":
            continue
        if store.value is not None and _is_where_missing(store.enclosing, field, names):
            value = _behind(store.value, field, names)
            if value is not None or store.enclosing is not None:
                yield literal(value or store.value)
    for call in method.calls:
        is_put = call.name == "setdefault" and len(call.arguments) > 1 and _is_const(call.arguments[0], field)
        if is_put and _is_where_missing(call.enclosing, field, names):
            yield literal(call.arguments[1])
    for value, around in method.returns:
        if value[0] == "dict" and _is_where_missing(around, field, names):
            yield from _under_others(value, field)


def _under_others(table: Expression, field: str) -> Iterator[Default]:
    """What `{"field": value, **data}` has where the data have nothing."""
    pairs = table[2]
    for position, (key, value) in enumerate(pairs):
        if key is not None and _is_const(key, field) and any(later is None for later, _ in pairs[position + 1 :]):
            yield literal(value)


def _instead(method: Function) -> Iterator[Default]:
    """What a validator of one field gives in place of an empty value: `return value or "..."`, `if not value: ...`."""
    name = next((p[0] for p in method.parameters if p[0] not in ("cls", "self", method.self_name)), None)
    if name is None:
        return
    for value, around in method.returns:
        if value[0] == "bool" and value[2] == "Or" and value[3][0][0] == "name" and value[3][0][2] == name:
            yield literal(value[3][-1])
        elif value[0] == "const" and around is not None and _is_where_missing(around, "", {name}):
            yield literal(value)
    for binding in method.bindings.get(name, ()):
        given = binding.expression if binding.kind == "value" and binding.enclosing is not None else None
        if given is not None and given[0] == "const" and _is_where_missing(binding.enclosing, "", {name}):
            yield literal(given)


def _is_of(method: Function, field: str) -> bool:
    """Whether a validator of fields is one of this field."""
    return any(
        decorator[0] == "call"
        and last_name(decorator[2]) in _OF_FIELDS
        and any(_is_const(argument, field) for argument in decorator[3])
        for decorator in method.decorators
    )


def _names_for(method: Function, field: str) -> set[str]:
    """The variables of a validator that hold what the field has."""
    return {
        name
        for name, bound in method.bindings.items()
        if any(b.kind == "value" and b.expression is not None and _reads(b.expression, field) for b in bound)
    }


def _behind(value: Expression, field: str, names: set[str]) -> Expression | None:
    """What `data.get("field") or "..."` and `data.get("field", "...")` give where there is nothing."""
    if value[0] == "bool" and value[2] == "Or" and _reads(_bare(value[3][0]), field):
        return value[3][-1]  # type: ignore[no-any-return]
    if value[0] == "bool" and value[2] == "Or" and value[3][0][0] == "name" and value[3][0][2] in names:
        return value[3][-1]  # type: ignore[no-any-return]
    if value[0] == "call" and _reads(value, field) and len(value[3]) > 1:
        return value[3][1]  # type: ignore[no-any-return]
    return None


def _bare(expression: Expression) -> Expression:
    """What a cleaned text is made of."""
    while expression[0] == "call" and expression[2][0] == "attr" and not expression[3]:
        expression = expression[2][2]
    return expression


def _reads(expression: Expression, field: str) -> bool:
    """Whether an expression is the value of the field: `data["x"]`, `data.get("x")`, `self.x`."""
    tag = expression[0]
    if tag == "sub":
        return _is_const(expression[3], field)
    if tag == "attr":
        return bool(expression[3] == field and expression[2][0] == "name")
    if tag != "call" or expression[2][0] != "attr" or not expression[3]:
        return False
    return expression[2][3] in ("get", "pop") and _is_const(expression[3][0], field)


def _is_where_missing(around: Enclosing | None, field: str, names: set[str]) -> bool:
    """Whether a place is reached wherever the field is missing, and depends on nothing else."""
    return all(
        link.kind in ("if", "unless", "with", "else")
        and (
            link.kind not in ("if", "unless")
            or _asks_for_type(link.node[2])
            or _is_missing(link.node[2], link.branch if link.kind == "if" else False, field, names, alone=True)
        )
        for link in (around or ())
    )


def _is_missing(test: Expression, outcome: bool, field: str, names: set[str], alone: bool = False) -> bool:
    """Whether a test has an outcome where the field is missing: with the other one, it is there. `alone`: it asks for
    nothing else; otherwise it may say where it is needed, `if provider == "x" and not data.get("key")`."""
    if test[0] == "bool" and test[2] == "And" and outcome:
        parts = [part for part in test[3] if not _asks_for_type(part)]
        found = [_is_missing(part, outcome, field, names, alone) for part in parts]
        return all(found) if alone else any(found)
    if test[0] == "cmp" and test[3] in (("NotIn",), ("In",)) and _is_const(test[2], field):
        return (test[3] == ("NotIn",)) is outcome
    return _FIELD in set(filled(_renamed(test, field, names), not outcome))


def _asks_for_type(test: Expression) -> bool:
    return test[0] == "call" and last_name(test[2]) in ("isinstance", "hasattr")


def _renamed(expression: Any, field: str, names: set[str]) -> Any:
    """A test with one name for every reading of the field."""
    if type(expression) is not tuple or not expression:
        return expression
    is_expression = type(expression[0]) is str and len(expression) > 2
    if is_expression and (_reads(expression, field) or (expression[0] == "name" and expression[2] in names)):
        return ("name", expression[1], _FIELD)
    return tuple(_renamed(part, field, names) for part in expression)


def _is_const(expression: Expression, value: str) -> bool:
    return bool(expression[0] == "const" and expression[2] == value)
