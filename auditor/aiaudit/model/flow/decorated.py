"""Decorators of the repository around handlers: what of a request they refuse before the handler runs.

`@limit_body(2000)` reads the body itself, `@max_length("question", 4000)` a part of it that it is told, others look at
what the framework passes: `kwargs["body"]`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from aiaudit.model.evaluate import Evaluator
from aiaudit.model.flow.checks import Checks
from aiaudit.model.flow.keys import READING, SAME_TEXT
from aiaudit.model.program import scope_of_name
from aiaudit.model.scopes import Call, Function, Scope
from aiaudit.model.values import FunctionValue
from aiaudit.sources.python.facts import Expression

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
        for check in self.checks.of(wrapper) if place is not None else ():
            if place is None or not check.holds(place):
                continue
            root, *rest = check.bound.key.split(".")
            if any(part.endswith("()") for part in rest):
                continue
            names = self._names(("name", wrapper.node[1], root), wrapper, decorator, _DEPTH)
            if names is None:
                continue
            names = (*names, *rest)
            if names[:1] == ("**",):
                names = names[1:]
            # What is checked has to be a part: of a mapping the number of its entries says nothing.
            if len(names) > 1 and (names[0] == BODY or any(p[0] == names[0] for p in handler.parameters)):
                yield names

    def _hands_on(self, wrapper: Function) -> tuple[int, ...] | None:
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
    """What a decorator is given for a parameter of the function that makes it."""
    call = Call(factory, decorator, "", None, decorator)
    names = [p[0] for p in factory.parameters if p[1] in ("positional", "any") and p[0] != factory.self_name]
    given = call.argument(name, names.index(name) if name in names else None)
    if given is None:
        given = next((p[3] for p in factory.parameters if p[0] == name), None)
    return str(given[2]) if given is not None and given[0] == "const" and isinstance(given[2], str) else None
