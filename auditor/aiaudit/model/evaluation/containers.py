"""Containers: what is put into lists and dicts, and what comes out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any

from aiaudit.model.evaluation.aliases import aliases
from aiaudit.model.evaluation.built import built
from aiaudit.model.evaluation.core import distinct, method_of
from aiaudit.model.evaluation.injection import INJECTED
from aiaudit.model.evaluation.keyed import AskedKey, Keyed, Keys, key_of_entry
from aiaudit.model.evaluation.tornado import SETTINGS
from aiaudit.model.evaluation.workers import WORKER_CONTEXT, has_worker, is_context
from aiaudit.model.plugins import members_of
from aiaudit.model.program import imported_names, scope_of_name
from aiaudit.model.scopes import Function, Module, Scope, Store, last_name
from aiaudit.model.syntax import added
from aiaudit.model.values import (
    FORGETTING,
    ClassValue,
    Elements,
    External,
    FunctionValue,
    Instance,
    Literal,
    ModuleValue,
    Value,
    Values,
)
from aiaudit.sources.python.facts import Expression

# So many packages pass a name on that one of their modules defines.
_PASSED_ON = 4

CONTEXT_VARIABLE = "contextvars.ContextVar()"
# Functions whose result has the elements of what they are given.
SAME_ELEMENTS = frozenset(("list", "tuple", "set", "frozenset", "sorted", "reversed", "iter"))
# What Chainlit keeps for a user: `cl.user_session.set("chain", chain)`, and gives again by the same key.
_ADDING = ("append", "extend")
_USER_SESSION = "chainlit.user_session"
# Tables with nothing in them as they are made, if they are not given anything.
_EMPTY = frozenset(("builtins.dict()", "collections.OrderedDict()", "weakref.WeakValueDictionary()", *FORGETTING))
# The lists of an aiohttp application whose functions are called with it.
HOOK_LISTS = ("on_startup", "on_shutdown", "on_cleanup", "cleanup_ctx")
# What `variable` calls an application of aiohttp: what hooks put into it, handlers find in `request.app`.
APPLICATION = ("attribute", "app")


class Containers(Keyed):
    """Answers about elements."""

    def contained(self, container: Expression, scope: Scope, key: Expression | None) -> Values:
        """The elements of a container that may stand under a key (any, where the key is unknown)."""
        question = (id(container), id(scope), id(key), "contained")
        return self.once(question, (container, key), lambda: self._contained(container, scope, key))

    def _contained(self, container: Expression, scope: Scope, key: Expression | None) -> Iterator[Value]:
        if key is not None and key[0] == "slice":
            yield from self._sliced(container, scope)
            return
        wanted = key[2] if key is not None and key[0] == "const" else None
        # What no literal says is asked for only where there is something to choose from.
        asked = AskedKey(key, scope, self) if key is not None and wanted is None else None
        added, stores = self._added_below(container, scope)
        for value in self.evaluate(container, scope):
            if isinstance(value, Literal):
                yield from self._literal_elements(value, wanted, asked)
            elif isinstance(value, Elements):
                yield from value.element
            elif isinstance(value, External) and value.path in INJECTED and key is not None:
                yield from self.evaluate(key, scope)
            elif isinstance(value, External) and value.path == CONTEXT_VARIABLE:
                yield from self._context_values(value)
            elif isinstance(value, External) and value.path in SETTINGS and isinstance(wanted, str):
                yield from self.of_settings(wanted)
            elif isinstance(value, External) and value.path == _USER_SESSION and isinstance(wanted, str):
                yield from self._kept_for_user(wanted)
            elif isinstance(value, External):
                if not ((stores or added) and _is_made_empty(value)):
                    yield _entry_of(value)
                yield from self._filled_before(made, wanted) if (made := _made_by(value)) is not None else ()
            elif isinstance(value, ClassValue):
                yield from self.members(value.cls, wanted) if self.is_enumeration(value.cls) else (value,)
            elif isinstance(value, Instance):
                for method in self.class_attribute(value.cls, "__getitem__", value):
                    if isinstance(method, FunctionValue):
                        yield from self.result(method.function)
        yield from added
        yield from self.put_under(stores, wanted, asked.keys if asked is not None and stores else None)

    def under_keys(self, container: Expression, scope: Scope, keys: Keys) -> Values:
        """The elements of a container that may stand under some keys."""
        found: list[Value] = []
        for value in self.evaluate(container, scope):
            if isinstance(value, Literal) and value.expression[0] == "dict":
                for key, item in value.expression[2]:
                    if key is None:
                        found.extend(self.elements(item, value.scope))
                    elif self._is_asked(key, value.scope, keys):
                        found.extend(self.evaluate(item, value.scope))
                found.extend(self.put_under(self.put_into(value.expression), None, keys))
        found.extend(self.put_under(self.stores_into(container, scope), None, keys))
        return distinct(found)

    def _kept_for_user(self, key: str) -> Iterator[Value]:
        """What the session of a user was given under a key."""
        for call in self.program.calls_by_name.get("set", ()):
            if len(call.arguments) < 2 or call.arguments[0][0] != "const" or call.arguments[0][2] != key:
                continue
            if any(
                isinstance(value, External) and value.path == f"{_USER_SESSION}.set" for value in self.callees(call)
            ):
                yield from self.evaluate(call.arguments[1], call.scope)

    def _sliced(self, container: Expression, scope: Scope) -> Iterator[Value]:
        """A slice of a container: a container of elements of its own."""
        elements: list[Value] = []
        for value in self.evaluate(container, scope):
            if isinstance(value, Literal):
                elements.extend(self._literal_elements(value))
            elif isinstance(value, Elements):
                elements.extend(value.element)
            elif isinstance(value, External):
                yield _entry_of(value)
        for store in self.stores_into(container, scope):
            elements.extend(self.stored(store))
        if elements:
            yield Elements(tuple(elements))

    def _context_values(self, variable: External) -> Iterator[Value]:
        """What a context variable holds: its default, and what is set anywhere."""
        for expression, scope in self.set_in(variable):
            yield from self.evaluate(expression, scope)

    def set_in(self, variable: External) -> Iterator[tuple[Expression, Scope]]:
        """What a context variable is given: where it is made, and by `set`."""
        origin = variable.origin
        if origin is None:
            return
        default = origin.keyword("default")
        if default is not None:
            yield default, origin.scope
        for call in self.program.calls_by_name.get("set", ()):
            function = call.expression[2]
            if function[0] == "attr" and call.arguments:
                holders = self.evaluate(function[2], call.scope)
                if any(isinstance(holder, External) and holder.origin is origin for holder in holders):
                    yield call.arguments[0], call.scope

    @cached_property
    def _handed_over(self) -> dict[Any, list[Store]]:
        """Variable -> what functions put into it that are given it."""
        return defaultdict(list)

    @property
    def filled(self) -> dict[Any, list[Store]]:
        """Variable -> the stores of elements into it."""
        if self._elements is None:
            index: dict[Any, list[Store]] = defaultdict(list)
            for store in self.program.element_stores:
                for variable in self.variables(store.base, store.scope):
                    index[variable].append(store)
                for alias in aliases(store.base, store.scope, self):
                    seen, into = alias.seen(store), self._handed_over if alias.call is not None else index
                    for variable in self.variables(alias.expression, alias.scope) if seen is not None else ():
                        if seen is not None and is_certain(variable):
                            into[variable].append(seen)
            self._elements = index
        return self._elements

    def stores_into(self, container: Expression, scope: Scope) -> Sequence[Store]:
        """The stores of elements into a container: a variable, or what lies in the container that a variable is."""
        found = self._stores_under(container, scope)
        if container[0] != "name":
            return found
        others = [alias for alias in aliases(container, scope, self) if alias.call is None]
        return [*found, *(store for alias in others for store in self._stores_under(alias.expression, alias.scope))]

    def _stores_under(self, container: Expression, scope: Scope) -> Sequence[Store]:
        outer = _outer(container)
        variable = self.variable(container, scope) if outer is None else self._entry(outer, scope)
        if variable is None:
            return ()
        found, given = self.filled.get(variable, ()), self._handed_over.get(variable, ())
        return [*found, *given] if given else found

    def _entry(self, container: Expression, scope: Scope) -> Any:
        """The key of what lies in a container, whatever it lies under."""
        outer = _outer(container)
        variable = self.variable(container, scope) if outer is None else self._entry(outer, scope)
        return ("entry", variable) if variable is not None else None

    def variable(self, expression: Expression, scope: Scope) -> Any:
        """A key that two expressions for the same variable share, None for others."""
        if expression[0] == "name":
            holder = scope_of_name(scope, expression[2])
            if holder is None:
                return None
            if self._has_applications and self._is_application(holder, expression[2]):
                return APPLICATION
            if self._has_worker and is_context(holder, expression[2]):
                return WORKER_CONTEXT
            return self.variable_of_name(holder, expression[2])
        if expression[0] == "attr":
            method = method_of(scope)
            if expression[2][0] == "name" and method is not None and expression[2][2] == method.self_name:
                return ("self", id(method.owner), expression[3])
            return ("attribute", expression[3])
        return None

    def variables(self, expression: Expression, scope: Scope) -> Iterator[Any]:
        """The keys under which something put into a variable is found: an attribute of `self` is that of the objects of
        derived classes as well, and what a derived class puts there is in what its bases look at."""
        outer = _outer(expression)
        if outer is not None:
            yield from (("entry", variable) for variable in self.variables(outer, scope))
            return
        variable = self.variable(expression, scope)
        if variable is None:
            return
        yield variable
        method = method_of(scope) if variable[0] == "self" else None
        owner = method.owner if method is not None else None
        if owner is not None:
            related = (*self.lineage(owner)[0][1:], *self.subclasses(owner))
            yield from (("self", id(cls), variable[2]) for cls in related)

    def _is_application(self, holder: Scope, name: str) -> bool:
        """Whether a name is an application of aiohttp: by what makes it, its annotation, or as what a hook is given."""
        binding = holder.bindings[name][0]
        if binding.kind == "parameter" and id(holder) in self.hooks:
            return isinstance(holder, Function) and holder.parameters[0][0] == name
        told = binding.annotation
        if binding.kind == "value" and binding.expression is not None and binding.expression[0] == "call":
            told = binding.expression[2]
        if told is None or told[0] not in ("name", "attr"):
            return False
        made = self.evaluate(told, holder)
        return any(isinstance(value, External) and value.path == "aiohttp.web.Application" for value in made)

    @cached_property
    def _has_applications(self) -> bool:
        """Whether anything of the program may be an application of aiohttp."""
        return bool(self.hooks) or any(
            name.startswith("aiohttp") for module in self.program.modules for name in imported_names(module)
        )

    @cached_property
    def _has_worker(self) -> bool:
        return has_worker(self.program)

    @property
    def hooks(self) -> set[int]:
        """The functions that aiohttp calls with the application: those in its lists of hooks."""
        if self._hooks is None:
            self._hooks = set()
            for call in (c for name in ("append", "extend") for c in self.program.calls_by_name.get(name, ())):
                listing = call.expression[2][2] if call.expression[2][0] == "attr" else None
                if call.arguments and listing is not None and last_name(listing) in HOOK_LISTS:
                    given = [value for hook in added(call.expression) for value in self.evaluate(hook, call.scope)]
                    self._hooks.update(id(value.function) for value in given if isinstance(value, FunctionValue))
        return self._hooks

    def variable_of_name(self, holder: Scope, name: str, depth: int = _PASSED_ON) -> Any:
        """Imported names are the variables of the module they come from, however many packages pass them on."""
        binding = holder.bindings[name][0]
        if binding.kind == "from" and depth:
            level, source, original = binding.target
            found = self.program.resolve(holder.module, source, level)
            if isinstance(found, ModuleValue) and found.module is not None:
                origin = self._definer(found.module, original)
                if origin is not None:
                    return self.variable_of_name(origin, original, depth - 1)
        return (id(holder), name)

    def origin(self, module: Module, name: str) -> Any:
        """The key of the variable that an attribute of a module is, None for none."""
        definer = self._definer(module, name)
        return None if definer is None else self.variable_of_name(definer, name)

    def _definer(self, module: Module, name: str) -> Module | None:
        """The module that binds a name which may be imported from this one: itself, or what it takes all names of."""
        if name in module.bindings:
            return module
        for level, source in module.stars:
            found = self.program.resolve(module, source, level)
            if isinstance(found, ModuleValue) and found.module is not None and name in found.module.bindings:
                return found.module
        return None

    def _literal_elements(self, value: Literal, wanted: Any = None, asked: AskedKey | None = None) -> Iterator[Value]:
        expression, scope = value.expression, value.scope
        tag = expression[0]
        if tag == "dict":
            keys = asked.keys if asked is not None and len(expression[2]) > 1 else None
            for key, item in expression[2]:
                if key is None:
                    yield from self.elements(item, scope)
                elif (wanted is None or key[0] != "const" or key[2] == wanted) and self._is_asked(key, scope, keys):
                    yield from self.evaluate(item, scope)
        elif tag == "comp":
            yield from self.evaluate(expression[3][-1], scope)
        else:
            items = expression[2]
            if isinstance(wanted, int) and -len(items) <= wanted < len(items):
                yield from self.evaluate(items[wanted], scope)
                return
            for item in items:
                yield from self.evaluate(item, scope)
        yield from self._filled_before(expression, wanted, asked)

    def _filled_before(self, made: Expression, wanted: Any = None, asked: AskedKey | None = None) -> Iterator[Value]:
        """What was put into a container under the name that it had where it was made."""
        stores = self.put_into(made)
        yield from self.put_under(stores, wanted, asked.keys if asked is not None and stores else None)

    def put_into(self, made: Expression) -> Sequence[Store]:
        """The stores into what an expression makes, by the name that it has there."""
        return self._built.get(id(made), ())

    @cached_property
    def _built(self) -> dict[int, list[Store]]:
        return built(self)

    def elements(self, container: Expression | None, scope: Scope, index: int | None = None) -> Values:
        """What iterating over or unpacking a container gives."""
        if container is None:
            return ()
        key = (id(container), id(scope), index)
        return self.once(key, container, lambda: self._elements_of(container, scope, index))

    def parts(self, container: Expression | None, scope: Scope, index: int) -> Values:
        """What unpacking each element of a container gives at a position: `for name, client in clients`."""
        if container is None:
            return ()
        key = (id(container), id(scope), index, "parts")
        return self.once(key, container, lambda: self._parts(container, scope, index))

    def _parts(self, container: Expression, scope: Scope, index: int) -> Iterator[Value]:
        arguments: tuple[Expression, ...] = container[3] if container[0] == "call" else ()
        called = last_name(container[2]) if container[0] == "call" else ""
        if called == "zip":
            yield from self.elements(arguments[index], scope) if index < len(arguments) else ()
            return
        if called == "items" and index == 0:
            yield from self._keys(container[2][2], scope) if container[2][0] == "attr" else ()
            return
        if called == "enumerate" and index == 0:
            return  # numbers
        if called == "getmembers" and index == 1 and arguments:
            for value in self.evaluate(arguments[0], scope):
                yield from members_of(value, last_name(arguments[1]) if len(arguments) > 1 else "")
            return
        if called == "items" and not arguments:
            yield from self.elements(container, scope)  # the values of a mapping
            return
        counted = called == "enumerate" and bool(arguments)
        for value in self.elements(arguments[0] if counted else container, scope):
            if isinstance(value, Literal) and value.expression[0] in ("tuple", "list"):
                yield from self._literal_elements(value, index)
                if not counted:
                    continue
            yield value

    def below(self, values: Iterable[Value], positions: tuple[int, ...]) -> Iterator[Value]:
        """What unpacking values further gives: `for name, (first, second) in pairs.items()`."""
        for value in values:
            if isinstance(value, Literal) and value.expression[0] in ("tuple", "list"):
                parts = self._literal_elements(value, positions[0])
                yield from self.below(parts, positions[1:]) if positions[1:] else parts
            elif not isinstance(value, Literal):
                yield value

    def _elements_of(self, container: Expression, scope: Scope, index: int | None) -> Iterator[Value]:
        if container[0] == "call" and container[2][0] == "name" and container[2][2] in SAME_ELEMENTS and container[3]:
            yield from self.elements(container[3][0], scope, index)
            return
        generators = self._generators(container, scope)
        if container[0] == "name":  # `rows = read()`, and then `next(rows)`
            defined = self.definitions(container, scope)
            generators = [function for made, holder in defined for function in self._generators(made, holder)]
        if generators:
            for function in generators:
                yield from self.result(function)
            return
        for value in self.evaluate(container, scope):
            if isinstance(value, Literal):
                yield from self._literal_elements(value, index)
            elif isinstance(value, Elements):
                yield from value.element
            elif isinstance(value, External):
                yield External(f"{value.path}[]", value.origin, value)
                yield from self._filled_before(made) if (made := _made_by(value)) is not None else ()
            elif isinstance(value, Instance):
                yield from self._iterated(value)
            elif isinstance(value, ClassValue) and self.is_enumeration(value.cls):
                yield from self.members(value.cls)
        added, stores = self._added_below(container, scope)
        yield from added
        for store in stores:
            yield from self.stored(store)

    def _added_below(self, container: Expression, scope: Scope) -> tuple[Iterable[Value], Sequence[Store]]:
        """What was added to the list that lies under a known key of another container, and the other stores into it."""
        stores = self.stores_into(container, scope)
        entry = key_of_entry(container) if stores else None
        added = [store for store in stores if store.how in _ADDING] if entry is not None else []
        keys = self.keys_of(entry, scope) if added else None
        if keys is None:
            return (), stores
        return self.put_below(added, keys), [store for store in stores if store.how not in _ADDING]

    def _keys(self, container: Expression, scope: Scope) -> Iterator[Value]:
        """The keys of a dictionary, as far as they are written down."""
        for value in self.evaluate(container, scope):
            if isinstance(value, Literal) and value.expression[0] == "dict":
                for key, _ in value.expression[2]:
                    yield from self.evaluate(key, value.scope)
        for store in self.stores_into(container, scope):
            yield from self.evaluate(store.key, store.scope)

    def _generators(self, container: Expression, scope: Scope) -> list[Function]:
        """The generator functions that an expression calls: their results are the elements themselves."""
        if container[0] != "call":
            return []
        callees = self.evaluate(container[2], scope)
        found = [value.function for value in callees if isinstance(value, FunctionValue) and value.function.generator]
        return [f for f in found if not f.has_decorator("contextmanager", "asynccontextmanager")]

    def _iterated(self, value: Instance) -> Iterator[Value]:
        for name in ("__iter__", "__aiter__"):
            for method in self.class_attribute(value.cls, name, value):
                if isinstance(method, FunctionValue):
                    yield from self.result(method.function)

    def entered(self, context: Expression | None, scope: Scope) -> Iterator[Value]:
        """What `with context as name` binds."""
        for value in self.evaluate(context, scope):
            if not isinstance(value, Instance):
                yield value
                continue
            methods = [
                method
                for name in ("__enter__", "__aenter__")
                for method in self.class_attribute(value.cls, name, value)
                if isinstance(method, FunctionValue)
            ]
            for method in methods:
                yield from self.result(method.function)
            if not methods:
                yield value


def _outer(container: Expression) -> Expression | None:
    """The container that a container is taken out of: `table[kind]`, `table.setdefault(kind, {})`."""
    if container[0] == "sub":
        return container[2]  # type: ignore[no-any-return]
    if container[0] == "call" and container[2][0] == "attr" and container[2][3] in ("setdefault", "get"):
        return container[2][2]  # type: ignore[no-any-return]
    return None


def is_certain(variable: Any) -> bool:
    """Whether a key is that of one variable, and not of the attributes of that name of anything."""
    while variable[0] == "entry":
        variable = variable[1]
    return bool(variable[0] != "attribute")


def _made_by(value: External) -> Expression | None:
    """The call that made a container; None for what lies in one, into which nobody puts what is put into that."""
    return value.origin.expression if value.made and value.origin is not None else None


def _is_made_empty(value: External) -> bool:
    """Whether nothing lies in a container but what the program puts there: `OrderedDict()`, `TTLCache(100, ttl=60)`."""
    if value.path not in _EMPTY:
        return False
    origin = value.origin
    return value.path in FORGETTING or (origin is not None and not origin.arguments and not origin.keywords)


def _entry_of(value: External) -> External:
    """An entry of something that a library made, or of a module's table."""
    return External(f"{value.path}[]", value.origin, value) if value.made else value
