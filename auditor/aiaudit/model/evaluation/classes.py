"""Classes: lineage, constructions, attributes of instances."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cached_property

from aiaudit.model.evaluation.core import Core, factory_of, is_field_call, is_object, method_of
from aiaudit.model.plugins import of_module
from aiaudit.model.program import scope_of_name
from aiaudit.model.scopes import Call, Class, Function, Scope, Store, last_name
from aiaudit.model.values import (
    ClassValue,
    Elements,
    External,
    FunctionValue,
    Instance,
    Literal,
    Value,
)
from aiaudit.sources.python.facts import Expression, Statement

# The decorators of functions that pydantic runs when it makes an object.
VALIDATORS = ("field_validator", "model_validator", "validator", "root_validator")


def is_abstract(function: Function) -> bool:
    """Whether a method does nothing itself: it is declared so, raises NotImplementedError, or holds a text at most."""
    return function.has_decorator("abstractmethod") or all(map(_says_nothing, function.body))


def _says_nothing(statement: Statement) -> bool:
    if statement[0] == "raise":
        raised = statement[2]
        return raised is not None and last_name(raised[2] if raised[0] == "call" else raised) == "NotImplementedError"
    return statement[0] == "pass" or bool(statement[0] == "expr" and statement[2][0] == "const")


class Classes(Core):
    """Answers about classes of the repository."""

    def class_attribute(self, cls: Class, name: str, holder: Value, skip_own: bool = False) -> Iterable[Value]:
        """An attribute of a class or of its instances, through bases, stores from anywhere, and subclasses."""
        classes, outside = self.lineage(cls)
        found: list[Value] = []
        for candidate in classes[1:] if skip_own else classes:
            found.extend(self._own_attribute(candidate, name, holder))
            if found and name in candidate.bindings:
                if is_object(found):
                    return found
                break  # `client = None` says what the attribute is before it is set
        found.extend(self._stored_attributes(classes, name))
        if found:
            return found
        for path in outside:
            origin = holder.origin if isinstance(holder, Instance) else None
            instance = External(f"{path}()", origin) if isinstance(holder, Instance) else External(path)
            found.append(External(f"{instance.path}.{name}", origin, instance))
        if not found:
            for heir in self.subclasses(cls):
                found.extend(self._own_attribute(heir, name, holder))
        return found

    def _own_attribute(self, cls: Class, name: str, holder: Value) -> Iterator[Value]:
        for binding in cls.bindings.get(name, ()):
            if binding.kind != "function":
                written = is_field_call(binding.expression)
                given: list[Value] = []
                if binding.kind == "annotated" or written:
                    given.extend(self._field(cls, name))
                if written and binding.expression is not None:
                    given.extend(self.field_default(binding.expression, cls))
                    if not is_object(given):
                        given.extend(self.annotated(binding.annotation, cls))
                elif binding.annotation is not None and self._is_always_given(cls, name, holder):
                    given.extend(self._field(cls, name))
                    if not is_object(given):
                        given.extend(self.annotated(binding.annotation, cls))
                else:
                    given.extend(self.binding(binding))
                    if given and all(map(_is_empty, given)) and self.inherits(cls, ".BaseModel"):
                        given.extend(self.annotated(binding.annotation, cls))  # what lies in a list that is sent
                yield from given
                continue
            function: Function = binding.target
            if function.has_decorator("property", "cached_property"):
                yield from self.result(function)
            elif function.has_decorator("staticmethod"):
                yield FunctionValue(function)
            else:
                yield FunctionValue(function, holder)
                if self.dispatched and id(function) in self.dispatched:
                    yield from (FunctionValue(chosen, holder) for chosen in self.dispatched[id(function)])

    def _field(self, cls: Class, name: str) -> Iterator[Value]:
        """A dataclass or model field: what constructions of the class pass for it."""
        fields = [n for n, bound in cls.bindings.items() if bound[0].kind in ("annotated", "value")]
        for call in self.constructions(cls):
            argument = call.argument(name, fields.index(name) if name in fields else None)
            yield from self.evaluate(argument, call.scope)

    def _is_always_given(self, cls: Class, name: str, holder: Value) -> bool:
        """Whether whoever makes an object of a dataclass passes a field, so that none has the default."""
        if not isinstance(holder, Instance) or not _is_dataclass(cls) or self.subclasses(cls):
            return False
        fields = [n for n, bound in cls.bindings.items() if bound[0].kind in ("annotated", "value")]
        calls = self.constructions(cls)
        return bool(calls) and all(call.argument(name, fields.index(name)) is not None for call in calls)

    def field_default(self, expression: Expression, scope: Scope) -> Iterator[Value]:
        """What a field has that nobody passes: its `default`, or what its `default_factory` makes."""
        call = self.call_of(expression, scope)
        yield from self.evaluate(call.argument("default", 0), scope)
        for factory in self.evaluate(factory_of(call), scope):
            yield from self.called(factory, call)

    def default_factories(self, cls: Class) -> Iterator[Value]:
        """The functions that constructing a class runs for its fields."""
        for candidate in self.lineage(cls)[0]:
            for bindings in candidate.bindings.values():
                for binding in bindings:
                    if binding.expression is not None and is_field_call(binding.expression):
                        factory = factory_of(self.call_of(binding.expression, candidate))
                        yield from self.evaluate(factory, candidate)

    def validators(self, cls: Class) -> list[Function]:
        """The functions that making an object of a pydantic class runs: its own and those of its fields' classes."""
        if not self._validating:
            return []
        known = self._validators.get(id(cls))
        if known is None:
            known = self._validators[id(cls)] = []  # a class that holds objects of its own kind
            for candidate in self.lineage(cls)[0]:
                known += self._validating.get(id(candidate), ())
                for bindings in candidate.bindings.values():
                    for value in self.annotated(bindings[0].annotation, candidate):
                        for held in value.element if isinstance(value, Elements) else (value,):
                            known += self.validators(held.cls) if isinstance(held, Instance) else ()
        return known

    @cached_property
    def _validating(self) -> dict[int, list[Function]]:
        """Class -> its own validators."""
        found: dict[int, list[Function]] = defaultdict(list)
        for function in self.program.functions:
            if function.owner is not None and function.has_decorator(*VALIDATORS):
                found[id(function.owner)].append(function)
        return found

    @cached_property
    def _validators(self) -> dict[int, list[Function]]:
        return {}

    def implementations(self, value: FunctionValue) -> Iterator[Function]:
        """The methods of subclasses that do what a method leaves to them."""
        if isinstance(value.bound, (Instance, ClassValue)) and is_abstract(value.function):
            for heir in self.subclasses(value.bound.cls):
                method = heir.method(value.function.name)
                if method is not None:
                    yield method

    def forwarded(self, cls: Class) -> Function | None:
        """The `forward` that calling an object of a module class of torch or dspy runs."""
        method = cls.method("forward")
        return method if method is not None and self.inherits(cls, ".Module") else None

    def _stored_attributes(self, classes: list[Class], name: str) -> Iterator[Value]:
        for store in self.program.stores_by_attribute.get(name, ()):
            if self.store_class(store, classes):
                yield from self.stored(store)

    def store_class(self, store: Store, classes: list[Class]) -> bool:
        """Whether an attribute store is on an instance of one of these classes."""
        owner = method_of(store.scope)
        if store.base[0] == "name" and owner is not None and store.base[2] == owner.self_name:
            return owner.owner is not None and self._is_kin(owner.owner, classes)
        return any(
            isinstance(value, (Instance, ClassValue)) and self._is_kin(value.cls, classes)
            for value in self.evaluate(store.base, store.scope)
        )

    def _is_kin(self, cls: Class, classes: list[Class]) -> bool:
        """Whether an object may be of a class and of the first of these, whose bases the others are: one derives from
        the other, or a third class from both. What they only have a base in common with is another object's."""
        if cls in classes:
            return True
        line = self.lineage(cls)[0]
        if classes[0] in line:
            return True
        if not any(base in classes for base in line):
            return False
        return any(cls in self.lineage(heir)[0] for heir in self.subclasses(classes[0]))

    def stored(self, store: Store) -> Iterable[Value]:
        """What a store puts there."""
        if store.element:
            return self.elements(store.value, store.scope, store.index)
        if store.entered:
            return self.entered(store.value, store.scope)
        if store.how in ("update", "extend"):
            return self.elements(store.value, store.scope)
        found = self.evaluate(store.value, store.scope)
        if store.beside:
            found = tuple(of_module(found, store.beside, self.program))
        if store.annotation is None:
            return found
        return (*found, *self.told(store.annotation, store.scope, found))

    def lineage(self, cls: Class) -> tuple[list[Class], list[str]]:
        """A class and its bases inside the repository, in order, and the dotted paths of bases outside."""
        known = self._mro.get(id(cls))
        if known is not None:
            return known
        self._mro[id(cls)] = ([cls], [])
        classes: list[Class] = [cls]
        outside: list[str] = []
        for base in cls.bases:
            plain = base[2] if base[0] == "sub" else base
            for value in self.evaluate(plain, cls.parent or cls.module):
                if isinstance(value, ClassValue) and value.cls is not cls:
                    inner, paths = self.lineage(value.cls)
                    classes.extend(c for c in inner if c not in classes)
                    outside.extend(p for p in paths if p not in outside)
                elif isinstance(value, External) and value.path not in ("typing.Generic", "abc.ABC", "builtins.object"):
                    outside.append(value.path)
        self._mro[id(cls)] = (classes, outside)
        return classes, outside

    def inherits(self, cls: Class, *paths: str) -> bool:
        """Whether a class derives from one of these outside classes (`.Name` matches any module)."""
        return any(
            path == wanted or (wanted.startswith(".") and path.endswith(wanted))
            for path in self.lineage(cls)[1]
            for wanted in paths
        )

    def is_enumeration(self, cls: Class) -> bool:
        """Whether a class is an enumeration."""
        return self.inherits(cls, ".Enum", ".StrEnum", ".IntEnum")

    def members(self, cls: Class, wanted: object = None) -> Iterator[Value]:
        """What the members of an enumeration stand for, `Provider[name].value`: all of them, or the one of a name."""
        for candidate in self.lineage(cls)[0]:
            for name, bindings in candidate.bindings.items():
                if bindings[0].kind == "value" and wanted in (None, name) and not name.startswith("_"):
                    yield from self.binding(bindings[0])

    def subclasses(self, cls: Class) -> list[Class]:
        """The classes of the program that derive from a class, at any depth."""
        if self._subclasses is None:
            self._subclasses = defaultdict(list)
            for candidate in self.program.classes:
                for base in self.lineage(candidate)[0][1:]:
                    self._subclasses[id(base)].append(candidate)
        return self._subclasses.get(id(cls), [])

    def inherited(self, cls: Class, name: str) -> Function | None:
        """The method of a name that objects of a class have, if it is in the repository."""
        for candidate in self.lineage(cls)[0]:
            method = candidate.method(name)
            if method is not None:
                return method
        return None

    def constructor(self, cls: Class) -> Function | None:
        """The `__init__` that constructing a class runs, if it is in the repository."""
        return self.inherited(cls, "__init__")

    def constructions(self, cls: Class) -> list[Call]:
        """The calls that make instances of exactly this class."""
        known = self._constructions.get(id(cls))
        if known is None:
            known, complete = self.settled(lambda: self._making(cls))
            if complete:
                self._constructions[id(cls)] = known
        return known

    def _making(self, cls: Class) -> Iterator[Call]:
        yield from self.sorted_calls.plain.get(id(cls), ())
        for call in self.sorted_calls.open.get(cls.name, ()):
            if any(isinstance(v, ClassValue) and v.cls is cls for v in self.callees(call)):
                yield call
        for call in self.program.calls_by_name.get("cls", ()):
            method = method_of(call.scope)
            if method is not None and method.owner is cls and call.expression[2][0] == "name":
                yield call

        yield from (call for made, call in self._chosen_calls() if made is cls)

    def _chosen_calls(self) -> list[tuple[Class, Call]]:
        """Calls of what a container or a function gives, `REGISTRY[name](...)`, each with a class that it makes."""
        if self._made_by_choice is None:
            self._made_by_choice = []
            with self.aside():  # what is asked on the way does without
                found = [
                    (value.cls, call)
                    for call in self.call_index.values()
                    if call.expression[2][0] != "attr" and is_chosen(call.expression[2], call.scope)
                    for value in self.evaluate(call.expression[2], call.scope)
                    if isinstance(value, ClassValue)
                ]
            self._made_by_choice = found
        return self._made_by_choice

    def is_made(self, cls: Class) -> bool:
        """Whether the program makes instances of a class: by calling it, or by handing it on as a value."""
        return cls.name in self._handed_on or bool(self.constructions(cls))

    def is_used(self, function: Function) -> bool:
        """Whether anything may run a function: a caller, a decorator, whoever has the object of a method, or whoever is
        given it as a value."""
        if function.decorators or function.owner is not None or function.name in self._handed_on:
            return True
        return bool(self.callers(function))

    def is_handed_on(self, function: Function) -> bool:
        """Whether a function stands somewhere as a value, so that anybody may call it."""
        return function.name in self._handed_on

    def is_made_by_used_code(self, cls: Class) -> bool:
        """Whether the program makes instances of a class, or hands it on, elsewhere than in functions left unused."""
        if cls.name in self._handed_on:
            return True
        makers = [[s for s in call.scope.within() if isinstance(s, Function)] for call in self.constructions(cls)]
        return any(not functions or self.is_used(functions[-1]) for functions in makers)

    @cached_property
    def _handed_on(self) -> frozenset[str]:
        """Names that stand as values in containers, arguments and returns: registries and factories use them so."""
        found: set[str] = set()
        for call in self.call_index.values():
            for argument in (*call.arguments, *(value for _, value in call.keywords)):
                found.update(_values_named(argument))
        for module in self.program.modules:
            for scope in module.scopes:
                values = [value for value, _ in scope.returns]
                values += [b.expression for bs in scope.bindings.values() for b in bs if b.expression is not None]
                values += [store.value for store in scope.stores if store.value is not None]
                for value in values:
                    found.update(_values_named(value))
        return frozenset(found)


def _is_empty(value: Value) -> bool:
    """Whether a value is a container that is written without anything in it: `turns: list[Turn] = []`."""
    return isinstance(value, Literal) and value.expression[0] in ("list", "dict", "set") and not value.expression[2]


def _is_dataclass(cls: Class) -> bool:
    return any(last_name(d[2] if d[0] == "call" else d) == "dataclass" for d in cls.decorators)


def is_chosen(expression: Expression, scope: Scope) -> bool:
    """Whether what is called comes out of a container or a call, directly or as a local variable:
    `made = REGISTRY.get(name)`, `made = class_for(name)`."""
    if expression[0] != "name":
        return expression[0] in ("sub", "call")
    holder = scope_of_name(scope, expression[2])
    values = [binding.expression for binding in holder.bindings[expression[2]]] if isinstance(holder, Function) else []
    return any(value is not None and value[0] in ("sub", "call") for value in values)


def _values_named(expression: Expression) -> Iterator[str]:
    """The names that an expression hands on as they are, alone or inside containers and conditions."""
    tag = expression[0]
    if tag in ("name", "attr"):
        yield last_name(expression)
    elif tag in ("list", "tuple", "set", "bool"):
        for part in expression[2] if tag != "bool" else expression[3]:
            yield from _values_named(part)
    elif tag == "dict":
        for _, value in expression[2]:
            yield from _values_named(value)
    elif tag == "ifexp":
        yield from _values_named(expression[3])
        yield from _values_named(expression[4])
