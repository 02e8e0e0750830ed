"""Where a setting's value lies: variables, attributes, results, entries of a configuration; all readings of each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from aiaudit.model.evaluate import is_field_call, is_injection, method_of
from aiaudit.model.program import scope_of_name
from aiaudit.model.python import PythonSide
from aiaudit.model.scopes import Call, Class, Function, Module, Scope, is_django_settings
from aiaudit.model.settings.emptiness import key_of
from aiaudit.model.settings.lookups import Source
from aiaudit.model.settings.reads import Read, Reads
from aiaudit.model.settings.uses import STORED, State, Use
from aiaudit.model.values import ClassValue, Constant, External, FunctionValue, Instance, ModuleValue
from aiaudit.sources.python.facts import Expression
from aiaudit.values import replace


class Tracing(Protocol):
    """What the ways of all settings share: the program, the readings by name, other names of imported ones."""

    side: PythonSide
    reads: Reads
    aliases: Mapping[str, set[str]]
    handlers: frozenset[int]


class Places:
    """The readings that one setting's value gets to, one place after the other."""

    def __init__(self, tracer: Tracing, source: Source) -> None:
        self.tracer = tracer
        self.side = tracer.side
        self.evaluator = tracer.side.evaluator
        self.reads = tracer.reads
        self.source = source
        self.related: dict[tuple[int, int], bool] = {}
        self.found: list[Use] = []
        self.keys: set[str] = {f"${name}" for name in source.names} | {source.field} - {""}
        self.queue: list[tuple[Read, State]] = []
        self.seen: set[Any] = set()
        self.from_flag = False  # whether what is read now only tells whether there is a value

    def use(self, kind: str, read: Read, state: State, **details: Any) -> None:
        self.found.append(
            Use(
                kind,
                read,
                derived=state.derived,
                segment=state.segment,
                flag=self.from_flag,
                guarded=state.guarded,
                missing=state.missing,
                ignored=state.ignored,
                **details,
            )
        )

    def reach(self, read: Read, state: State) -> None:
        """Follow a reading. What it is called is known from now on, so that tests of any reading of one place count for
        all of them."""
        key = key_of(read.expression)
        if key and not state.derived and not state.flag:
            self.keys.add(key)
        self.queue.append((read, state))

    def variable(self, holder: Scope, name: str, state: State, given: Read | None = None) -> None:
        """Follow all readings of a variable (those that may come after `given`, which assigns it)."""
        place = (id(holder), name, state, id(given.statement) if given else 0)
        if place in self.seen:
            return
        self.seen.add(place)
        if isinstance(holder, Class):
            self.attribute(holder, name, state)
            return
        if isinstance(holder, Function):
            readings = self.reads.inside(holder, name)
        else:
            names = {name} | self.tracer.aliases.get(name, set())
            self.reads.prepare(names)
            readings = [read for spelled in names for read in self.reads.of(spelled)]
        for read in readings:
            if self.reads_variable(read, holder, name) and not (given and exclude(given, read)):
                self.reach(read, state)

    def reads_variable(self, read: Read, holder: Scope, name: str) -> bool:
        expression = read.expression
        if expression[0] == "name":
            found = scope_of_name(read.scope, expression[2])
            if found is holder:
                return bool(expression[2] == name)
            if not isinstance(holder, Module):
                return False
            if found is None:
                return expression[2] == name and any(
                    self.is_module(self.side.program.resolve(read.scope.module, source, level), holder)
                    for level, source in read.scope.module.stars
                )
            return bool(self.evaluator.variable(expression, read.scope) == (id(holder), name))
        if not isinstance(holder, Module):
            return False
        base = expression[2] if expression[0] == "attr" else expression[3][0]
        for value in self.evaluator.evaluate(base, read.scope):
            if self.is_module(value, holder) or self.is_passed_on(value, holder, name):
                return True
            if isinstance(value, External) and value.path == "django.conf.settings" and is_django_settings(holder):
                return True
        return False

    def is_passed_on(self, value: object, holder: Module, name: str) -> bool:
        """Whether a package has a name from the module that defines it."""
        module = value.module if isinstance(value, ModuleValue) else None
        return module is not None and self.evaluator.origin(module, name) == (id(holder), name)

    def is_module(self, value: object, module: Module) -> bool:
        return isinstance(value, ModuleValue) and value.module is module

    def attribute(self, cls: Class, name: str, state: State, made: Call | None = None) -> None:
        """Follow all readings of an attribute of a class's instances, or of the one that a call makes."""
        place = (id(cls), name, state, id(made))
        if ("attribute", place) in self.seen:
            return
        self.seen.add(("attribute", place))
        if self.is_configuration(cls):
            if is_frameworks(name):
                for binding in cls.bindings.get(name, ())[:1]:
                    place_of = Read(binding.expression or ("pass", cls.node[1]), cls, (binding.statement,), (), ())
                    self.use(STORED, place_of, state, paths=(f"app.config[{name!r}]",), parameter=name)
            self.configuration(name, state)
        for read in self.reads.of(name):
            expression = read.expression
            if expression[0] == "name":
                if scope_of_name(read.scope, name) is cls:
                    self.reach(read, state)
                continue
            base = expression[2] if expression[0] == "attr" else expression[3][0]
            if self.is_instance(base, read.scope, cls) and not self.is_other(base, read.scope, made):
                self.reach(read, state)

    def is_other(self, base: Expression, scope: Scope, made: Call | None) -> bool:
        """Whether an object is known to be made elsewhere: one of several that hold the settings of a service each."""
        if made is None:
            return False
        values = [value for value in self.evaluator.evaluate(base, scope) if isinstance(value, (Instance, ClassValue))]
        origins = [value.origin for value in values if isinstance(value, Instance) and value.origin is not None]
        return (
            bool(origins) and len(origins) == len(values) and all(o.expression is not made.expression for o in origins)
        )

    def is_configuration(self, cls: Class) -> bool:
        """Whether a Flask application takes its configuration from a class."""
        for call in self.side.program.calls_by_name.get("from_object", ()):
            for value in self.evaluator.evaluate(call.arguments[0], call.scope) if call.arguments else ():
                if isinstance(value, (ClassValue, Instance)) and cls in self.evaluator.lineage(value.cls)[0]:
                    return True
                if isinstance(value, Constant) and str(value.value).endswith(f".{cls.name}"):
                    return True
        return False

    def is_instance(self, base: Expression, scope: Scope, cls: Class) -> bool:
        method = method_of(scope)
        owner = method.owner if method is not None else None
        if base[0] == "name" and method is not None and base[2] == method.self_name and owner is not None:
            return self.is_related(owner, cls)
        values = self.evaluator.evaluate(base, scope)
        found = {id(value.cls): value.cls for value in values if isinstance(value, (Instance, ClassValue))}
        return id(cls) in found or any(self.is_related(other, cls) for other in found.values())

    def is_related(self, one: Class, other: Class) -> bool:
        """Whether a class is another one, derives from it, or is a base of it."""
        key = (id(one), id(other))
        known = self.related.get(key)
        if known is None:
            lineage = self.evaluator.lineage
            known = self.related[key] = other in lineage(one)[0] or one in lineage(other)[0]
        return known

    def result(self, function: Function, state: State) -> None:
        """Follow what calling a function gives."""
        if state.call is not None and state.function is function:
            call, state = state.call, replace(state, call=None, function=None)
            for read in self.reads.places(call.scope.module, [call.expression]).values():
                self.reach(read, state)
            return
        place = ("result", id(function), state)
        if place in self.seen or function.node[0] == "lambda":
            return
        self.seen.add(place)
        if function.has_decorator("property", "cached_property", "computed_field") and function.owner is not None:
            self.attribute(function.owner, function.name, state)
            return
        for call, _, shift in self.evaluator.callers(function):
            if not shift:
                place_of = self.reads.places(call.scope.module, [call.expression])
                for read in place_of.values():
                    self.reach(read, state)
        for read in self.reads.of(function.name):
            if is_field_call(read.parents[-1]) and self.is_function(read, function):
                self.reach(read, state)  # `Field(default_factory=load)`: the field has what the function gives
            elif is_injection(read.parents[-1]) and self.is_function(read, function):
                self.injected(read, state)

    def injected(self, read: Read, state: State) -> None:
        """Follow the parameters that are given what a dependency gives: `key: str = Depends(get_key)`,
        `key: Annotated[str, Depends(get_key)]`, and `key: Key` with a name for the latter."""
        for parent, definition in zip(read.parents[1:2], read.parents[:1], strict=False):
            if parent[0] == "default":
                self.given_to(definition, parent[2], state)
        statement = read.statement
        for target in statement[2] if statement[0] == "assign" else ():
            for named in self.reads.of(target[2]) if target[0] == "name" else ():
                if named.parents[-1][0] == "default":
                    self.given_to(named.parents[0], named.parents[-1][2], state)

    def given_to(self, definition: Any, parameter: str, state: State) -> None:
        """Follow a parameter of the function that a statement defines."""
        for function in self.side.program.functions:
            if function.node is definition and parameter in function.bindings:
                self.variable(function, parameter, state)

    def is_function(self, read: Read, function: Function) -> bool:
        """Whether a reading names a function of the program."""
        values = self.evaluator.evaluate(read.expression, read.scope)
        return any(isinstance(value, FunctionValue) and value.function is function for value in values)

    def configuration(self, key: str, state: State) -> None:
        """Follow `anything.config[key]` and `anything.config.get(key)`, as Flask has it."""
        place = ("config", key, state)
        if place in self.seen:
            return
        self.seen.add(place)
        for read in self.reads.of("config"):
            parent = read.parents[-1]
            if parent[0] == "sub" and parent[2] is read.expression and parent[3][0] == "const" and parent[3][2] == key:
                self.reach(replace(read, expression=parent, parents=read.parents[:-1]), state)
            elif parent[0] == "attr" and parent[3] == "get" and len(read.parents) > 1:
                call = read.parents[-2]
                if call[0] == "call" and call[3] and call[3][0][0] == "const" and call[3][0][2] == key:
                    self.reach(replace(read, expression=call, parents=read.parents[:-2]), state)


def exclude(one: Read, other: Read) -> bool:
    """Whether two places lie in different arms of the same test."""
    taken = {id(test): outcome for test, outcome in one.conditions}
    return one.scope is other.scope and any(
        taken.get(id(test), outcome) is not outcome for test, outcome in other.conditions
    )


def is_frameworks(name: str) -> bool:
    """Settings that Flask or its extensions use themselves."""
    return name in ("SECRET_KEY", "JWT_SECRET_KEY", "SQLALCHEMY_DATABASE_URI")


def is_djangos(name: str) -> bool:
    """Settings that Django itself uses."""
    return name in ("SECRET_KEY", "DATABASES", "CACHES", "EMAIL_HOST_PASSWORD", "EMAIL_HOST_USER")
