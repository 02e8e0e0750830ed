"""Dependencies by the name of a parameter, as Litestar has them: `dependencies={"client": Provide(make_client)}`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property

from aiaudit.model.evaluation.core import Core
from aiaudit.model.frameworks import LITESTAR
from aiaudit.model.scopes import Call, Function, Scope, last_name
from aiaudit.model.values import External, FunctionValue, Literal
from aiaudit.sources.python.facts import Expression, Parameter

_PROVIDE = ("litestar.di.Provide", "litestar.Provide")
_TABLE = "dependencies"
_VERBS = frozenset(path.rpartition(".")[2] for path in LITESTAR)


class ByName(Core):
    """Answers about parameters that a framework fills by their names."""

    def dependency_by_name(self, parameter: Parameter, function: Function) -> Call | None:
        """The `Provide(...)` that fills a parameter of a handler, or of what is provided itself."""
        calls = self._provided_by_name.get(parameter[0]) if self._provided_by_name else None
        if not calls or not self._is_filled_by_name(function):
            return None
        return calls[0]

    @cached_property
    def _provided_by_name(self) -> dict[str, list[Call]]:
        """Name of a parameter -> what is provided under it: by applications, routers, controllers and handlers."""
        found: dict[str, list[Call]] = defaultdict(list)
        if "Provide" not in self.program.calls_by_name:
            return found
        tables = [(call.keyword(_TABLE), call.scope) for call in list(self.call_index.values())]
        for cls in self.program.classes:
            tables += [(binding.expression, cls) for binding in cls.bindings.get(_TABLE, ())]
        for table, scope in tables:
            for name, call in self._entries_of_table(table, scope):
                found[name].append(call)
        return found

    def _entries_of_table(self, table: Expression | None, scope: Scope) -> Iterator[tuple[str, Call]]:
        for value in self.evaluate(table, scope) if table is not None else ():
            if not isinstance(value, Literal) or value.expression[0] != "dict":
                continue
            for key, item in value.expression[2]:
                if key is not None and key[0] == "const" and item[0] == "call":
                    call = self.call_of(item, value.scope)
                    if any(isinstance(made, External) and made.path in _PROVIDE for made in self.callees(call)):
                        yield str(key[2]), call

    def _is_filled_by_name(self, function: Function) -> bool:
        return id(function) in self._providers or any(
            isinstance(value, External) and value.path in LITESTAR
            for decorator in function.decorators
            if last_name(decorator[2] if decorator[0] == "call" else decorator) in _VERBS
            for value in self.evaluate(
                decorator[2] if decorator[0] == "call" else decorator, function.parent or function.module
            )
        )

    @cached_property
    def _providers(self) -> frozenset[int]:
        """The functions that are provided, whose own parameters are filled in the same way."""
        return frozenset(
            id(value.function)
            for calls in self._provided_by_name.values()
            for call in calls
            for value in self.evaluate(call.argument("dependency", 0), call.scope)
            if isinstance(value, FunctionValue)
        )


def is_kept_once_made(provide: Call) -> bool:
    """Whether what is provided is made once and then given to every request."""
    kept = provide.keyword("use_cache") if provide.name == "Provide" else None
    return kept is not None and kept[0] == "const" and kept[2] is True
