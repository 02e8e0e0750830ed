"""Arguments that some callers of a function give and others leave out: how a call is reached without one."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from aiaudit.model.contexts import Contexts, Reach
from aiaudit.model.evaluate import Evaluator
from aiaudit.model.program import scope_of_name
from aiaudit.model.scopes import Call, Function
from aiaudit.sources.python.facts import Expression, Parameter


class LeftOut:
    """Answers by which way an argument of a call stays None or is missing, where another way brings it."""

    def __init__(
        self, evaluator: Evaluator, contexts: Contexts, reach_of: Callable[[Call], Reach | None] | None = None
    ) -> None:
        self.evaluator = evaluator
        self.contexts = contexts
        self.reach_of = reach_of or (lambda call: contexts.reached_at_all(call.scope))

    def reach(self, call: Call, names: tuple[str, ...]) -> Reach | None:
        """How a call is reached without any of some arguments, all of which it takes from its function's callers."""
        function = call.scope
        if not isinstance(function, Function) or id(function) in self.contexts.handlers:
            return None
        handed = self._handed_on(call, names, function)
        if not handed:
            return None
        for caller in self._callers_without(function, handed):
            before = self.reach_of(caller)
            edge = next((e for e in self.contexts.edges_of(caller) if e.target is function), None)
            if before is not None and edge is not None:
                return Reach(before.entry, function, edge, before, before.cached, before.offloaded or edge.offloaded)
        return None

    def _handed_on(self, call: Call, names: tuple[str, ...], function: Function) -> list[tuple[Parameter, str]]:
        """The parameters that bring the arguments, each with the name that a caller gives it by; none where anything
        else may bring one."""
        found: list[tuple[Parameter, str]] = []
        for key, value in call.keywords:
            if key is not None and key not in names:
                continue
            parameter = _parameter(value, function)
            if parameter is None or (key is not None and not _is_none_by_default(parameter)):
                return []
            if key is None and parameter[1] != "keywords":
                return []
            if key is None and self._is_filled(value, function, names):
                return []
            found += [(parameter, parameter[0])] if key is not None else [(parameter, name) for name in names]
        return found

    def _is_filled(self, mapping: Expression, function: Function, names: tuple[str, ...]) -> bool:
        """Whether the function may put one of some arguments into its `**options` itself."""
        stores = self.evaluator.filled.get(self.evaluator.variable(mapping, function), ())
        if any(store.how != "update" and _may_be(store.key, names) for store in stores):
            return True
        return any(
            call.name in ("setdefault", "update")
            and call.expression[2][0] == "attr"
            and call.expression[2][2][:1] == ("name",)
            and call.expression[2][2][2] == mapping[2]
            and _may_put(call, names)
            for call in function.calls
        )

    def _callers_without(self, function: Function, handed: list[tuple[Parameter, str]]) -> Iterator[Call]:
        for call, offset, shift in self.evaluator.callers(function):
            if not call.spreads and not any(
                _given(call, function, parameter, name, offset, shift) for parameter, name in handed
            ):
                yield call


def _may_put(call: Call, names: tuple[str, ...]) -> bool:
    """Whether `options.setdefault(...)` or `options.update(...)` may put one of some arguments into a mapping."""
    if call.name == "setdefault":
        return _may_be(call.arguments[0] if call.arguments else None, names)
    for given in call.arguments:
        if given[0] != "dict" or any(_may_be(key, names) for key, _ in given[2]):
            return True
    return any(key is None or key in names for key, _ in call.keywords)


def _may_be(key: Expression | None, names: tuple[str, ...]) -> bool:
    return key is None or key[0] != "const" or key[2] in names


def _given(call: Call, function: Function, parameter: Parameter, name: str, offset: int, shift: int) -> bool:
    names = [p[0] for p in function.parameters if p[1] in ("positional", "any")]
    position = names.index(name) - offset + shift if name in names and parameter[1] != "keywords" else -1
    given = call.argument(name, position if position >= 0 else None)
    return given is not None and not (given[0] == "const" and given[2] is None)


def _parameter(value: Expression, function: Function) -> Parameter | None:
    if value[0] != "name" or scope_of_name(function, value[2]) is not function:
        return None
    if len(function.bindings[value[2]]) != 1:
        return None
    return next((parameter for parameter in function.parameters if parameter[0] == value[2]), None)


def _is_none_by_default(parameter: Parameter) -> bool:
    default = parameter[3]
    return default is not None and default[0] == "const" and default[2] is None
