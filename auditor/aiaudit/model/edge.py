"""One scope running another, and what the form of a call tells of it."""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.model.program import scope_of_name
from aiaudit.model.runners import CACHING, CLOSING_KEYWORDS
from aiaudit.model.scopes import PROVIDER, Call, Class, Function, Scope, last_name
from aiaudit.sources.python.facts import Expression
from aiaudit.span import Span
from aiaudit.values import dataclass

# Expressions that may name a function.
_NAMING = frozenset(("name", "attr", "lambda", "star", "bin"))
# A call that may go so many ways says little about any one of them.
MANY = 6


@dataclass(frozen=True, slots=True, eq=False)
class Edge:
    """One scope running another.

    `cached`: the target's result is kept, so it runs once; `offloaded`: it runs in a thread or process, or in an event
    loop of its own; `deferred`: the target is handed to somebody else, in the argument `handed`; `registered`: who runs
    it later, while requests are served; `among`: one of so many ways that the call may go, if they are many.
    """

    source: Scope
    target: Scope
    span: Span
    caption: str
    call: Call | None = None
    cached: bool = False
    offloaded: bool = False
    guard_class: Class | None = None
    deferred: bool = False
    registered: bool = False
    among: int = 0
    handed: Expression | None = None

    @property
    def through(self) -> Expression | None:
        """What names the target: the callee of the call, or what the call is handed."""
        return self.handed if self.handed is not None or self.call is None else self.call.expression[2]


def goes_through_all(call: Call) -> bool:
    """Whether a call takes one way after the other: `for check in CHECKS: check()`."""
    root = call.expression[2]
    while root[0] in ("attr", "sub", "call"):
        root = root[2]
    holder = scope_of_name(call.scope, root[2]) if root[0] == "name" else None
    return holder is not None and any(binding.kind == "element" for binding in holder.bindings[root[2]])


def is_coroutine(scope: Scope) -> bool:
    """Whether calling a function only makes a coroutine."""
    return isinstance(scope, Function) and scope.asynchronous and not scope.generator


def handed_on(call: Call) -> Iterator[tuple[str | None, Expression]]:
    """The arguments that may name functions, alone or listed: `initializer=load`, `tools=[search, *MORE]`."""
    for argument in call.arguments:
        for item in _listed(argument):
            if item[0] in _NAMING:
                yield None, item
    for name, argument in call.keywords:
        for item in _listed(argument) if name not in CLOSING_KEYWORDS else ():
            if item[0] in _NAMING:
                yield name, item


def _listed(argument: Expression) -> tuple[Expression, ...]:
    """What stands in a list, a tuple or a dict as a value; all else stands for itself."""
    if argument[0] in ("list", "tuple"):
        return argument[2]  # type: ignore[no-any-return]
    return tuple([value for _, value in argument[2]]) if argument[0] == "dict" else (argument,)


def is_super_call(call: Call) -> bool:
    """`super().method(...)`: runs exactly the method of the base."""
    function = call.expression[2]
    return function[0] == "attr" and function[2][0] == "call" and last_name(function[2][2]) == "super"


def is_cached(function: Function) -> bool:
    """Whether a decorator keeps the function's result, or the container whose provider it is does."""
    if function.name == PROVIDER:
        return "Singleton" in last_name(function.node[-1][2]) or last_name(function.node[-1][2]) == "Resource"
    return function.has_decorator(*CACHING)
