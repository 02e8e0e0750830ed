"""The steps of a walk back through containers, operators and f-strings: their parts stand in the same place."""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.model.flow.calls import Calls
from aiaudit.model.flow.keyed import part_of_key
from aiaudit.model.flow.keys import key_of
from aiaudit.model.flow.overwritten import is_spread_without
from aiaudit.model.flow.picking import is_first_of
from aiaudit.model.flow.places import ANY, FILE, Place, element_of, marks, may_be, part_written
from aiaudit.model.flow.sources import Source
from aiaudit.model.flow.tools import Tools
from aiaudit.model.flow.words import is_label
from aiaudit.model.program import scope_of_name
from aiaudit.sources.python.facts import Expression
from aiaudit.values import replace


class Composed:
    """Answers where the text of an expression that is put together from others comes from."""

    def __init__(self, tools: Tools, calls: Calls) -> None:
        self.tools = tools
        self.calls = calls

    def step(self, place: Place) -> Iterator[Place | Source]:
        """The parts of a place's expression whose text it holds."""
        reader = getattr(self, "_" + place.expression[0], None)
        if reader is not None:
            yield from reader(place)

    def _sub(self, place: Place) -> Iterator[Place]:
        _, _, base, index = place.expression
        if index[0] == "slice":
            yield from self._slice(place)
            return
        if index[0] == "tuple" and any(_is_short_slice(part) for part in index[2]):
            return  # the first or the last columns of a tensor
        yield place.at(base, (part_of_key(index, base, place, self.tools), *place.path))

    def _slice(self, place: Place) -> Iterator[Place]:
        """A slice of a text is short; of a list it is fewer items; in a loop it is one piece after the other."""
        _, _, base, (_, _, lower, upper, _) = place.expression
        if not _counts_from_end(lower) and (upper is None or _is_near_end(upper)):
            yield place.at(base)
            return
        moving = lower is not None and lower[0] in ("name", "bin", "attr") and upper is not None
        if not self._is_written_text(base, place) and self.tools.schema.is_list(base, place.scope, place.path):
            yield replace(place.at(base), few=place.few or not moving)
        elif moving:
            yield replace(place.at(base), cut=True)

    def _is_written_text(self, base: Expression, place: Place) -> bool:
        """Whether what is sliced is a text that the function has put together, on one of two ways at least:
        `content if isinstance(content, str) else " ".join(content)`."""
        holder = scope_of_name(place.scope, base[2]) if base[0] == "name" and not place.path else None
        if holder is None:
            return False
        reaching = self.tools.order.reaching(place.scope, holder, base[2], base[1])
        given = [known.expression for known in reaching if known.kind == "value" and known.expression is not None]
        return any(_is_text(branch) for value in given for branch in (value[3:5] if value[0] == "ifexp" else (value,)))

    def _list(self, place: Place) -> Iterator[Place]:
        items = place.expression[2]
        first = place.path[0] if place.path else None
        if isinstance(first, int) and -len(items) <= first < len(items) and _is_fixed(place.expression, first):
            yield place.at(items[first], place.path[1:])
            return
        below = element_of(place.path)
        for item in items:
            if item[0] == "star":
                yield place.at(item[2])
            elif below is not None:
                yield place.at(item, below)

    _tuple = _set = _list

    def _dict(self, place: Place) -> Iterator[Place]:
        first = place.path[0] if place.path else None
        entries = place.expression[2]
        for number, (key, value) in enumerate(entries):
            if is_spread_without(entries, number, first):
                continue
            if key is None:
                yield place.at(value)
            elif first is None:
                if not is_label(key):
                    yield place.at(value, ())
            elif may_be(part_written(key), first):
                yield place.at(value, place.path[1:])

    def _comp(self, place: Place) -> Iterator[Place]:
        _, _, kind, elements, generators = place.expression
        below = place.path[1:] if kind == "dict" and place.path else element_of(place.path)
        if below is None:
            return
        for _, _, tests, _ in generators:
            for test in tests:
                if key_of(elements[-1]) in self.tools.checks.bounded_branch(test, True, place.scope):
                    return
        one = bool(place.path) and place.path[0] not in (ANY, FILE) and is_first_of(place.expression, place.scope)
        yield replace(place.at(elements[-1], below), few=place.few or (one and kind == "list"))

    def _fstr(self, place: Place) -> Iterator[Place | Source]:
        for part in place.expression[2]:
            if part[0] == "const":
                if marks(place.path) and part[2]:
                    return  # the start of an address or of a path is not the client's
                continue
            yield from self.calls.as_text(part, place)
            yield place.at(part, marks(place.path))

    def _bin(self, place: Place) -> Iterator[Place]:
        _, _, operator, left_side, right_side = place.expression
        if operator in ("Add", "BitOr", "Mod"):
            if FILE not in place.path or operator == "Add":
                yield place.at(left_side)
                yield place.at(right_side)
        elif operator == "Mult":
            yield place.at(left_side)
        elif operator == "Div" and FILE in place.path:
            return

    def _bool(self, place: Place) -> Iterator[Place]:
        operands = place.expression[3] if place.expression[2] == "Or" else place.expression[3][-1:]
        for operand in operands:
            yield place.at(operand)

    def _ifexp(self, place: Place) -> Iterator[Place]:
        _, _, test, then, otherwise = place.expression
        for branch, truth in ((then, True), (otherwise, False)):
            key = key_of(branch)
            if key is None or key not in self.tools.checks.bounded_branch(test, truth, place.scope):
                yield place.at(branch)

    def _await(self, place: Place) -> Iterator[Place]:
        yield place.at(place.expression[2])

    _star = _await

    def _walrus(self, place: Place) -> Iterator[Place]:
        yield place.at(place.expression[3])


def _is_text(expression: Expression) -> bool:
    if expression[0] == "call":
        function = expression[2]
        return bool(function[0] == "attr" and function[3] == "join" and function[2][0] == "const")
    return expression[0] == "fstr" or (expression[0] == "const" and isinstance(expression[2], str))


def _counts_from_end(index: Expression | None) -> bool:
    return index is not None and index[0] == "unary" and index[2] == "USub"


def _is_short_slice(part: Expression) -> bool:
    """Whether a dimension of a tensor is cut to a length: its start, or its end."""
    return part[0] == "slice" and (_counts_from_end(part[2]) or (part[3] is not None and not _counts_from_end(part[3])))


def _is_near_end(index: Expression) -> bool:
    """`turns[:-1]` has all but the last: older turns that go into a summary end further ahead."""
    return _counts_from_end(index) and index[3][0] == "const" and index[3][2] in (1, 2, 3)


def _is_fixed(sequence: Expression, index: int) -> bool:
    """Whether a position means this entry: a list may have got further ones at its end."""
    return (sequence[0] == "tuple" or index >= 0) and not any(item[0] == "star" for item in sequence[2])
