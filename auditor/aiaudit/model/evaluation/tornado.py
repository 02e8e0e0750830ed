"""What Tornado hands to handlers: the settings of the application, the application itself, and `initialize(...)`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cached_property

from aiaudit.model.evaluation.core import Core, method_of
from aiaudit.model.scopes import Call, Class, Function, Scope
from aiaudit.model.values import ClassValue, External, Instance, Literal, Value
from aiaudit.sources.python.facts import Expression

_APPLICATION = "tornado.web.Application"
_HANDLERS = ("tornado.web.RequestHandler", "tornado.websocket.WebSocketHandler")
HANDED_APPLICATIONS = frozenset(f"{handler}().application" for handler in _HANDLERS)
SETTINGS = frozenset(
    (
        f"{_APPLICATION}().settings",
        *(f"{handler}{of}.settings" for handler in _HANDLERS for of in ("()", "().application")),
    )
)
INITIALIZE = "initialize"
# Where a table of routes has the handler, and what its `initialize` is given: `(r"/ask", Ask, {"client": client})`.
_HANDLER, _GIVEN = 1, 2


class Tornado(Core):
    """Answers about what handlers find in their application."""

    def of_application(self, name: str) -> Iterator[Value]:
        """An attribute of the application that a handler belongs to, where that is of a class of the program."""
        for cls in self.program.classes:
            if self.inherits(cls, _APPLICATION):
                yield from self.class_attribute(cls, name, Instance(cls))

    def of_settings(self, name: str) -> Iterator[Value]:
        """What applications are made with under a name: `Application(handlers, llm=llm)`, `Application(**settings)`."""
        for call in self._making_applications:
            for given, value in call.keywords:
                if given == name:
                    yield from self.evaluate(value, call.scope)
                elif given is None:
                    yield from self._entry_of_options(value, call.scope, name)

    def _entry_of_options(self, options: Expression, scope: Scope, name: str) -> Iterator[Value]:
        for value in self.evaluate(options, scope):
            if isinstance(value, External) and value.path == "builtins.dict()" and value.origin is not None:
                yield from self.evaluate(value.origin.keyword(name), value.origin.scope)
            elif isinstance(value, Literal):
                yield from self.contained(options, scope, ("const", options[1], name))

    @cached_property
    def _making_applications(self) -> list[Call]:
        """The calls that make applications, those in a derived class's constructor included."""
        found = [
            call
            for call in self._calls_named("Application")
            if any(isinstance(value, External) and value.path == _APPLICATION for value in self.callees(call))
        ]
        for call in self._calls_named("__init__"):
            method = method_of(call.scope)
            if method is not None and method.owner is not None and self.inherits(method.owner, _APPLICATION):
                found.append(call)
        return found

    def initialized_with(self, parameter: str, function: Function) -> Iterator[Value]:
        """What the tables of routes give to a parameter of a handler's `initialize`."""
        if function.name != INITIALIZE or function.owner is None:
            return
        owners = (function.owner, *self.subclasses(function.owner))
        for owner in owners:
            for given, scope in self._initializing.get(id(owner), ()):
                if given[0] == "dict":
                    for key, value in given[2]:
                        if key is not None and key[0] == "const" and key[2] == parameter:
                            yield from self.evaluate(value, scope)
                else:
                    yield from self._entry_of_options(given, scope, parameter)

    @cached_property
    def _initializing(self) -> dict[int, list[tuple[Expression, Scope]]]:
        """Handler class -> what its `initialize` is given, in the tables of the applications."""
        found: dict[int, list[tuple[Expression, Scope]]] = defaultdict(list)
        for handler, parts, scope in self._rows:
            if len(parts) > _GIVEN:
                found[id(handler)].append((parts[_GIVEN], scope))
        return found

    @cached_property
    def addresses(self) -> dict[int, str]:
        """Handler class -> where the tables of the applications have it."""
        return {id(handler): str(parts[0][2]) for handler, parts, _ in reversed(self._rows) if parts[0][0] == "const"}

    @cached_property
    def _rows(self) -> list[tuple[Class, Sequence[Expression], Scope]]:
        """The rows of all tables: the handler, and what is written in the row."""
        tables = [(call.argument("handlers", 0), call.scope) for call in self._making_applications]
        tables += [(call.argument("host_handlers", 1), call.scope) for call in self._calls_named("add_handlers")]
        return [
            (value.cls, parts, scope)
            for table, holder in tables
            for row in self.elements(table, holder)
            for parts, scope in _parts_of_row(row)
            for value in self.evaluate(parts[_HANDLER], scope)
            if isinstance(value, ClassValue)
        ]

    def _calls_named(self, name: str) -> list[Call]:
        return self.program.calls_by_name.get(name, [])


def _parts_of_row(row: Value) -> Iterator[tuple[Sequence[Expression], Scope]]:
    """A row of the table: a tuple, or `url(pattern, handler, options)`."""
    if isinstance(row, Literal) and row.expression[0] == "tuple" and len(row.expression[2]) > _HANDLER:
        yield row.expression[2], row.scope
    elif isinstance(row, External) and row.origin is not None and row.origin.name in ("url", "URLSpec"):
        options = row.origin.argument("kwargs", _GIVEN)
        parts = (*row.origin.arguments[:_GIVEN], *(() if options is None else (options,)))
        if len(parts) > _HANDLER:
            yield parts, row.origin.scope
