"""Functions: results, parameters, callers; annotations as a last resort."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import Any

from aiaudit.model.evaluation.by_name import ByName
from aiaudit.model.evaluation.core import distinct
from aiaudit.model.evaluation.decorators import Decorators
from aiaudit.model.evaluation.expressions import CARRIERS
from aiaudit.model.evaluation.handing import HANDING_OVER
from aiaudit.model.evaluation.tornado import Tornado
from aiaudit.model.program import scope_of_name
from aiaudit.model.scopes import Call, Class, Function, Scope, last_name
from aiaudit.model.values import (
    ClassValue,
    Constant,
    Elements,
    External,
    FunctionValue,
    Instance,
    Literal,
    ModuleValue,
    Partial,
    Value,
)
from aiaudit.sources.python.facts import Expression, Parameter
from aiaudit.values import replace

# Values that are, or lead to, code of the repository.
OWN = (Instance, ClassValue, FunctionValue, ModuleValue, Partial)
_LEADING = (External, *OWN)
# Through so many functions are keywords followed that are handed on unseen.
_HANDED_ON = 2


class Functions(Decorators, ByName, Tornado):
    """Answers about functions of the repository."""

    def result_of(self, function: Function) -> Iterator[Value]:
        given = function.yields if function.generator else function.returns
        found: list[Value] = []
        for value, _ in given:
            found.extend(self.evaluate(value, function))
        yield from found
        yield from self.told(function.annotation, function.parent or function.module, found)

    def functions_of(self, expression: Expression | None, scope: Scope) -> Iterator[Function]:
        """The functions of the program that a call of a value runs: itself, or the `__call__` of its object."""
        for value in self.evaluate(expression, scope):
            inner = value.function if isinstance(value, Partial) else value
            if isinstance(inner, FunctionValue):
                yield inner.function
            elif isinstance(inner, Instance):
                method = inner.cls.method("__call__")
                if method is not None:
                    yield method

    def parameter(self, parameter: Parameter, function: Function) -> Iterator[Value]:
        """What a parameter may receive: injected, passed by callers, else by its annotation or default."""
        name, kind, annotation, default, _ = parameter
        if name == function.self_name:
            owner: Class = function.owner  # type: ignore[assignment]
            if function.name == "__init_subclass__":
                yield from (ClassValue(heir) for heir in self.subclasses(owner))
                return
            yield ClassValue(owner) if function.has_decorator("classmethod") else Instance(owner)
            return
        outer = function.parent or function.module
        dependency = self.dependency(parameter, function)
        if dependency is not None:
            yield from self.injected(dependency, annotation, outer)
            return
        found: list[Value] = []
        if kind == "variadic":
            collected = distinct(self._collected_by(function))
            if collected:
                yield Elements(collected)
                return
        elif kind != "keywords":
            for argument, scope in self.passed(function, name):
                values = self.evaluate(argument, scope)
                if self.program.providers:
                    values = tuple(given for value in values for given in self.provided(value))
                found.extend(values)
            if not found and parameter in function.parameters[:2]:
                found.extend(self._given_by_framework(parameter, function))
            found.extend(self.initialized_with(name, function))
        yield from found
        is_none = default is not None and default[0] == "const" and default[2] is None
        if not (is_none and self._is_left_out(function, name)):
            # A container that a caller passes tells less of what lies in it than the annotation.
            yield from self.told(annotation, outer, [v for v in found if isinstance(v, _LEADING)])
        if default is not None:
            yield from self.evaluate(default, outer)

    def _is_left_out(self, function: Function, name: str) -> bool:
        """Whether the program calls a function, and no call gives this parameter."""
        calls = [call for call, _, _ in self.callers(function)]
        return bool(calls) and not any(call.spreads for call in calls) and not any(self.passed(function, name))

    def _given_by_framework(self, parameter: Parameter, function: Function) -> Iterator[Value]:
        """What a decorator passes where no call does: what it decorates, or the task object of `bind=True`."""
        first = function.parameters[0][0]
        if parameter[0] == first or first == function.self_name:
            yield from self.decorated_with(function)
        if parameter[0] == first:
            yield from self.bound_task(function)

    def dependency(self, parameter: Parameter, function: Function) -> Call | None:
        """What injects a parameter: the `Depends(...)` of its default or its `Annotated`, or a `Provide(...)`."""
        _, _, annotation, default, _ = parameter
        outer = function.parent or function.module
        for candidate, scope in ((default, outer), *self.annotation_extras(annotation, outer)):
            if candidate is not None and candidate[0] == "call":
                for value in self.evaluate(candidate[2], scope):
                    if isinstance(value, External) and value.path.endswith((".Depends", ".Security")):
                        return self.call_of(candidate, scope)
        return self.dependency_by_name(parameter, function)

    def injected(self, call: Call, annotation: Expression | None, scope: Scope) -> Iterator[Value]:
        """What a dependency gives."""
        if not call.arguments and call.keyword("dependency") is None:
            yield from self.annotated(annotation, scope)
            return
        found = tuple(self.called_argument(call, 0))
        yield from found
        yield from self.told(annotation, scope, found)

    def dependency_of(self, parameter: Parameter, function: Function) -> tuple[Value, ...]:
        """What a parameter's `Depends(...)` names; for `Depends()` the class that the parameter is declared to be."""
        call = self.dependency(parameter, function)
        if call is None:
            return ()
        given = call.argument("dependency", 0)
        if given is not None:
            return self.evaluate(given, call.scope)
        declared = self.annotated(parameter[2], function.parent or function.module)
        return tuple(ClassValue(value.cls) if isinstance(value, Instance) else value for value in declared)

    def annotation_extras(self, annotation: Expression | None, scope: Scope) -> tuple[tuple[Expression, Scope], ...]:
        """What `Annotated[T, ...]` adds to T, through aliases, each with the scope that it is written in."""
        if annotation is None:
            return ()
        if annotation[0] == "sub" and last_name(annotation[2]) == "Annotated" and annotation[3][0] == "tuple":
            return tuple((extra, scope) for extra in annotation[3][2][1:])
        if annotation[0] in ("name", "attr"):
            for expression, holder in self.definitions(annotation, scope):
                if expression[0] == "sub":
                    extras = self.annotation_extras(expression, holder)
                    if extras:
                        return extras
        return ()

    def definitions(self, expression: Expression, scope: Scope) -> Iterator[tuple[Expression, Scope]]:
        """The expressions that a plain name was assigned, across imports."""
        if expression[0] == "attr":
            for value in self.evaluate(expression[2], scope):
                if isinstance(value, ModuleValue) and value.module is not None:
                    yield from self.definitions(("name", expression[1], expression[3]), value.module)
            return
        if expression[0] != "name":
            return
        holder = scope_of_name(scope, expression[2])
        for binding in holder.bindings[expression[2]] if holder else ():
            if binding.kind == "value" and binding.expression is not None:
                yield binding.expression, binding.scope
            elif binding.kind == "from":
                level, source, name = binding.target
                found = self.program.resolve(binding.scope.module, source, level)
                if isinstance(found, ModuleValue) and found.module is not None and found.module is not scope:
                    yield from self.definitions(("name", expression[1], name), found.module)

    def passed(self, function: Function, name: str) -> Iterator[tuple[Expression, Scope]]:
        """The arguments that callers give for a parameter, with the scope of each."""
        index = _position_of(name, function)
        for call, offset, shift in self.callers(function):
            argument = _given(call, name, index, offset, shift)
            if argument is not None:
                yield argument, call.scope
            elif call.spreads:
                yield from self._passed_on(call, name)

    def passed_by(self, call: Call, function: Function, name: str) -> Iterator[Expression]:
        """What one call of a function gives for a parameter, or its default; nothing where that is not known."""
        index = _position_of(name, function)
        for caller, offset, shift in self.callers(function):
            if caller is call and not call.spreads:
                argument = _given(call, name, index, offset, shift)
                given = argument or next((p[3] for p in function.parameters if p[0] == name), None)
                if given is not None:
                    yield given

    def _passed_on(self, call: Call, name: str, depth: int = 0) -> Iterator[tuple[Expression, Scope]]:
        """What callers give for a parameter to a function that hands on all its keywords: `return make(**options)`."""
        scope = call.scope
        for key, spread in call.keywords:
            if key is not None or spread[0] != "name" or not isinstance(scope, Function):
                continue
            if any(p[0] == spread[2] and p[1] == "keywords" for p in scope.parameters):
                for caller, _, _ in self.callers(scope):
                    given = caller.keyword(name)
                    if given is not None:
                        yield given, caller.scope
                    elif depth < _HANDED_ON:
                        yield from self._passed_on(caller, name, depth + 1)

    def _collected_by(self, function: Function) -> Iterator[Value]:
        """What callers give to `*rest`: the arguments that no other parameter takes."""
        positions = sum(p[1] in ("positional", "any") for p in function.parameters)
        for call, offset, shift in self.callers(function):
            for argument in call.arguments[max(positions - offset + shift, 0) :]:
                if argument[0] == "star":
                    yield from self.elements(argument[2], call.scope)
                else:
                    yield from self.evaluate(argument, call.scope)

    def callers(self, function: Function) -> list[tuple[Call, int, int]]:
        """Calls of a function: the call, how many leading parameters are bound, how many arguments come before."""
        known = self._callers.get(id(function))
        if known is None:
            known, complete = self.settled(lambda: self._calls_of(function))
            if complete:
                self._callers[id(function)] = known
        return known

    def _calls_of(self, function: Function) -> Iterator[tuple[Call, int, int]]:
        if function.owner is not None and function.name == "__init__":
            for cls in (function.owner, *self.subclasses(function.owner)):
                if cls is function.owner or self.constructor(cls) is function:
                    for call in self.constructions(cls):
                        yield call, 1, 0
        for call in self.sorted_calls.plain.get(id(function), ()):
            yield call, 0, 0
        for call, bound in self._named(self._called, function, self._open_calls):
            yield call, bound, 0
        if self.dispatched and id(function) in self.generics:
            for call, bound in self._named(self._called, self.generics[id(function)], self._open_calls):
                yield call, bound, 0
        if function.name == "__call__":
            for call, bound in self._named(self._applied, function, self._calls_of_objects):
                yield call, bound, 0
        for call, bound, position in self._named(self._handed, function, self._mentioning):
            yield call, bound, position + 1  # `to_thread(f, a, b)`, `add_task(f, a)`: arguments that come after
        if function.name in self._partly_given:
            for call, bound in self._named(self._completed, function, self._calls_of_partials):
                yield call, bound, 0

    def _named(
        self, memory: dict[str, dict[int, list[Any]]], function: Function, make: Callable[[str], Iterable[Any]]
    ) -> list[Any]:
        """Of the calls that may mean any function of a name, those that mean this one; each name is sorted out once."""
        known = memory.get(function.name)
        if known is None:
            rows, complete = self.settled(lambda: make(function.name))
            known = defaultdict(list)
            for target, *row in rows:
                if row not in known[id(target)]:
                    known[id(target)].append(row)
            if complete:
                memory[function.name] = known
        return known.get(id(function), [])

    def _open_calls(self, name: str) -> Iterator[tuple[Function, Call, int]]:
        for call in self.sorted_calls.open.get(name, ()):
            for value in self.callees(call):
                if isinstance(value, FunctionValue):
                    yield value.function, call, is_bound(value)

    def _calls_of_objects(self, name: str) -> Iterator[tuple[Function, Call, int]]:
        """Calls of an object as if it were a function: what they run is a method of its class."""
        for call in list(self.call_index.values()):
            for value in self.callees(call):
                if isinstance(value, Instance):
                    for method in self.class_attribute(value.cls, name, value):
                        if isinstance(method, FunctionValue):
                            yield method.function, call, is_bound(method)

    @cached_property
    def _partials(self) -> list[Call]:
        """The calls that give a function some of its arguments, for others to call it later with the rest. What a
        thread or a task is given as `partial(ask, text)` has all of them."""
        by_name = self.program.calls_by_name
        complete = {id(part) for name in HANDING_OVER for call in by_name.get(name, ()) for part in call.arguments}
        return [call for call in by_name.get("partial", ()) if call.arguments and id(call.expression) not in complete]

    @cached_property
    def _partly_given(self) -> set[str]:
        """The names of functions that the program gives some arguments."""
        return {last_name(call.arguments[0]) for call in self._partials}

    @cached_property
    def _partial_names(self) -> set[str]:
        """The names under which what `partial` gives is called; "" for entries of containers."""
        made = {id(call.expression) for call in self._partials}
        found = {""}
        for scope in {id(call.scope): call.scope for call in self._partials}.values():
            found |= {name for name, bound in scope.bindings.items() if any(id(b.expression) in made for b in bound)}
            found |= {store.attribute for store in scope.stores if store.attribute and id(store.value) in made}
        return found

    def _calls_of_partials(self, name: str) -> Iterator[tuple[Function, Call, int]]:
        """Calls of what `partial` gave, with the arguments that come behind those given before."""
        for call in (call for known in sorted(self._partial_names) for call in self.sorted_calls.open.get(known, ())):
            for value in self.callees(call):
                inner = value.function if isinstance(value, Partial) else None
                if isinstance(value, Partial) and isinstance(inner, FunctionValue) and inner.function.name == name:
                    yield inner.function, call, is_bound(inner) + len(value.call.arguments) - 1

    def _mentioning(self, name: str) -> Iterator[tuple[Function, Call, int, int]]:
        for call, position in self.mentions.get(name, ()):
            for value in self.evaluate(call.arguments[position], call.scope):
                if isinstance(value, FunctionValue):
                    yield value.function, call, is_bound(value), position

    @cached_property
    def mentions(self) -> dict[str, list[tuple[Call, int]]]:
        """Name of a function -> the calls that get an argument of that last name, and its position."""
        index: dict[str, list[tuple[Call, int]]] = {function.name: [] for function in self.program.functions}
        for call in self.call_index.values():
            for position, argument in enumerate(call.expression[3]):
                tag = argument[0]
                if tag == "name" or tag == "attr":
                    mentioned = index.get(argument[2 if tag == "name" else 3])
                    if mentioned is not None:
                        mentioned.append((call, position))
        return index

    def told(self, annotation: Expression | None, scope: Scope, found: Iterable[Value]) -> Iterator[Value]:
        """What an annotation adds to the values found: all that it says where they say nothing, and objects of the
        repository's own classes where they lead out of the repository."""
        if annotation is None:
            return
        is_outside = is_known = False
        for value in found:
            if isinstance(value, OWN):
                return
            is_outside = is_outside or type(value) is External
            is_known = is_known or type(value) is not Constant
        if not is_known:
            yield from self.annotated(annotation, scope)
        elif is_outside:
            for value in self.annotated(annotation, scope):
                if any(isinstance(part, Instance) for part in _parts(value)):
                    yield value

    def annotated(self, annotation: Expression | None, scope: Scope) -> Iterator[Value]:
        """Values of an annotated type: instances whose making is not known."""
        if annotation is None:
            return
        tag = annotation[0]
        if tag == "bin":
            yield from self.annotated(annotation[3], scope)
            yield from self.annotated(annotation[4], scope)
        elif tag == "sub":
            yield from self._generic(annotation, scope)
        elif tag in ("name", "attr"):
            for value in self.evaluate(annotation, scope):
                if isinstance(value, ClassValue):
                    yield Instance(value.cls)
                elif isinstance(value, External) and not value.path.startswith(("builtins.", "typing.")):
                    yield External(f"{value.path}()", None, value)
                elif isinstance(value, Literal):
                    continue
            for expression, holder in self.definitions(annotation, scope):
                if expression[0] in ("sub", "bin"):
                    yield from self.annotated(expression, holder)

    def _generic(self, annotation: Expression, scope: Scope) -> Iterator[Value]:
        name, inner = last_name(annotation[2]), annotation[3]
        arguments = inner[2] if inner[0] == "tuple" else (inner,)
        if name == "Annotated":
            for extra in arguments[1:]:
                if extra[0] == "call" and last_name(extra[2]) in ("Depends", "Security"):
                    yield from self.injected(self.call_of(extra, scope), arguments[0], scope)
                    return
            yield from self.annotated(arguments[0], scope)
        elif name in ("Optional", "Union", "Awaitable", "ClassVar", "Final", "Required", "NotRequired"):
            for argument in arguments:
                yield from self.annotated(argument, scope)
        elif name in ("Type", "type"):
            for argument in arguments:
                yield from self.evaluate(argument, scope)
        elif name in ("Generator", "AsyncGenerator", "Iterator", "AsyncIterator", "Iterable", "AsyncIterable"):
            yield from self.annotated(arguments[0], scope)
        elif name.lower() in ("list", "sequence", "set", "tuple", "dict", "mapping", "deque", "defaultdict"):
            chosen = arguments[1:] if name.lower() in ("dict", "mapping", "defaultdict") else arguments
            yield Elements(distinct(v for a in chosen for v in self.annotated(a, scope)))
        else:
            for value in self.annotated(annotation[2], scope):
                if isinstance(value, External) and value.path.removesuffix("()").rpartition(".")[2] in CARRIERS:
                    value = replace(value, given=tuple(tuple(self.annotated(given, scope)) for given in arguments))
                yield value


def _parts(value: Value) -> tuple[Value, ...]:
    """A value, or what lies in a container."""
    return value.element if isinstance(value, Elements) else (value,)


def is_bound(value: FunctionValue) -> int:
    """How many leading parameters a function value has bound: 1 for a method taken of its object."""
    return int(value.bound is not None and value.function.self_name is not None)


def _position_of(name: str, function: Function) -> int | None:
    """Where a parameter stands among those that may be given by position."""
    names = [p[0] for p in function.parameters if p[1] in ("positional", "any")]
    return names.index(name) if name in names else None


def _given(call: Call, name: str, index: int | None, offset: int, shift: int) -> Expression | None:
    """What a call gives for a parameter at an index, as `callers` tells of the call."""
    position = None if index is None else index - offset + shift
    return call.argument(name, position if position is not None and position >= 0 else None)
