"""What the answers of functions say of what they were asked about: `if not is_short(text): raise`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from aiaudit.model.flow.keys import key_of, root_of
from aiaudit.model.flow.order import Address
from aiaudit.model.flow.sizes import Bound, bounded_if
from aiaudit.model.scopes import Call, Function, Scope
from aiaudit.model.values import FunctionValue
from aiaudit.sources.python.facts import Expression, Statement

if TYPE_CHECKING:
    from aiaudit.model.flow.checks import Checks

# An entry of an answer, None for the whole answer.
Entry = str | int | None
_CONDITIONS = ("cmp", "bool", "unary", "call", "await")
_EMPTY = ("list", "dict", "set", "tuple")
_DEPTH = 3


class Answers:
    """Tells what a condition bounds, through flags and the functions of the program that it asks."""

    def __init__(self, checks: Checks) -> None:
        self.checks = checks
        self._known: dict[tuple[int, bool, Entry], set[Bound]] = {}

    def bounded_if(self, test: Expression, truth: bool, scope: Scope, depth: int = 0) -> set[Bound]:
        """What is bounded when a condition in a scope has the given truth."""

        def answered(asked: Expression, is_true: bool) -> set[Bound]:
            return self._answered(asked, is_true, scope, depth)

        return bounded_if(test, truth, self.checks.definitions(scope), answered)

    def _answered(self, asked: Expression, truth: bool, scope: Scope, depth: int) -> set[Bound]:
        """What a flag, an entry of an answer or an answer says: `too_long = len(text) > 500`."""
        if asked[0] == "await":
            asked = asked[2]
        if asked[0] == "call":
            return set(self._of_call(asked, truth, scope))
        entry = asked[3][2] if asked[0] == "sub" and asked[3][0] == "const" else None
        if depth > _DEPTH or (asked[0] == "sub" and entry is None):
            return set()
        given = self.checks.definitions(scope)(asked[2] if asked[0] == "sub" else asked)
        if len(given) != 1 or given[0][0] not in _CONDITIONS:
            return set()
        if entry is not None:
            return set(self._of_call(given[0], truth, scope, entry))
        return self.bounded_if(given[0], truth, scope, depth + 1)

    def _of_call(self, expression: Expression, truth: bool, scope: Scope, entry: Entry = None) -> Iterator[Bound]:
        if expression[0] == "await":
            expression = expression[2]
        if expression[0] != "call" or not (expression[3] or expression[4]):
            return
        call = self.checks.evaluator.call_of(expression, scope)
        for value in self.checks.evaluator.callees(call):
            if isinstance(value, FunctionValue):
                yield from self._of_arguments(value, call, self.of(value.function, truth, entry))

    @staticmethod
    def _of_arguments(value: FunctionValue, call: Call, bounds: set[Bound]) -> Iterator[Bound]:
        shift = int(value.bound is not None and value.function.self_name is not None)
        for position, parameter in enumerate(value.function.parameters if bounds else ()):
            given = call.argument(parameter[0], position - shift if position >= shift else None)
            key = key_of(given) if given is not None else None
            for bound in bounds if key is not None else ():
                if root_of(bound.key) == parameter[0]:
                    yield Bound(f"{key}{bound.key[len(parameter[0]) :]}", bound.whole)

    def of(self, function: Function, truth: bool, entry: Entry = None) -> set[Bound]:
        """What of its parameters is bounded when a function answers something true, or something false."""
        key = (id(function), truth, entry)
        known = self._known.get(key)
        if known is None:
            self._known[key] = set()  # a function that asks itself
            known = self._known[key] = self._of_function(function, truth, entry)
        return known

    def _of_function(self, function: Function, truth: bool, entry: Entry) -> set[Bound]:
        """What holds wherever the function may give such an answer."""
        layout = self.checks.order.layout(function)
        found: list[set[Bound]] = []
        for statement, address in layout.statements():
            if statement[0] != "return":
                continue
            value = _entry_of(statement[2], entry)
            if _may_be(value, truth):
                found.append(self._at(address, function) | self._of_value(value, truth, function))
        if not truth and not layout.leaves(()):
            found.append(self._at((len(function.body),), function))
        names = {parameter[0] for parameter in function.parameters}
        return {bound for bound in set.intersection(*found) if root_of(bound.key) in names} if found else set()

    def _at(self, address: Address, function: Function) -> set[Bound]:
        return {check.bound for check in self.checks.of(function) if check.holds(address)}

    def _of_value(self, value: Expression | None, truth: bool, function: Function) -> set[Bound]:
        if value is None or value[0] == "const":
            return set()
        complaints = self._complaints(value, function) if value[0] == "name" and not truth else None
        return self.bounded_if(value, truth, function) if complaints is None else complaints

    def _complaints(self, value: Expression, function: Function) -> set[Bound] | None:
        """What nobody complained about: `if len(text) > 500: errors.append(...)`. None if it is no list of those."""
        given = self.checks.definitions(function)(value)
        if len(given) != 1 or given[0][0] not in _EMPTY or given[0][2]:
            return None
        found: set[Bound] = set()
        for statement, _ in self.checks.order.layout(function).statements():
            if statement[0] == "if" and any(_adds_to(inner, value[2]) for inner in statement[3]):
                found |= self.bounded_if(statement[2], False, function)
        return found


def _entry_of(value: Expression | None, entry: Entry) -> Expression | None:
    """The entry of an answer that is written out; the expression itself where it is not known to be one."""
    if entry is None or value is None:
        return value
    if value[0] == "dict":
        return next((item for key, item in value[2] if key is not None and key[0] == "const" and key[2] == entry), None)
    if value[0] == "tuple" and isinstance(entry, int) and 0 <= entry < len(value[2]):
        item: Expression = value[2][entry]
        return item
    return value


def _may_be(value: Expression | None, truth: bool) -> bool:
    """Whether an expression may be something true, or something false."""
    if value is None or value[0] == "const":
        return bool(value is not None and value[2]) == truth
    if value[0] == "fstr":
        return truth
    return bool(value[2]) == truth if value[0] in _EMPTY else True


def _adds_to(statement: Statement, name: str) -> bool:
    if statement[0] != "expr" or statement[2][0] != "call":
        return False
    function = statement[2][2]
    return function[0] == "attr" and function[3] in ("append", "add") and key_of(function[2]) == name
