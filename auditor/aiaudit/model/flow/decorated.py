"""Decorators of the repository around handlers: what of a request they refuse before the handler runs.

`@limit_body(2000)` reads the body itself, `@max_length("question", 4000)` a part of it that it is told, others look at
what the framework passes: `kwargs["body"]`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from aiaudit.model.evaluate import Evaluator
from aiaudit.model.flow.checks import Checks, ends_call
from aiaudit.model.flow.keys import READING, SAME_TEXT
from aiaudit.model.flow.order import Address, is_before
from aiaudit.model.flow.sizes import Bound, bounded_if
from aiaudit.model.program import scope_of_name
from aiaudit.model.scopes import Call, Function, Scope
from aiaudit.model.values import FunctionValue
from aiaudit.sources.python.facts import Expression, Parameter

# What request objects give as the body, by attribute or method.
_BODIES = frozenset(("json", "get_json", "form", "data", "values", "POST"))
BODY = "<body>"
_DEPTH = 6
Names = tuple[str, ...]


class Decorated:
    """Tells which parts of a request the decorators of a handler have bounded."""

    def __init__(self, evaluator: Evaluator, checks: Checks, is_request: Callable[[Expression, Scope], bool]) -> None:
        self.evaluator = evaluator
        self.checks = checks
        self.is_request = is_request
        self._known: dict[int, set[Names]] = {}

    def bounds(self, handler: Function, names: Names) -> bool:
        """Whether a part of the body (behind `BODY`), or of a parameter (behind its name), is never too large."""
        if not handler.decorators:
            return False
        known = self._known.get(id(handler))
        if known is None:
            known = self._known[id(handler)] = set()
            for wrapper, decorator in self._wrappers(handler):
                known |= set(self._bounded_by(wrapper, decorator, handler))
        return any(names[: len(bounded)] == bounded for bounded in known)

    def _wrappers(self, handler: Function) -> Iterator[tuple[Function, Expression]]:
        outer = handler.parent or handler.module
        for decorator in handler.decorators:
            for value in self.evaluator.evaluate(decorator, outer):
                for given in self.evaluator.result(value.function) if isinstance(value, FunctionValue) else ():
                    if isinstance(given, FunctionValue) and isinstance(given.function.parent, Function):
                        yield given.function, decorator

    def _bounded_by(self, wrapper: Function, decorator: Expression, handler: Function) -> Iterator[Names]:
        """The parts that a wrapper has refused where they are too large, when it calls the handler."""
        place = self._hands_on(wrapper)
        if place is None:
            return
        keys = [check.bound.key for check in self.checks.of(wrapper) if check.holds(place)]
        for key in (*keys, *self._bounded_in_turn(wrapper, decorator, place)):
            root, *rest = key.split(".")
            if any(part.endswith("()") for part in rest):
                continue
            names = self._names(("name", wrapper.node[1], root), wrapper, decorator, _DEPTH)
            if names is None:
                continue
            names = (*names, *rest)
            if names[:1] == ("**",):
                names = names[1:]
            # What is checked has to be a part, or a text: of a mapping the number of its entries says nothing.
            given = next((p for p in handler.parameters if names and p[0] == names[0]), None)
            if (len(names) > 1 and names[0] == BODY) or (given is not None and (len(names) > 1 or _is_text(given))):
                yield names

    def _bounded_in_turn(self, wrapper: Function, decorator: Expression, place: Address) -> Iterator[str]:
        """What a loop over that which the decorator is told checks: `for name, most in limits.items()`."""
        layout = self.checks.order.layout(wrapper)
        for loop, address in layout.statements():
            if loop[0] != "for" or not is_before(address, place):
                continue
            target = loop[2][2][0] if loop[2][0] == "tuple" and loop[2][2] else loop[2]
            names = self._told_names(loop[3], wrapper, decorator) if target[0] == "name" else []
            tests = [s[2] for s in loop[4] if s[0] == "if" and ends_call(s[3])]
            for name in names:
                for test in tests:
                    yield from (bound.key for bound in self._bounded_with(test, target[2], name, wrapper))

    def _bounded_with(self, test: Expression, variable: str, name: str, wrapper: Function) -> set[Bound]:
        """What a test that turns requests down bounds when a variable of it is a name."""
        definitions = self.checks.definitions(wrapper)

        def named(expression: Expression) -> list[Expression]:
            return [_with_name(given, variable, name) for given in definitions(expression)]

        return bounded_if(_with_name(test, variable, name), False, named)

    def _told_names(self, iterable: Expression, wrapper: Function, decorator: Expression) -> list[str]:
        """The names in a dictionary or list that a decorator is told, where a loop goes through it."""
        if iterable[0] == "call" and iterable[2][0] == "attr" and iterable[2][3] in ("items", "keys"):
            iterable = iterable[2][2]
        holder = scope_of_name(wrapper, iterable[2]) if iterable[0] == "name" else None
        if not isinstance(holder, Function) or holder is wrapper or decorator[0] != "call":
            return []
        given = _given(decorator, holder, iterable[2])
        parts = () if given is None else given[2] if given[0] in ("dict", "list", "tuple", "set") else ()
        keys = [part[0] for part in parts] if given is not None and given[0] == "dict" else parts
        return [key[2] for key in keys if key is not None and key[0] == "const" and isinstance(key[2], str)]

    def _hands_on(self, wrapper: Function) -> Address | None:
        """Where a wrapper calls what it is put around."""
        outer = wrapper.parent
        given = {p[0] for p in outer.parameters} if isinstance(outer, Function) else set()
        for call in wrapper.calls:
            if call.expression[2][0] == "name" and call.expression[2][2] in given:
                found = self.checks.order.layout(wrapper).at(call.at)
                return found[1] if found is not None else None
        return None

    def _names(self, expression: Expression, wrapper: Function, decorator: Expression, depth: int) -> Names | None:
        """What an expression in a wrapper reads, as names: of the body, or of what the handler is called with."""
        tag = expression[0]
        if depth == 0:
            return None
        if tag in ("await", "star"):
            return self._names(expression[2], wrapper, decorator, depth)
        if tag == "bool" and expression[2] == "Or":
            return self._names(expression[3][0], wrapper, decorator, depth - 1)
        if tag == "name":
            return self._named(expression[2], wrapper, decorator, depth - 1)
        if tag == "attr":
            return self._below(expression[2], expression[3], wrapper, decorator, depth)
        if tag == "sub":
            key = self._key(expression[3], wrapper, decorator)
            return None if key is None else self._below(expression[2], key, wrapper, decorator, depth)
        if tag != "call" or expression[2][0] != "attr":
            return None
        base, name = expression[2][2], expression[2][3]
        if name in _BODIES and self.is_request(base, wrapper):
            return (BODY,)
        if name in SAME_TEXT:
            return self._names(base, wrapper, decorator, depth - 1)
        if name in READING and expression[3]:
            key = self._key(expression[3][0], wrapper, decorator)
            return None if key is None else self._below(base, key, wrapper, decorator, depth)
        return None

    def _below(self, base: Expression, name: str, wrapper: Function, decorator: Expression, depth: int) -> Names | None:
        if name in _BODIES and self.is_request(base, wrapper):
            return (BODY,)
        names = self._names(base, wrapper, decorator, depth - 1)
        return None if names is None else (*names, name)

    def _named(self, name: str, wrapper: Function, decorator: Expression, depth: int) -> Names | None:
        bound = wrapper.bindings.get(name, ())
        if len(bound) != 1:
            return None
        if bound[0].kind == "parameter":
            return ("**",) if bound[0].target[1] == "keywords" else (name,)
        if bound[0].kind != "value" or bound[0].expression is None:
            return None
        return self._names(bound[0].expression, wrapper, decorator, depth)

    def _key(self, expression: Expression, wrapper: Function, decorator: Expression) -> str | None:
        """The name of a part: written down, or what the decorator is told."""
        if expression[0] == "const":
            return expression[2] if isinstance(expression[2], str) else None
        holder = scope_of_name(wrapper, expression[2]) if expression[0] == "name" else None
        if not isinstance(holder, Function) or holder is wrapper or decorator[0] != "call":
            return None
        return _told(decorator, holder, expression[2])


def _told(decorator: Expression, factory: Function, name: str) -> str | None:
    """What a decorator is given for a parameter of the function that makes it, if that is a text."""
    given = _given(decorator, factory, name)
    return str(given[2]) if given is not None and given[0] == "const" and isinstance(given[2], str) else None


def _given(decorator: Expression, factory: Function, name: str) -> Expression | None:
    """What a decorator is given for a parameter of the function that makes it."""
    call = Call(factory, decorator, "", None, decorator)
    names = [p[0] for p in factory.parameters if p[1] in ("positional", "any") and p[0] != factory.self_name]
    given = call.argument(name, names.index(name) if name in names else None)
    return next((p[3] for p in factory.parameters if p[0] == name), None) if given is None else given


def _with_name(expression: Any, variable: str, name: str) -> Any:
    """An expression in which a variable has got a name as its value."""
    if type(expression) is not tuple:
        return expression
    if expression[:1] == ("name",) and expression[2] == variable:
        return ("const", expression[1], name)
    return tuple(_with_name(part, variable, name) for part in expression)


def _is_text(parameter: Parameter) -> bool:
    """Whether a parameter is declared as a text."""
    annotation = parameter[2]
    return annotation is not None and annotation[0] == "name" and annotation[2] == "str"
