"""Numbers that a program gives as time-outs, and the seconds that they mean."""

from __future__ import annotations

import math
from collections.abc import Iterator

from aiaudit.model.arguments import Argument
from aiaudit.model.evaluate import Evaluator
from aiaudit.model.knowledge.schema import TimeoutParameter
from aiaudit.model.scopes import Call, Function, Scope, last_name
from aiaudit.model.values import Constant, External, FunctionValue, Literal, Value
from aiaudit.sources.python.facts import Expression

_CONVERTING = ("builtins.int()", "builtins.float()")
_OBJECT = "Timeout()"
_DEPTH = 4


class Seconds:
    """Reads the numbers in the arguments of calls."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator = evaluator

    def of(self, given: Argument, parameter: TimeoutParameter) -> float | None:
        """The seconds that an argument means: infinite for None and False, None where not known."""
        found = self.written(given)
        return found * 0.001 if found is not None and parameter.unit == "ms" else found

    def written(self, given: Argument) -> float | None:
        """The largest number that may arrive, as written; infinite where there is none on purpose."""
        if given.is_none or given.expression is None or given.scope is None:
            return math.inf if given.is_none else None
        numbers = list(self.numbers(given.expression, given.scope))
        return max(numbers) if numbers else None

    def numbers(self, expression: Expression, scope: Scope, depth: int = 0) -> Iterator[float]:
        """The numbers that an expression may be: literals, sums and products of them, defaults of look-ups and fields,
        the wait for the answer in `(connect, read)` and in objects."""
        tag = expression[0]
        if depth > _DEPTH:
            return
        if tag == "bin":
            yield from self._calculated(expression, scope, depth)
        elif tag == "bool":
            for operand in expression[3]:
                yield from self.numbers(operand, scope, depth + 1)
        elif tag == "ifexp":
            yield from self.numbers(expression[3], scope, depth + 1)
            yield from self.numbers(expression[4], scope, depth + 1)
        elif tag == "call" and last_name(expression[2]) == "get" and len(expression[3]) > 1:
            yield from self.numbers(expression[3][1], scope, depth + 1)
        else:
            helper = self._helper_call(expression, scope)
            if helper is not None:
                for argument in (*helper.arguments, *(value for _, value in helper.keywords)):
                    if argument[0] == "const" and type(argument[2]) in (int, float):
                        yield float(argument[2])
                return
            for value in self.evaluator.evaluate(expression, scope):
                yield from self._of_value(value, depth)

    def _helper_call(self, expression: Expression, scope: Scope) -> Call | None:
        """A call of the program's own `env_int("LIMIT", 60)`, there or where a variable gets its value: what it gives
        depends on what it is given, and its other callers give it something else."""
        candidates = [(expression, scope)] if expression[0] == "call" else self.evaluator.definitions(expression, scope)
        for candidate, holder in candidates:
            if candidate[0] == "call" and (candidate[3] or candidate[4]):
                callees = self.evaluator.evaluate(candidate[2], holder)
                if any(isinstance(callee, FunctionValue) for callee in callees):
                    return Call(holder, candidate, last_name(candidate[2]), None, candidate)
        return None

    def _calculated(self, expression: Expression, scope: Scope, depth: int) -> Iterator[float]:
        operator = expression[2]
        for left in self.numbers(expression[3], scope, depth + 1):
            for right in self.numbers(expression[4], scope, depth + 1):
                if operator in ("Add", "Sub"):
                    yield left + right if operator == "Add" else left - right
                elif operator == "Mult" or (operator == "Div" and right):
                    yield left * right if operator == "Mult" else left / right

    def _of_value(self, value: Value, depth: int) -> Iterator[float]:
        if isinstance(value, Constant):
            number = _number(value.value)
            if number is not None:
                yield number
        elif isinstance(value, Literal) and value.expression[0] == "tuple" and value.expression[2]:
            last = value.expression[2][-1]
            if last[0] == "const" and last[2] is None:
                yield math.inf
            else:
                yield from self.numbers(last, value.scope, depth + 1)
        elif isinstance(value, External) and value.origin is not None:
            yield from self._of_call(value.path, value.origin, depth)

    def _of_call(self, path: str, call: Call, depth: int) -> Iterator[float]:
        """`float(x)`, `os.getenv("X", "30")`, `Field(default=30)`, `httpx.Timeout(30, connect=5)`."""
        chosen: Expression | None
        if path.endswith(_OBJECT):
            chosen = _wait_for_answer(call)
        elif path in _CONVERTING:
            chosen = call.argument("x", 0)
        elif path == "os.getenv()":
            chosen = call.argument("default", 1)
        elif path.endswith("Field()"):
            chosen = call.argument("default", 0)
        else:
            chosen = call.keyword("default")
        if chosen is None or self._differs(chosen, call.scope):
            return
        if chosen[0] == "const" and chosen[2] is None:
            if path.endswith(_OBJECT):
                yield math.inf
            return
        yield from self.numbers(chosen, call.scope, depth + 1)

    def _differs(self, expression: Expression, scope: Scope) -> bool:
        """Whether an expression is a parameter that several callers fill: which of their values arrives is open."""
        if expression[0] != "name" or not isinstance(scope, Function):
            return False
        is_parameter = any(parameter[0] == expression[2] for parameter in scope.parameters)
        return is_parameter and len(self.evaluator.callers(scope)) > 1


def _wait_for_answer(call: Call) -> Expression | None:
    """The part of a time-out object that bounds the wait for an answer: of `Timeout(20, read=60)` the 60."""
    read = call.keyword("read")
    if read is not None:
        return read
    given = [call.keyword("total"), call.keyword("timeout"), *call.arguments[:1], call.keyword("sock_read")]
    written = [value for value in given if value is not None]
    return next((value for value in written if value[:1] != ("const",) or value[2] is not None), (*written, None)[0])


def _number(value: object) -> float | None:
    """A number, or one in a text; False switches a time-out off."""
    if value is False:
        return math.inf
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return None
    return float(value) if type(value) in (int, float) else None  # type: ignore[arg-type]
