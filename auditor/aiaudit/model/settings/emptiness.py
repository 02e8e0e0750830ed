"""What tests say about whether a variable has a value."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from aiaudit.model.scopes import dotted, last_name
from aiaudit.sources.python.facts import Expression

# Methods that give back the same value, cleaned.
CLEANING = frozenset(("strip", "lower", "upper", "lstrip", "rstrip", "get_secret_value", "casefold", "encode"))


def key_of(expression: Expression) -> str | None:
    """A text that two readings of the same variable (or of the same environment variable) share."""
    tag = expression[0]
    if tag == "attr" and expression[2][0] == "call" and not expression[2][3] and not expression[2][4]:
        maker = dotted(expression[2][2])  # `get_settings().key`
        return f"{maker}().{expression[3]}" if maker else None
    if tag in ("name", "attr"):
        return dotted(expression)
    if tag == "walrus":
        return key_of(expression[3]) or key_of(expression[2])
    if tag == "sub" and last_name(expression[2]) == "environ":
        return _variable(expression[3])
    if tag == "bool" and expression[2] == "Or" and all(_is_nothing(part) for part in expression[3][1:]):
        return key_of(expression[3][0])  # `x or ""`
    if tag != "call":
        return None
    function, arguments = expression[2], expression[3]
    if function[0] == "attr" and function[3] in CLEANING:
        return key_of(function[2])
    if not arguments:
        return None
    if last_name(function) == "getattr" and len(arguments) > 1 and arguments[1][0] == "const":
        base = dotted(arguments[0])
        return f"{base}.{arguments[1][2]}" if base else None
    if last_name(function) in ("str", "bool", "len") and function[0] == "name":
        return key_of(arguments[0])
    looks_up = last_name(function) == "getenv" or (function[0] == "attr" and last_name(function[2]) == "environ")
    return _variable(arguments[0]) if looks_up else None


def has_stand_in(expression: Expression) -> bool:
    """Whether an expression ends in a value that is written down: `getenv("A") or "b"`, `getenv("A", "b")`."""
    if expression[0] == "bool" and expression[2] == "Or":
        return has_stand_in(expression[3][-1])
    if expression[0] == "call" and key_of(expression) is not None and len(expression[3]) > 1:
        return has_stand_in(expression[3][1])
    return expression[0] == "const" and bool(expression[2])


def _variable(name: Expression) -> str | None:
    """The key of an environment variable: by its name, or by the variable that holds the name."""
    if name[0] == "const":
        return f"${name[2]}"
    return f"${dotted(name)}$" if name[0] in ("name", "attr") else None


def filled(test: Expression, outcome: bool) -> Iterator[str]:
    """The keys of the variables that surely have a value when a test has an outcome."""
    tag = test[0]
    if tag == "unary" and test[2] == "Not":
        yield from filled(test[3], not outcome)
    elif tag == "bool":
        if (test[2] == "And") is outcome:
            for part in test[3]:
                yield from filled(part, outcome)
    elif tag == "cmp" and len(test[3]) == 1:
        yield from _compared(test[2], test[3][0], test[4][0], outcome)
    elif tag == "call" and last_name(test[2]) in ("all", "any") and test[3]:
        yield from _quantified(last_name(test[2]) == "all", test[3][0], outcome)
    elif outcome:
        yield from _keys(test)


def _keys(expression: Expression) -> Iterator[str]:
    if expression[0] == "walrus":
        for part in (expression[2], expression[3]):
            key = key_of(part)
            if key:
                yield key
        return
    key = key_of(expression)
    if key:
        yield key
    elif expression[0] == "call":
        for argument in expression[3][:1]:
            yield from _keys(argument)
        if expression[2][0] == "attr" and expression[2][3] in ("startswith", "endswith", "isdigit", "isascii"):
            yield from _keys(expression[2][2])


def _compared(left: Expression, operator: str, right: Expression, outcome: bool) -> Iterator[str]:
    if operator in ("Is", "IsNot", "Eq", "NotEq") and _is_nothing(right):
        if (operator in ("IsNot", "NotEq")) is outcome:
            yield from _keys(left)
    elif operator in ("In", "NotIn"):
        if right[0] in ("list", "tuple", "set") and any(_is_nothing(item) for item in right[2]):
            if (operator == "NotIn") is outcome:
                yield from _keys(left)
        elif _is_nothing(left) and right[0] in ("list", "tuple", "set") and (operator == "NotIn") is outcome:
            for item in right[2]:
                yield from _keys(item)
    elif operator in ("Lt", "LtE", "Gt", "GtE") and left[0] == "call" and last_name(left[2]) == "len":
        if (operator in ("Gt", "GtE")) is outcome:
            yield from _keys(left)
    elif operator in ("Eq", "NotEq") and right[0] == "const" and (operator == "NotEq") is outcome:
        yield from _keys(left)  # `!= "changeme"`: the default is known not to be in force


def _quantified(every: bool, collection: Expression, outcome: bool) -> Iterator[str]:
    if collection[0] in ("list", "tuple", "set"):
        if every is outcome:
            for item in collection[2]:
                yield from filled(item, outcome)
    elif collection[0] == "comp" and collection[4]:
        # `any(not x for x in (a, b))` being false, `all(x for x in (a, b))` being true
        _, iterable, tests, _ = collection[4][0]
        negated = collection[3][-1][0] in ("unary", "cmp") or bool(tests)
        if (every and outcome) or (not every and not outcome and negated):
            yield from _items(iterable)


def _items(iterable: Expression) -> Iterable[str]:
    if iterable[0] in ("list", "tuple", "set"):
        for item in iterable[2]:
            yield from _keys(item)
    elif iterable[0] == "call" and iterable[2][0] == "attr" and iterable[2][2][0] == "dict":
        for _, value in iterable[2][2][2]:
            yield from _keys(value)


def _is_nothing(expression: Expression) -> bool:
    return expression[0] == "const" and (expression[2] is None or expression[2] == "")
