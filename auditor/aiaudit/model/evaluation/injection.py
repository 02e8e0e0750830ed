"""Containers of dependency-injector, punq and injector: what their providers and registrations give."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from aiaudit.model.evaluation.core import Core
from aiaudit.model.evaluation.functions import is_bound
from aiaudit.model.evaluation.keyed import given_for
from aiaudit.model.scopes import Call, Class, Function, last_name
from aiaudit.model.values import ClassValue, External, FunctionValue, Instance, Value, Values
from aiaudit.sources.python.facts import Expression

# `Provide[Container.client]` stands for the provider.
INJECTED = frozenset(f"dependency_injector.wiring.{name}" for name in ("Provide", "Provider", "Closing"))
# Methods that give an object of the class that they are asked for.
RESOLVING = frozenset(("punq.Container().resolve", "injector.Injector().get", "injector.Injector().create_object"))
# How a container is told what to give instead: method -> its paths, and the parameter that tells.
_REGISTERING = {
    "register": (frozenset(("punq.Container().register",)), "factory"),
    "bind": (frozenset(("injector.Binder().bind", "injector.Injector().binder.bind")), "to"),
}


class Injection(Core):
    """Answers about injected objects."""

    def provider_of(self, value: Value) -> Function | None:
        """What a provider runs, as a function of its own; None for anything else."""
        if not isinstance(value, External) or not value.path.startswith("dependency_injector.providers."):
            return None
        return self.program.providers.get(id(value.origin.expression)) if value.origin is not None else None

    def provided(self, value: Value) -> Iterable[Value]:
        """What arrives where a provider is passed: what it makes; other values arrive as they are."""
        provider = self.provider_of(value)
        return (value,) if provider is None else self.result(provider)

    def registered(self, services: Values) -> Iterator[tuple[str, Value]]:
        """What a container is told to give for a service, known by its class: ("factory" or "instance", value)."""
        for name, (methods, parameter) in _REGISTERING.items():
            for call in self.program.calls_by_name.get(name, ()):
                if not call.arguments or not set(self.evaluate(call.arguments[0], call.scope)) & set(services):
                    continue
                if not any(isinstance(callee, External) and callee.path in methods for callee in self.callees(call)):
                    continue
                shared = call.keyword("scope") is not None
                for value in self.evaluate(call.argument(parameter, 1), call.scope):
                    yield ("instance" if shared else "factory"), value
                for value in self.evaluate(call.keyword("instance"), call.scope):
                    yield "instance", value

    def resolved(self, service: Expression, call: Call) -> Iterator[Value]:
        """What `container.resolve(Service)` gives."""
        asked = self.evaluate(service, call.scope)
        found = list(self.registered(asked))
        for kind, value in found:
            made = kind == "instance" and not isinstance(value, (ClassValue, FunctionValue))
            if made or isinstance(value, Instance):
                yield value
            else:
                yield from self.called(value, call)
        if not found:
            yield from (Instance(value.cls, call) for value in asked if isinstance(value, ClassValue))

    def of_class_asked(self, callee: FunctionValue, call: Call) -> tuple[Value, ...] | None:
        """What a function gives that promises an object of the class that it is asked for, `def get(self, kind:
        type[T]) -> T`: of what it gives to anybody, objects of that class; None for other functions."""
        function = callee.function
        promised = function.annotation
        if promised is None or promised[0] != "name":
            return None
        for name, _, annotation, _, _ in function.parameters:
            if not self._is_class_of(annotation, promised, function):
                continue
            asked: Values = (callee.bound,) if name == function.self_name and callee.bound is not None else ()
            given = given_for(call, function, name, is_bound(callee)) if not asked else None
            asked = asked or self.evaluate(given, call.scope)
            classes = [value.cls for value in asked if isinstance(value, ClassValue)]
            if classes and len(classes) == len(asked):
                found = [v for v in self.result(function) if isinstance(v, Instance) and self._is_any(v.cls, classes)]
                return tuple(found) or tuple(Instance(cls) for cls in classes)
        return None

    def _is_class_of(self, annotation: Expression | None, promised: Expression, function: Function) -> bool:
        """Whether a parameter is the class that a promised object is of: `type[T]`, or any class for a variable T."""
        if annotation is None:
            return False
        if annotation[0] == "sub" and last_name(annotation[2]) in ("type", "Type"):
            return bool(annotation[3][0] == "name" and annotation[3][2] == promised[2])
        if annotation[0] != "name" or annotation[2] not in ("type", "Type"):
            return False
        kinds = self.evaluate(promised, function.parent or function.module)
        return any(isinstance(kind, External) and kind.path.endswith("TypeVar()") for kind in kinds)

    def _is_any(self, cls: Class, classes: list[Class]) -> bool:
        return any(asked in self.lineage(cls)[0] for asked in classes)

    def made_by_resolving(self, service: Expression, call: Call) -> list[tuple[bool, Value]]:
        """What `container.resolve(Service)` runs: the factories of the service and of all that its constructor takes,
        each with whether its result is kept."""
        found: list[tuple[bool, Value]] = []
        queue: list[Values] = [self.evaluate(service, call.scope)]
        for asked in queue:  # grows while it is walked
            registered = list(self.registered(asked))
            found.extend((kind == "instance", value) for kind, value in registered)
            classes = [v for v in (*asked, *(value for _, value in registered)) if isinstance(v, ClassValue)]
            if not registered:
                found.extend((False, value) for value in classes)
            for value in classes:
                constructor = self.constructor(value.cls)
                for parameter in constructor.parameters[1:] if constructor is not None else ():
                    wanted = self.evaluate(parameter[2], value.cls.module)
                    if wanted and wanted not in queue:
                        queue.append(wanted)
        return found
