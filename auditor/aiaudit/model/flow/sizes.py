"""Tests of sizes: which values a condition bounds when it is true, and which when it is false."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from aiaudit.model.flow.keys import key_of, root_of
from aiaudit.model.flow.places import ANY
from aiaudit.model.scopes import children, last_name, walk
from aiaudit.patterns import regex
from aiaudit.sources.python.facts import Expression
from aiaudit.values import dataclass, replace

_MEASURING = regex(
    r"(^|_)(len|length|size|count|counts|tokens?|words|chars|bytes|getsizeof|content_length|num)(_|$)|"
    r"tokenlength|numtokens|counttokens",
    re.IGNORECASE,
)
# Attributes that hold the size of the object they belong to.
_SIZES = frozenset(("size", "content_length", "file_size", "filesize", "nbytes", "size_bytes"))
# Calls whose result is as long as what they are given: its length is that of the argument.
_PROPORTIONAL = regex(
    r"encode|token|split|read|text|json|dumps|str|join|words|chunk|load|parse|body|form|data", re.IGNORECASE
)
_OPPOSITE = {"Gt": "LtE", "GtE": "Lt", "Lt": "GtE", "LtE": "Gt", "Eq": "Gt"}
_DEPTH = 4
# The part of a key that stands for all items of a container, as in a path.
EACH = str(ANY)
Definitions = Callable[[Expression], list[Expression]]


@dataclass(frozen=True, slots=True)
class Bound:
    """A value that is known to be bounded. `whole`: with all that is in it; else its own length alone, which says
    nothing of the items of a list. `texts.*` are all items of `texts`, each for itself: their number may be any."""

    key: str
    whole: bool


# What one side of a comparison measures.
Measured = Callable[[Expression], Iterator[Bound]]
# What is bounded when a name, an entry or the answer of a call has a truth.
Answered = Callable[[Expression, bool], set[Bound]]


def bounded_if(test: Expression, truth: bool, definitions: Definitions, answered: Answered | None = None) -> set[Bound]:
    """What is bounded when a condition has the given truth. `definitions` gives what a name was assigned, `answered`
    what is known of the answers of functions."""
    return _bounded(test, truth, lambda side: sizes(side, definitions), answered or _nothing)


def limited_if(test: Expression, truth: bool) -> set[str]:
    """The numbers that are not too large when a condition has the given truth."""
    return {bound.key for bound in _bounded(test, truth, _number, _nothing)}


def _nothing(test: Expression, truth: bool) -> set[Bound]:
    return set()


def _number(side: Expression) -> Iterator[Bound]:
    if side[0] == "name":
        yield Bound(side[2], True)


def _bounded(test: Expression, truth: bool, measured: Measured, answered: Answered) -> set[Bound]:
    tag = test[0]
    if tag == "unary" and test[2] == "Not":
        return _bounded(test[3], not truth, measured, answered)
    if tag == "bool":
        found = [_bounded(operand, truth, measured, answered) for operand in test[3]]
        certain = truth == (test[2] == "And")
        if certain or test[2] != "And":
            return set().union(*found) if certain else set()
        # `limit and len(text) > limit` is false: either no limit is set (which the code decides), or the text is short.
        few = {key for operand in test[3] for key in counted(operand, True)}
        return {replace(bound, whole=bound.whole and bound.key not in few) for bound in set().union(*found)}
    if tag == "walrus":
        return _bounded(test[3], truth, measured, answered)
    if tag == "cmp":
        nothing = _compared_with_nothing(test)
        if nothing is not None:
            return _bounded(nothing[0], truth == nothing[1], measured, answered)
        return set(_compared(test, truth, measured))
    if tag == "call":
        each = _of_each(test, truth, measured, answered) if last_name(test[2]) == ("all" if truth else "any") else set()
        return (_matched(test) if truth else set()) | each | answered(test, truth)
    return answered(test, truth) if tag in ("name", "sub", "await") else set()


def _of_each(test: Expression, truth: bool, measured: Measured, answered: Answered) -> set[Bound]:
    """What holds of each item: `any(len(text) > 500 for text in texts)` is false."""
    asked = test[3][0] if len(test[3]) == 1 else None
    if asked is None or asked[0] != "comp" or len(asked[3]) != 1 or len(asked[4]) != 1 or asked[4][0][2]:
        return set()
    bounds = _bounded(asked[3][0], truth, measured, answered)
    return {of_each for bound in bounds for of_each in in_each(bound, asked[4][0][0], asked[4][0][1])}


def in_each(bound: Bound, target: Expression, iterable: Expression) -> Iterator[Bound]:
    """What a bound of a loop's variable says of all that the loop goes through."""
    if iterable[0] == "call" and last_name(iterable[2]) == "enumerate" and iterable[3] and target[0] == "tuple":
        target, iterable = target[2][-1], iterable[3][0]
    elif iterable[0] == "call" and iterable[2][0] == "attr" and iterable[2][3] in ("items", "values"):
        target, iterable = target[2][-1] if target[0] == "tuple" else target, _object_of(iterable[2][2])
    key, root = key_of(iterable), root_of(bound.key)
    if key is not None and target[0] == "name" and target[2] == root:
        yield Bound(f"{key}.{EACH}{bound.key[len(root) :]}", bound.whole)


def _object_of(mapping: Expression) -> Expression:
    """The object of which a mapping has the attributes: `vars(body)`, `body.__dict__`, `body.model_dump()`."""
    if mapping[0] == "attr" and mapping[3] == "__dict__":
        return mapping[2]  # type: ignore[no-any-return]
    if mapping[0] != "call":
        return mapping
    function, arguments = mapping[2], mapping[3]
    if last_name(function) in ("vars", "asdict", "dict") and len(arguments) == 1:
        return arguments[0]  # type: ignore[no-any-return]
    is_dump = function[0] == "attr" and function[3] in ("model_dump", "dict", "_asdict") and not arguments
    return function[2] if is_dump else mapping


def counted(test: Expression, truth: bool) -> Iterator[str]:
    """Lists that are longer than some items when a test has a truth: `len(turns) > 1`, or `len(turns) <= 1` for false.

    What is cut on that condition alone keeps so many items, each of any size.
    """
    operator = test[3][0] if test[0] == "cmp" and len(test[3]) == 1 else ""
    operator = operator if truth else _OPPOSITE.get(operator, "")
    if operator in ("Gt", "GtE"):
        measured, least = test[2], test[4][0]
    elif operator in ("Lt", "LtE"):
        measured, least = test[4][0], test[2]
    else:
        return
    if measured[0] != "call" or last_name(measured[2]) != "len" or not measured[3]:
        return
    left = least[2] - (operator in ("GtE", "LtE")) if least[0] == "const" and type(least[2]) is int else 1
    key = key_of(measured[3][0])
    if key is not None and left > 0:
        yield key


def _compared_with_nothing(test: Expression) -> tuple[Expression, bool] | None:
    """What `error is not None` looks at, and whether it holds when there is something."""
    operator, right = test[3][0], test[4][0]
    if len(test[3]) != 1 or operator not in ("Is", "IsNot") or right[0] != "const" or right[2] is not None:
        return None
    return test[2], operator == "IsNot"


def _compared(test: Expression, truth: bool, measured: Measured) -> Iterator[Bound]:
    left = test[2]
    operators, rights = test[3], test[4]
    if not truth and len(operators) > 1:
        return
    for operator, right in zip(operators, rights, strict=True):
        below = operator in ("Lt", "LtE") if truth else operator in ("Gt", "GtE")
        above = operator in ("Gt", "GtE") if truth else operator in ("Lt", "LtE")
        if below and not is_nothing(right):
            yield from measured(left)
        elif above and not is_nothing(left):
            yield from measured(right)
        elif operator == ("Eq" if truth else "NotEq"):
            yield from _equal(left, right)
            yield from _equal(right, left)
        elif operator == ("In" if truth else "NotIn"):
            key = key_of(left)
            if key is not None and right[0] != "const":
                yield Bound(key, True)
        left = right


def is_nothing(limit: Expression) -> bool:
    """`len(text) > 0` asks whether there is anything, not whether it is too much."""
    return limit[0] == "const" and isinstance(limit[2], (int, float)) and limit[2] <= 1


def _equal(value: Expression, other: Expression) -> Iterator[Bound]:
    key = key_of(value)
    if key is not None and (other[0] == "const" or _is_constant_name(other)):
        yield Bound(key, True)


def _is_constant_name(expression: Expression) -> bool:
    name = last_name(expression)
    return name.isupper() and len(name) > 1


def _matched(call: Expression) -> set[Bound]:
    """`re.fullmatch(pattern, value)` with a pattern that nothing long matches."""
    function, arguments = call[2], call[3]
    if function[0] != "attr" or function[3] not in ("fullmatch", "match") or len(arguments) < 2:
        return set()
    pattern, value = arguments[:2]
    key = key_of(value)
    if key is None or pattern[0] != "const" or not is_bounded_pattern(pattern[2], function[3] == "fullmatch"):
        return set()
    return {Bound(key, True)}


def is_bounded_pattern(pattern: object, whole: bool = False) -> bool:
    """Whether a regular expression matches texts of limited length alone; `whole`: it is matched to the end anyway."""
    if not isinstance(pattern, str):
        return False
    plain = re.sub(r"\\.|\[(?:\\.|[^\]\\])*\]", "x", pattern)
    return not re.search(r"[*+]|\{\d*,\}", plain) and (whole or plain.endswith("$"))


def sizes(expression: Expression, definitions: Definitions, depth: int = 0) -> Iterator[Bound]:
    """The values whose size an expression is."""
    tag = expression[0]
    if depth > _DEPTH:
        return
    if _is_length_header(expression):
        yield Bound(root_of(key_of(expression) or ""), True)
    elif tag == "call":
        yield from _measured(expression, definitions, depth)
    elif tag in ("name", "attr"):
        if tag == "attr" and expression[3] in _SIZES:
            key = key_of(expression[2])
            if key is not None:
                yield Bound(key, True)
        for value in definitions(expression):
            yield from sizes(value, definitions, depth + 1)
    elif tag in ("bin", "await", "unary", "walrus", "ifexp", "bool"):
        for part in children(expression):
            yield from sizes(part, definitions, depth + 1)


def _is_length_header(expression: Expression) -> bool:
    """Whether an expression reads how long a request says that its body is: `request.headers.get("content-length")`."""
    key = key_of(expression) if expression[0] in ("call", "sub") else None
    return key is not None and key.lower().endswith(".content-length")


def _measured(call: Expression, definitions: Definitions, depth: int) -> Iterator[Bound]:
    function, arguments = call[2], call[3]
    name = last_name(function)
    if name == "len" and arguments:
        yield from _length_of(arguments[0], definitions)
    elif name in ("sum", "int", "float", "max", "min", "round", "ceil", "abs"):
        if any(part[0] == "const" and str(part[2]).lower() == "content-length" for part in walk(call)):
            yield from (Bound(root_of(key), True) for key in _keys_in(call))
        for argument in arguments:
            if _is_each_measured(argument):
                yield from (Bound(key, True) for items in argument[3][1:] for key in _keys_in(items))
                continue
            parts = argument[3] if argument[0] == "comp" else (argument,)
            if any(True for part in parts for _ in sizes(part, definitions, depth + 1)):
                yield from (Bound(key, True) for key in _keys_in(argument))
                yield from (bound for part in parts for bound in sizes(part, definitions, depth + 1))
    elif _MEASURING.search(name):
        for argument in (*arguments, *(value for _, value in call[4])):
            yield from (Bound(key, True) for key in _keys_in(argument))


def _is_each_measured(expression: Expression) -> bool:
    """`map(len, texts)`."""
    if expression[0] != "call" or last_name(expression[2]) != "map" or len(expression[3]) < 2:
        return False
    return _MEASURING.search(last_name(expression[3][0])) is not None


def _length_of(value: Expression, definitions: Definitions) -> Iterator[Bound]:
    key = key_of(value)
    if key is None:
        yield from (Bound(found, True) for found in _keys_in(value))
        return
    yield Bound(key, False)
    if key.endswith("()") and _is_proportional(value):  # `len(text.split())`
        yield from (Bound(found, True) for found in _keys_in(value))
    for source in definitions(value):
        inner = key_of(source)
        if inner is not None and not inner.endswith("()"):
            yield Bound(inner, False)
        elif _is_proportional(source):
            yield from (Bound(found, True) for found in _keys_in(source))


def _is_proportional(expression: Expression) -> bool:
    if expression[0] == "await":
        return _is_proportional(expression[2])
    if expression[0] == "call":
        return _PROPORTIONAL.search(last_name(expression[2])) is not None
    return expression[0] in ("fstr", "bin")


def _keys_in(expression: Expression) -> Iterator[str]:
    """The values that an expression is made of."""
    key = key_of(expression)
    if key is not None:
        yield key.removesuffix(".read()")
        if key.endswith("()"):
            yield key.rpartition(".")[0]
        return
    for part in children(expression):
        yield from _keys_in(part)
