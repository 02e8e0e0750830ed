"""Decorators written in the repository: what they get, and the wrappers that they put around functions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property

from aiaudit.model.evaluation.core import Core
from aiaudit.model.scopes import Class, Function, Scope, last_name
from aiaudit.model.values import ClassValue, FunctionValue, Instance, Value
from aiaudit.sources.python.facts import Expression


class Decorators(Core):
    """Answers about decorated functions and classes."""

    @cached_property
    def _decorations(self) -> dict[str, list[tuple[Value, Expression, Scope]]]:
        """Last name of a decorator -> what has it, the decorator, and where it is evaluated."""
        found: dict[str, list[tuple[Value, Expression, Scope]]] = defaultdict(list)
        decorated: list[tuple[Function | Class, Value]] = [
            *((function, FunctionValue(function)) for function in self.program.functions if function.decorators),
            *((cls, ClassValue(cls)) for cls in self.program.classes if cls.decorators),
        ]
        for definition, value in decorated:
            for decorator in definition.decorators:
                name = last_name(decorator[2] if decorator[0] == "call" else decorator)
                found[name].append((value, decorator, definition.parent or definition.module))
        return found

    def decorated_with(self, function: Function) -> Iterator[Value]:
        """The functions and classes that a decorator, or the inner function of a decorator with arguments, gets."""
        for decorated, _, _ in self.decorations_by(function):
            yield decorated

    def decorations_by(self, function: Function) -> Iterator[tuple[Value, Expression, Scope]]:
        """What a decorator, or the inner function of one with arguments, gets, with where it is written."""
        names = [function.name]
        if isinstance(function.parent, Function):
            names.append(function.parent.name)
        for name in names:
            for decorated, decorator, scope in self._decorations.get(name, ()):
                if any(
                    isinstance(v, FunctionValue) and v.function is function for v in self.evaluate(decorator, scope)
                ):
                    yield decorated, decorator, scope

    def wrappers(self, function: Function) -> tuple[Function, ...]:
        """The functions of the repository that run in place of a decorated one."""
        if not function.decorators:
            return ()
        known = self._wrappers.get(id(function))
        if known is None:
            known = self._wrappers[id(function)] = tuple(self._find_wrappers(function))
        return known

    def _find_wrappers(self, function: Function) -> Iterator[Function]:
        for decorator in function.decorators:
            for value in self.evaluate(decorator, function.parent or function.module):
                if not isinstance(value, FunctionValue):
                    continue
                for given in self.result(value.function):
                    if isinstance(given, FunctionValue) and given.function.parent is value.function:
                        yield given.function

    @cached_property
    def _wrappers(self) -> dict[int, tuple[Function, ...]]:
        return {}

    def bound_task(self, function: Function) -> Iterator[Value]:
        """The task object that `@task(bind=True, base=...)` passes first."""
        for decorator in function.decorators:
            if decorator[0] != "call":
                continue
            scope = function.parent or function.module
            for value in self.evaluate(self.call_of(decorator, scope).keyword("base"), scope):
                if isinstance(value, ClassValue):
                    yield Instance(value.cls)
