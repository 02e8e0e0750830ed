"""Functions that choose by the type of their argument: `@singledispatch`, and what is registered with it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property

from aiaudit.model.evaluation.core import Core
from aiaudit.model.scopes import Call, Function, last_name
from aiaudit.model.values import ClassValue, Constant, External, FunctionValue, Instance, Value, Values

GENERIC = ("singledispatch", "singledispatchmethod")


class Dispatching(Core):
    """Answers about functions of which a call runs one of several."""

    @cached_property
    def dispatched(self) -> dict[int, list[Function]]:
        """Generic function -> the functions that are registered with it; empty for most programs."""
        generic = [f for f in self.program.functions if f.decorators and f.has_decorator(*GENERIC)]
        found: dict[int, list[Function]] = defaultdict(list)
        for function in self.program.functions if generic else ():
            for name in _registered_with(function):
                for other in generic:
                    if other.name == name and _is_known_in(function, other):
                        found[id(other)].append(function)
        return found

    @cached_property
    def generics(self) -> dict[int, Function]:
        """Registered function -> the one that is called."""
        by_id = {id(function): function for function in self.program.functions}
        return {id(chosen): by_id[key] for key, registered in self.dispatched.items() for chosen in registered}

    def fitting(self, callees: Values, call: Call) -> Values:
        """Of what a call of a generic function may run, that which its argument's type chooses, where that is known."""
        chosen = [v for v in callees if isinstance(v, FunctionValue) and id(v.function) in self.generics]
        given = self.evaluate(call.arguments[0], call.scope) if chosen and call.arguments else ()
        kinds = {kind for value in given for kind in self._kinds(value)}
        if not given or not kinds:
            return callees
        fits = tuple(value for value in chosen if kinds & self._kinds_of(value.function))
        return fits or callees

    def _kinds(self, value: Value) -> list[object]:
        """What a value is an object of, as far as that is known."""
        if isinstance(value, Instance):
            return [id(cls) for cls in self.lineage(value.cls)[0]]
        return [f"builtins.{value.kind}"] if isinstance(value, Constant) and value.value is not None else []

    def _kinds_of(self, function: Function) -> set[object]:
        """What a registered function is for: `@render.register(Kind)`, or the type of its first parameter."""
        own = [p for p in function.parameters if p[0] != function.self_name]
        told = [d[3][0] for d in function.decorators if d[0] == "call" and last_name(d[2]) == "register" and d[3]]
        if not told and own and own[0][2] is not None:
            annotation = own[0][2]
            told = [annotation[3], annotation[4]] if annotation[0] == "bin" else [annotation]
        found: set[object] = set()
        for expression in told:
            for value in self.evaluate(expression, function.parent or function.module):
                if isinstance(value, ClassValue):
                    found.add(id(value.cls))
                elif isinstance(value, External):
                    found.add(value.path)
        return found


def _registered_with(function: Function) -> Iterator[str]:
    """`@render.register` and `@render.register(Kind)`."""
    for decorator in function.decorators:
        callee = decorator[2] if decorator[0] == "call" else decorator
        if callee[0] == "attr" and callee[3] == "register":
            yield last_name(callee[2])


def _is_known_in(function: Function, generic: Function) -> bool:
    """Whether the name of a generic function means it where another function stands: there, or by an import."""
    if generic.owner is not None or generic.module is function.module:
        return generic.owner is function.owner and generic.module is function.module
    bound = function.module.bindings.get(generic.name, ())
    return any(b.kind == "from" for b in bound) or any(
        b.kind == "import" for names in function.module.bindings.values() for b in names
    )
