"""What a validator says of one value: followed as far as its tests are plain questions about that value."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from aiaudit.model.scopes import Function, walk_all
from aiaudit.model.settings.lookups import is_failure
from aiaudit.model.syntax import statements_in
from aiaudit.sources.python.facts import Expression, Statement

_ASKING = ("startswith", "endswith", "isalnum", "isascii", "isdigit")
_CHANGING = ("strip", "lower", "upper")
_ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "Lt": lambda left, right: left < right,
    "LtE": lambda left, right: left <= right,
    "Gt": lambda left, right: left > right,
    "GtE": lambda left, right: left >= right,
    "Eq": lambda left, right: left == right,
    "NotEq": lambda left, right: left != right,
    "In": lambda left, right: left in right,
    "NotIn": lambda left, right: left not in right,
    "Is": lambda left, right: left is right,
    "IsNot": lambda left, right: left is not right,
}


class Unknown(Exception):
    """Something that the value alone does not tell."""


def lets_pass(validator: Function, value: str | None, failing: frozenset[int] = frozenset()) -> bool:
    """Whether a validator of fields surely lets a value pass; `failing` are the calls that may not, by identity."""
    name = validated_name(validator)
    if name is None or not validator.has_decorator("field_validator", "validator"):
        return False
    return runs_through(validator.body, name, value, failing) is not False


def validated_name(validator: Function) -> str | None:
    """The parameter that a validator gets its value in."""
    given = (p[0] for p in validator.parameters if p[0] not in ("cls", "self", validator.self_name))
    return next(given, None)


def runs_through(
    body: Sequence[Statement], name: str, value: str | None, failing: frozenset[int] = frozenset()
) -> bool | None:
    """False where the block may fail, True where it surely returns, None where it goes on."""
    for statement in body:
        tag = statement[0]
        if failing and tag in ("return", "expr", "assign") and _runs_any(statement, failing):
            return False
        if tag == "return":
            return True
        if tag == "assert" and _may_be_false(statement[2], name, value):
            return False
        if tag == "if":
            try:
                arms = [statement[3] if _value(statement[2], name, value) else statement[4]]
            except Unknown:
                arms = [statement[3], statement[4]]
            outcomes = [runs_through(arm, name, value, failing) for arm in arms]
            if False in outcomes or all(outcomes):
                return False not in outcomes
        elif _binds(statement, name) or any(is_failure(inner) for inner in statements_in((statement,))):
            return False
    return None


def _may_be_false(test: Expression, name: str, value: str | None) -> bool:
    """Whether what is asserted does not surely hold for the value."""
    try:
        return not _value(test, name, value)
    except Unknown:
        return True


def _runs_any(statement: Statement, calls: frozenset[int]) -> bool:
    return any(id(node) in calls for node in walk_all((statement,)))


def _binds(statement: Statement, name: str) -> bool:
    """Whether a statement makes the name stand for something else."""
    targets: Any = statement[2] if statement[0] == "assign" else (statement[2],) if statement[0] == "ann" else ()
    return any(target[0] == "name" and target[2] == name for target in targets)


def _value(expression: Expression, name: str, value: str | None) -> Any:
    """What an expression is, where it is put together from the value and literals alone."""
    tag = expression[0]
    if tag == "const":
        return expression[2]
    if tag == "name" and expression[2] == name:
        return value
    if tag in ("tuple", "list", "set"):
        return tuple(_value(item, name, value) for item in expression[2])
    if tag == "unary" and expression[2] == "Not":
        return not _value(expression[3], name, value)
    if tag == "bool":
        return _of_parts(expression, name, value)
    if tag == "cmp" and len(expression[3]) == 1:
        return _compared(expression, name, value)
    if tag == "call" and not expression[4]:
        return _called(expression, name, value)
    raise Unknown


def _of_parts(expression: Expression, name: str, value: str | None) -> bool:
    """`and`, `or`: one part that decides is enough."""
    deciding = expression[2] == "Or"
    unknown = False
    for part in expression[3]:
        try:
            if bool(_value(part, name, value)) is deciding:
                return deciding
        except Unknown:
            unknown = True
    if unknown:
        raise Unknown
    return not deciding


def _compared(expression: Expression, name: str, value: str | None) -> bool:
    order = _ORDERS.get(expression[3][0])
    left, right = _value(expression[2], name, value), _value(expression[4][0], name, value)
    if order is None:
        raise Unknown
    try:
        return bool(order(left, right))
    except TypeError as error:
        raise Unknown from error


def _called(expression: Expression, name: str, value: str | None) -> Any:
    """`len(v)`, `v.startswith("...")`, `v.strip()`."""
    function, given = expression[2], [_value(argument, name, value) for argument in expression[3]]
    if function[0] == "name" and function[2] == "len" and len(given) == 1 and isinstance(given[0], (str, tuple)):
        return len(given[0])
    if function[0] == "attr" and function[3] in (*_ASKING, *_CHANGING):
        owner = _value(function[2], name, value)
        if isinstance(owner, str):
            try:
                return getattr(owner, function[3])(*given)
            except TypeError as error:
                raise Unknown from error
    raise Unknown
