"""Registries that are asked with a key that the program tells: it chooses what was registered under it.

`@register("fast") class Fast` runs `REGISTRY[name] = cls` once for each class that is decorated so; `REGISTRY["fast"]`
gives the one that was decorated with that name, wherever the name is written: in a constant, an enumeration, or the one
call of the function that looks it up. What a setting or an environment variable names is for operators to choose.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import Any

from aiaudit.model.evaluation.built import is_under
from aiaudit.model.evaluation.core import Core
from aiaudit.model.program import scope_of_name
from aiaudit.model.scopes import Binding, Call, Class, Function, Scope, Store, last_name
from aiaudit.model.values import ClassValue, Constant, FunctionValue, Instance, ModuleValue, Value, Values
from aiaudit.sources.python.facts import Expression, Parameter
from aiaudit.values import dataclass, replace

Keys = frozenset[Any]
# A key that is named through more names than this is not known.
_DEPTH = 6
_FOLDING: dict[str, Callable[[str], str]] = {
    "lower": str.lower,
    "upper": str.upper,
    "strip": str.strip,
    "casefold": str.casefold,
}
_READS = ("get", "pop")


@dataclass(frozen=True, slots=True)
class Registered:
    """What one use of a registering function puts into a container, and under which keys (None: under any)."""

    keys: Keys | None
    values: Values


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a function gives that looks up one of its parameters: the container, what is made of the parameter's text
    first (`lower`), and the calls of what lay in it."""

    container: Expression
    parameter: Parameter
    fold: str = ""
    calls: tuple[Expression, ...] = ()


class AskedKey:
    """The key that a container is asked for, as far as the program tells it; found out once it is needed."""

    __slots__ = ("_answer", "_expression", "_keyed", "_scope")

    def __init__(self, expression: Expression, scope: Scope, keyed: Keyed) -> None:
        self._expression, self._scope, self._keyed = expression, scope, keyed
        self._answer: tuple[Keys | None] | None = None

    @property
    def keys(self) -> Keys | None:
        """The literals that it may be; None where it may be anything."""
        if self._answer is None:
            self._answer = (self._keyed.keys_of(self._expression, self._scope),)
        return self._answer[0]


class Keyed(Core):
    """Answers about what lies under a key."""

    def _is_asked(self, key: Expression, scope: Scope, keys: Keys | None) -> bool:
        """Whether a key that is written down may be one of those that are asked for."""
        if keys is None:
            return True
        written = self.keys_of(key, scope)
        return written is None or bool(written & keys)

    def put_under(self, stores: Iterable[Store], wanted: Any, keys: Keys | None) -> Iterator[Value]:
        """What some stores put under a key, or under one of those that the program tells."""
        for store in stores:
            if not is_under(store, wanted):
                continue
            known = keys if keys is not None or wanted is None else frozenset((wanted,))
            registered = self._registrations(store, store.key) if known is not None and store.how == "element" else ()
            if not registered or known is None:
                if known is None or store.key is None or self._is_asked(store.key, store.scope, known):
                    yield from self.stored(store)
                continue
            for entry in registered:
                if entry.keys is None or entry.keys & known:
                    yield from entry.values

    def put_below(self, stores: Iterable[Store], keys: Keys) -> Iterator[Value]:
        """What stores put into the lists under one of some keys: `KINDS.setdefault(kind, []).append(cls)`."""
        for store in stores:
            key = key_of_entry(store.base)
            registered = self._registrations(store, key) if key is not None else ()
            if not registered:
                if key is None or self._is_asked(key, store.scope, keys):
                    yield from self.stored(store)
                continue
            for entry in registered:
                if entry.keys is None or entry.keys & keys:
                    yield from entry.values

    def keys_of(self, expression: Expression | None, scope: Scope, depth: int = _DEPTH) -> Keys | None:
        """The literals that an expression may be; None where it may be anything else."""
        if expression is None or depth == 0:
            return None
        tag = expression[0]
        if tag == "const":
            return frozenset((expression[2],)) if isinstance(expression[2], (str, int)) else None
        if tag == "name":
            return self._keys_of_name(expression[2], scope, depth - 1)
        if tag == "attr":
            return self._keys_of_attribute(expression, scope, depth - 1)
        if tag in ("bool", "ifexp"):
            parts = expression[3] if tag == "bool" else expression[3:5]
            return _together(self.keys_of(part, scope, depth - 1) for part in parts)
        if tag != "call":
            return None
        function, arguments = expression[2], expression[3]
        if function[0] == "attr" and function[3] in _FOLDING and not arguments:
            return _folded(self.keys_of(function[2], scope, depth - 1), function[3])
        return None

    def _keys_of_name(self, name: str, scope: Scope, depth: int) -> Keys | None:
        holder = scope_of_name(scope, name)
        if holder is None:
            return None
        bindings = holder.bindings[name]
        again = [b for b in bindings if b.expression is not None and _folds(b.expression, name)]
        found = _together(self._keys_of_binding(binding, depth) for binding in bindings if binding not in again)
        for binding in again:  # `name = name.lower()`
            folded = _folded(found, binding.expression[2][3]) if binding.expression is not None else None
            found = _together((found, folded))
        return found

    def _keys_of_binding(self, binding: Binding, depth: int) -> Keys | None:
        if binding.kind == "value":
            return self.keys_of(binding.expression, binding.scope, depth)
        if binding.kind == "parameter" and isinstance(binding.scope, Function):
            return self._keys_of_parameter(binding.target, binding.scope, depth)
        if binding.kind == "from":
            level, source, name = binding.target
            found = self.program.resolve(binding.scope.module, source, level)
            module = found.module if isinstance(found, ModuleValue) else None
            return self._keys_of_name(name, module, depth - 1) if module is not None and depth > 1 else None
        return None

    def _keys_of_parameter(self, parameter: Parameter, function: Function, depth: int) -> Keys | None:
        """What all callers of a function give for a parameter, if nobody else can call it."""
        name, kind, _, default, _ = parameter
        if kind not in ("any", "positional", "keyword") or function.decorators or self.is_handed_on(function):
            return None
        found: list[Keys | None] = []
        for call, bound, shift in self.callers(function):
            given = None if shift else given_for(call, function, name, bound)
            if given is not None:
                found.append(self.keys_of(given, call.scope, depth))
            elif call.spreads or shift or default is None:
                return None
            else:
                found.append(self.keys_of(default, function.parent or function.module, depth))
        return _together(found)

    def _keys_of_attribute(self, expression: Expression, scope: Scope, depth: int) -> Keys | None:
        """What a member of an enumeration or a constant of a class or module is."""
        base, name = expression[2], expression[3]
        values = self.evaluate(base, scope)
        if name in ("value", "name") and values and all(isinstance(value, Constant) for value in values):
            return self.keys_of(base, scope, depth) if name == "value" else None
        found: list[Keys | None] = []
        for value in values:
            if isinstance(value, ModuleValue) and value.module is not None:
                found.append(self._keys_of_name(name, value.module, depth))
            elif isinstance(value, ClassValue) and not self.inherits(value.cls, ".BaseSettings"):
                found.append(self._keys_of_member(value.cls, name, depth))
            else:
                return None
        return _together(found)

    def _keys_of_member(self, cls: Class, name: str, depth: int) -> Keys | None:
        owner = next((base for base in self.lineage(cls)[0] if name in base.bindings), None)
        bound = owner.bindings[name] if owner is not None else []
        if owner is None or len(bound) != 1 or bound[0].kind != "value":
            return None
        return self.keys_of(bound[0].expression, owner, depth)

    # Registrations: a store of a parameter, seen as what each call of its function puts there.

    @cached_property
    def _registered(self) -> dict[int, list[Registered]]:
        return {}

    def _registrations(self, store: Store, key: Expression | None) -> list[Registered]:
        """What the uses of a registering function put under a key; nothing where the store is no part of one, or where
        not all of its uses are known."""
        function, value = store.scope, store.value
        if not isinstance(function, Function) or value is None or key is None:
            return []
        made = value if value[0] == "call" and not value[3] and not value[4] else None
        name = last_name(made[2] if made is not None else value)
        if (made[2] if made is not None else value)[0] != "name" or key[0] == "const":
            return []
        if name == function.self_name and function.name != "__init_subclass__":
            return []
        if all(name != parameter[0] for parameter in function.parameters):
            return []
        known = self._registered.get(id(store))
        if known is None:
            found, complete = self.settled(lambda: list(self._uses(key, function, name, made)))
            known = found
            if complete:
                self._registered[id(store)] = known
        return known

    def _uses(self, key: Expression, function: Function, name: str, made: Expression | None) -> Iterator[Registered]:
        if name == function.self_name and function.owner is not None:
            for heir in self.subclasses(function.owner):
                value = ClassValue(heir)
                yield Registered(self._key_of_heir(key, function, heir), self._put((value,), made, function))
            return
        for decorated, decorator, scope in self.decorations_by(function):
            keys = self._key_given(key, function, name, decorated, decorator, scope)
            yield Registered(keys, self._put((decorated,), made, function))
        for call, bound, shift in (*self.callers(function), *self._calls_of_inner(function)):
            given = None if shift else given_for(call, function, name, bound)
            if given is not None:
                values = self.evaluate(given, call.scope)
                keys = self._key_of_call(key, function, name, values, call, bound)
                yield Registered(keys, self._put(values, made, function))

    def _calls_of_inner(self, function: Function) -> Iterator[tuple[Call, int, int]]:
        """The calls of what another function gives: `register("fast")(Fast)`."""
        outer = function.parent
        for call in self.program.calls_by_name.get("", ()) if isinstance(outer, Function) else ():
            callee = call.expression[2]
            if callee[0] != "call" or outer is None or last_name(callee[2]) != outer.name:
                continue
            if any(isinstance(value, FunctionValue) and value.function is function for value in self.callees(call)):
                yield call, 0, 0

    def _put(self, values: Values, made: Expression | None, function: Function) -> Values:
        """What is put there of what a registering function is given: itself, or what calling it makes."""
        if made is None:
            return values
        call = self.call_of(made, function)
        return tuple(inner for value in values for inner in self.called(value, call))

    def _key_given(
        self,
        key: Expression | None,
        function: Function,
        name: str,
        decorated: Value,
        decorator: Expression,
        scope: Scope,
    ) -> Keys | None:
        """The keys under which a decorator puts what it decorates."""
        outer = function.parent
        if key is None:
            return None
        if key[0] == "bool" and key[2] == "Or":  # `name or cls.__name__`
            parts = (self._key_given(part, function, name, decorated, decorator, scope) for part in key[3])
            return next((found for found in parts if found is not None), None)
        if key[0] == "attr" and key[2][0] == "name" and key[2][2] == name:
            return self._own_key(decorated, key[3])
        if key[0] == "call" and key[2][0] == "attr" and key[2][3] in _FOLDING and not key[3]:
            return _folded(self._key_given(key[2][2], function, name, decorated, decorator, scope), key[2][3])
        if key[0] != "name" or not isinstance(outer, Function) or decorator[0] != "call":
            return None
        parameter = next((p for p in outer.parameters if p[0] == key[2]), None)
        if parameter is None or key[2] in function.bindings:
            return None
        bound = int(outer.self_name is not None and decorator[2][0] == "attr")
        given = given_for(self.call_of(decorator, scope), outer, key[2], bound)
        if given is not None:
            return self.keys_of(given, scope)
        return self.keys_of(parameter[3], outer.parent or outer.module)

    def _key_of_call(
        self, key: Expression | None, function: Function, name: str, values: Values, call: Call, bound: int
    ) -> Keys | None:
        """The keys under which a call puts what it is given."""
        if key is None:
            return None
        if key[0] == "attr" and key[2][0] == "name" and key[2][2] == name:
            return _together(self._own_key(value, key[3]) for value in values)
        if key[0] != "name":
            return None
        if any(key[2] == parameter[0] for parameter in function.parameters):
            return self.keys_of(given_for(call, function, key[2], bound), call.scope)
        callee = call.expression[2]  # `register("fast")(Fast)`
        return self._key_given(key, function, name, values[0], callee, call.scope) if values else None

    def _key_of_heir(self, key: Expression | None, function: Function, heir: Class) -> Keys | None:
        """The keys under which `__init_subclass__` puts a class: those of `class Fast(Base, kind="fast")`."""
        if key is not None and key[0] == "name":
            outer = heir.parent or heir.module
            given = next((value for name, value in heir.node[4] if name == key[2]), None)
            if given is not None:
                return self.keys_of(given, outer)
            return self.keys_of(next((p[3] for p in function.parameters if p[0] == key[2]), None), function.module)
        decorator = ("name", heir.node[1], heir.name)  # none that gives a key
        return self._key_given(key, function, function.self_name or "", ClassValue(heir), decorator, heir.module)

    def _own_key(self, value: Value, attribute: str) -> Keys | None:
        """The key that a class or function brings itself: its `__name__`, or a constant of the class."""
        if attribute == "__name__" and isinstance(value, (ClassValue, FunctionValue)):
            return frozenset((value.cls.name if isinstance(value, ClassValue) else value.function.name,))
        if isinstance(value, (ClassValue, Instance)):
            return self._keys_of_member(value.cls, attribute, _DEPTH)
        return None

    # Functions that look a parameter up: what they give is asked for the one call.

    @cached_property
    def _choosing(self) -> dict[int, Chosen | None]:
        return {}

    def chosen_by_key(self, callee: FunctionValue, call: Call) -> tuple[Value, ...] | None:
        """What a function gives for one call that names the key it looks up; None for other functions and calls."""
        function = callee.function
        if id(function) not in self._choosing:
            self._choosing[id(function)] = _chosen_of(function)
        chosen = self._choosing[id(function)]
        if chosen is None:
            return None
        bound = int(callee.bound is not None and function.self_name is not None)
        given = given_for(call, function, chosen.parameter[0], bound)
        if given is None and call.spreads:
            return None
        outer = function.parent or function.module
        keys = self.keys_of(given, call.scope) if given is not None else self.keys_of(chosen.parameter[3], outer)
        if keys is not None and chosen.fold:
            keys = _folded(keys, chosen.fold)
        if keys is None:
            return None
        values: Values = self.under_keys(chosen.container, function, keys)
        for made in chosen.calls:
            inside = self.call_of(made, function)
            values = tuple(inner for value in values for inner in self.called(value, inside))
        return values or None


def _chosen_of(function: Function) -> Chosen | None:
    """What a function looks up, where that is all that it gives."""
    returned = [value for value, _ in function.returns if not (value[0] == "const" and value[2] is None)]
    if len(returned) != 1 or function.generator:
        return None
    return _looked_up(returned[0], function, _DEPTH)


def _looked_up(expression: Expression, function: Function, depth: int) -> Chosen | None:
    if depth == 0:
        return None
    if expression[0] == "name":
        bound = function.bindings.get(expression[2], ())
        value = bound[0].expression if len(bound) == 1 and bound[0].kind == "value" else None
        return _looked_up(value, function, depth - 1) if value is not None else None
    container, key = _read(expression)
    if container is not None and key is not None:
        fold = key[2][3] if key[0] == "call" and key[2][0] == "attr" and not key[3] else ""
        named = key[2][2] if fold in _FOLDING else key
        name = named[2] if named[0] == "name" else ""
        parameter = next((p for p in function.parameters if p[0] == name), None)
        is_plain = parameter is not None and parameter[1] in ("any", "positional", "keyword")
        if parameter is None or not is_plain or len(function.bindings.get(name, ())) != 1:
            return None
        return Chosen(container, parameter, fold if fold in _FOLDING else "")
    if expression[0] != "call":
        return None
    inner = _looked_up(expression[2], function, depth - 1)
    return replace(inner, calls=(*inner.calls, expression)) if inner is not None else None


def _read(expression: Expression) -> tuple[Expression | None, Expression | None]:
    """The container and the key of a look-up."""
    if expression[0] == "sub":
        return expression[2], expression[3]
    if expression[0] == "call" and expression[2][0] == "attr" and expression[2][3] in _READS and expression[3]:
        return expression[2][2], expression[3][0]
    return None, None


def key_of_entry(container: Expression) -> Expression | None:
    """The key of the entry that a container is in another one: `kinds[kind]`, `kinds.setdefault(kind, [])`."""
    if container[0] == "sub":
        return None if container[3][0] == "slice" else container[3]
    is_read = container[0] == "call" and container[2][0] == "attr" and container[2][3] in (*_READS, "setdefault")
    return container[3][0] if is_read and container[3] else None


def given_for(call: Call, function: Function, name: str, bound: int) -> Expression | None:
    """What a call of a function gives for one of its parameters, after `bound` leading ones."""
    positions = [p[0] for p in function.parameters if p[1] in ("positional", "any")]
    index = positions.index(name) - bound if name in positions else None
    return call.argument(name, index if index is not None and index >= 0 else None)


def _folds(expression: Expression, name: str) -> bool:
    """Whether an expression is a form of the text that a name already is."""
    if expression[0] != "call" or expression[3] or expression[2][0] != "attr" or expression[2][3] not in _FOLDING:
        return False
    base = expression[2][2]
    return bool(base[0] == "name" and base[2] == name)


def _folded(keys: Keys | None, method: str) -> Keys | None:
    if keys is None or not all(isinstance(key, str) for key in keys):
        return None
    return frozenset(_FOLDING[method](key) for key in keys)


def _together(found: Iterable[Keys | None]) -> Keys | None:
    """All that some may be; None where that of one is not known, or there are none."""
    together: set[Any] = set()
    for keys in found:
        if keys is None:
            return None
        together |= keys
    return frozenset(together) or None
