"""What an expression may stand for: names, attributes, calls and returns followed through the whole program."""

from __future__ import annotations

import builtins
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any

from aiaudit.model.program import Program, scope_of_name
from aiaudit.model.scopes import Binding, Call, Class, Function, Module, Scope, Store, last_name
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
    Super,
    Value,
    Values,
)
from aiaudit.sources.python.facts import Expression, Parameter

# More alternatives than this say nothing; deeper chains than this are cycles in disguise.
WIDTH, DEPTH, ATTEMPTS = 16, 70, 3
_BUILTINS = frozenset(dir(builtins))

# Calls that give back what their argument gives: path -> position.
PASSING = {
    "asyncio.wait_for": 0, "asyncio.shield": 0, "asyncio.create_task": 0, "asyncio.ensure_future": 0, "asyncio.run": 0,
    "asyncio.get_event_loop().run_until_complete": 0, "typing.cast": 1, "copy.copy": 0, "copy.deepcopy": 0,
    "builtins.iter": 0, "builtins.aiter": 0, "contextlib.nullcontext": 0, "contextlib.closing": 0,
    "contextlib.aclosing": 0, "functools.lru_cache": 0, "functools.cache": 0, "functools.lru_cache()": 0,
    "asgiref.sync.sync_to_async": 0, "asgiref.sync.async_to_sync": 0, "contextlib.contextmanager": 0,
    "contextlib.asynccontextmanager": 0, "contextlib.AsyncExitStack().enter_async_context": 0,
    "contextlib.ExitStack().enter_context": 0, "streamlit.cache_resource": 0, "weakref.proxy": 0,
}
# Calls that call the function given to them: path -> position of the function.
CALLING = {
    "asyncio.to_thread": 0, "starlette.concurrency.run_in_threadpool": 0, "fastapi.concurrency.run_in_threadpool": 0,
    "anyio.to_thread.run_sync": 0, "asyncio.get_event_loop().run_in_executor": 1,
    "asyncio.get_running_loop().run_in_executor": 1, "anyio.run": 0, "fastapi.Depends": 0, "fastapi.Security": 0,
    "fastapi.params.Depends": 0, "asyncer.asyncify()": 0,
}
CONTAINER_READS = frozenset(("get", "pop", "popleft", "setdefault", "get_nowait", "popitem"))
CONTAINER_VIEWS = frozenset(("values", "items", "copy", "keys"))
RUNNABLE = "langchain_core.runnables.RunnableSequence()"


class Evaluator:
    """Answers what an expression in a scope may stand for; never raises, gives () where nothing is known."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._memo: dict[Any, Values] = {}
        self._kept: list[Any] = []
        self._running: dict[Any, int] = {}
        self._partial: dict[Any, tuple[Values, int]] = {}
        self._attempts: dict[Any, int] = {}
        self._low = 0
        self._made: dict[int, bool] = {}
        self._mro: dict[int, tuple[list[Class], list[str]]] = {}
        self._subclasses: dict[int, list[Class]] | None = None
        self._elements: dict[Any, list[Store]] | None = None

    # Entry points

    def evaluate(self, expression: Expression | None, scope: Scope) -> Values:
        """The values that an expression may have where it stands in this scope."""
        if expression is None:
            return ()
        tag = expression[0]
        if tag == "const":
            return (Constant(expression[2], type(expression[2]).__name__),)
        return self._guarded((id(expression), id(scope)), expression, lambda: self._by_tag(tag, expression, scope))

    def result(self, function: Function) -> Values:
        """What calling a function gives: its returned (or, for generators and context managers, yielded) values."""
        return self._guarded((id(function), 0), function, lambda: self._result(function))

    def _guarded(self, key: Any, keep: Any, make: Any) -> Values:
        """Answer from memory, or make the answer once.

        Cycles are cut where they close. An answer that was cut depends on what is still being made further out (`_low`
        is the outermost such depth), so it serves only until that is done, and for good after a few such attempts.
        """
        known = self._memo.get(key)
        if known is not None:
            return known
        partial = self._partial.get(key)
        if partial is not None:
            self._low = min(self._low, partial[1])
            return partial[0]
        depth = len(self._running)
        started = self._running.get(key)
        if started is not None or depth > DEPTH:
            self._low = min(self._low, -1 if started is None else started)
            return ()
        outer_low, self._low = self._low, depth
        self._running[key] = depth
        try:
            found = _distinct(make())
        finally:
            del self._running[key]
        low, self._low = self._low, min(outer_low, self._low if self._low < depth else outer_low)
        self._kept.append(keep)
        if low >= depth or depth == 0:
            self._memo[key] = found
            self._forget_partials(depth)
        else:
            self._attempts[key] = self._attempts.get(key, 0) + 1
            if self._attempts[key] >= ATTEMPTS:
                self._memo[key] = found
            else:
                self._partial[key] = (found, low)
        return found

    def _forget_partials(self, depth: int) -> None:
        """Drop the answers that waited for what is done now."""
        if depth == 0:
            self._partial.clear()
            return
        for key in [key for key, (_, low) in self._partial.items() if low >= depth]:
            del self._partial[key]

    def _by_tag(self, tag: str, expression: Expression, scope: Scope) -> Iterable[Value]:
        reader = getattr(self, "_" + tag, None)
        return reader(expression, scope) if reader else ()

    # Expressions

    def _name(self, expression: Expression, scope: Scope) -> Iterable[Value]:
        return self.name(expression[2], scope)

    def name(self, name: str, scope: Scope) -> Iterable[Value]:
        """What a name may stand for in a scope."""
        holder = scope_of_name(scope, name)
        if holder is None:
            return self._unbound(name, scope.module)
        return self.bindings(holder.bindings[name])

    def _unbound(self, name: str, module: Module) -> Iterator[Value]:
        for level, source in module.stars:
            found = self.program.resolve(module, source, level)
            if isinstance(found, ModuleValue) and found.module is not None and found.module is not module:
                yield from self.member(found, name)
            elif isinstance(found, External) and name not in _BUILTINS:
                yield External(f"{found.path}.{name}")
        if name in _BUILTINS:
            yield External(f"builtins.{name}")

    def bindings(self, bindings: Iterable[Binding]) -> Iterator[Value]:
        """The union of what some bindings give."""
        for binding in bindings:
            yield from self.binding(binding)

    def binding(self, binding: Binding) -> Iterable[Value]:
        """What one binding gives."""
        kind, scope = binding.kind, binding.scope
        if kind == "value":
            found = self.evaluate(binding.expression, scope)
            if binding.annotation is not None and not _is_object(found):
                return (*found, *self.annotated(binding.annotation, scope))
            return found
        if kind == "element":
            return self.elements(binding.expression, scope, binding.index)
        if kind == "entered":
            return self.entered(binding.expression, scope)
        if kind == "annotated":
            return self.annotated(binding.annotation, scope)
        if kind == "parameter":
            return self.parameter(binding.target, scope)  # type: ignore[arg-type]
        if kind in ("import", "from"):
            return self._imported(binding)
        if kind == "function":
            return (FunctionValue(binding.target),)
        if kind == "class":
            return (ClassValue(binding.target),)
        return ()

    def _imported(self, binding: Binding) -> Iterable[Value]:
        module = binding.scope.module
        if binding.kind == "import":
            name, alias = binding.target
            found = self.program.resolve(module, name if alias else name.partition(".")[0], 0)
            return (found,) if found is not None else ()
        level, source, name = binding.target
        found = self.program.resolve(module, source, level)
        if isinstance(found, ModuleValue):
            return self.member(found, name)
        return (External(f"{found.path}.{name}"),) if isinstance(found, External) else ()

    def member(self, value: ModuleValue, name: str) -> Iterable[Value]:
        """An attribute of a module: a name of it, or a module inside the package."""
        return self._guarded((value.folder, id(value.module), name), value, lambda: self._member(value, name))

    def _member(self, value: ModuleValue, name: str) -> Iterable[Value]:
        module = value.module
        if module is not None:
            if name in module.bindings:
                own = [b for b in module.bindings[name] if not self._imports_itself(b, module, name)]
                if own:
                    return list(self.bindings(own))
            starred = list(self._unbound(name, module)) if module.stars else []
            if starred:
                return starred
        inner = self.program.submodule(value, name)
        if inner is not None:
            return (inner,)
        getter = module.bindings.get("__getattr__") if module is not None else None
        if getter and isinstance(getter[-1].target, Function):
            return self.result(getter[-1].target)
        return ()

    def _imports_itself(self, binding: Binding, module: Module, name: str) -> bool:
        """`from . import config` inside the package's own __init__: the name is the submodule."""
        if binding.kind != "from":
            return False
        found = self.program.resolve(module, binding.target[1], binding.target[0])
        return isinstance(found, ModuleValue) and found.module is module and binding.target[2] == name

    def _attr(self, expression: Expression, scope: Scope) -> Iterator[Value]:
        _, _, base, name = expression
        for value in self.evaluate(base, scope):
            yield from self.attribute(value, name)
        if base[0] in ("attr", "name") and last_name(base) in ("state", "g", "ctx", "app", "current_app"):
            yield from self.shared_state(name)

    def shared_state(self, name: str) -> Iterator[Value]:
        """What was put on an application's or request's state under a name."""
        for store in self.program.stores_by_attribute.get(name, ()):
            if last_name(store.base) in ("state", "g", "ctx", "app"):
                yield from self.stored(store)
        for function in self.program.functions:
            if function.generator and function.yields:
                for value, _ in function.yields:  # lifespan state: `yield {"client": client}`
                    if value[0] == "dict":
                        yield from self._dict_entry(value, function, name)

    def _dict_entry(self, literal: Expression, scope: Scope, key: Any) -> Iterator[Value]:
        for name, value in literal[2]:
            if name is not None and name[0] == "const" and name[2] == key:
                yield from self.evaluate(value, scope)

    def attribute(self, value: Value, name: str) -> Iterable[Value]:
        """An attribute of a value."""
        if isinstance(value, External):
            return (External(f"{value.path}.{name}", value.origin, value),)
        if isinstance(value, Instance):
            return self.class_attribute(value.cls, name, value)
        if isinstance(value, ClassValue):
            return self.class_attribute(value.cls, name, value)
        if isinstance(value, ModuleValue):
            return self.member(value, name)
        if isinstance(value, Super):
            return self.class_attribute(value.cls, name, value.bound or Instance(value.cls), skip_own=True)
        if isinstance(value, FunctionValue) and name in ("__wrapped__", "func", "fn"):
            return (value,)
        return ()

    def class_attribute(self, cls: Class, name: str, holder: Value, skip_own: bool = False) -> Iterable[Value]:
        """An attribute of a class or of its instances, through bases, stores from anywhere, and subclasses."""
        classes, outside = self.lineage(cls)
        found: list[Value] = []
        for candidate in classes[1:] if skip_own else classes:
            found.extend(self._own_attribute(candidate, name, holder))
            if found and name in candidate.bindings:
                return found
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
                if binding.kind == "annotated" or is_field_call(binding.expression):
                    yield from self._field(cls, name)
                yield from self.binding(binding)
                continue
            function: Function = binding.target
            if function.has_decorator("property", "cached_property"):
                yield from self.result(function)
            elif function.has_decorator("staticmethod"):
                yield FunctionValue(function)
            else:
                yield FunctionValue(function, holder)

    def _field(self, cls: Class, name: str) -> Iterator[Value]:
        """A dataclass or model field: what constructions of the class pass for it."""
        fields = [n for n, bound in cls.bindings.items() if bound[0].kind in ("annotated", "value")]
        for call in self.constructions(cls):
            argument = call.argument(name, fields.index(name) if name in fields else None)
            yield from self.evaluate(argument, call.scope)

    def _stored_attributes(self, classes: list[Class], name: str) -> Iterator[Value]:
        for store in self.program.stores_by_attribute.get(name, ()):
            if self.store_class(store, classes):
                yield from self.stored(store)

    def store_class(self, store: Store, classes: list[Class]) -> bool:
        """Whether an attribute store is on an instance of one of these classes."""
        owner = method_of(store.scope)
        if store.base[0] == "name" and owner is not None and store.base[2] == owner.self_name:
            cls = owner.owner
            return cls in classes or (cls is not None and any(c in classes for c in self.lineage(cls)[0]))
        return any(
            isinstance(value, (Instance, ClassValue)) and any(c in classes for c in self.lineage(value.cls)[0])
            for value in self.evaluate(store.base, store.scope)
        )

    def stored(self, store: Store) -> Iterable[Value]:
        """What a store puts there."""
        if store.element:
            return self.elements(store.value, store.scope)
        if store.entered:
            return self.entered(store.value, store.scope)
        if store.how == "update":
            return self.elements(store.value, store.scope)
        found = self.evaluate(store.value, store.scope)
        if store.annotation is not None and not _is_object(found):
            return (*found, *self.annotated(store.annotation, store.scope))
        return found

    def _call(self, expression: Expression, scope: Scope) -> Iterator[Value]:
        function = expression[2]
        if function[0] == "attr" and function[3] in CONTAINER_READS | CONTAINER_VIEWS:
            found = tuple(self.contained(function[2], scope, expression[3][0] if expression[3] else None))
            if found:
                yield from found if function[3] in CONTAINER_READS else (Elements(_distinct(found)),)
                return
        call = self.call_of(expression, scope)
        for callee in self.evaluate(function, scope):
            yield from self.called(callee, call)

    def call_of(self, expression: Expression, scope: Scope) -> Call:
        """The record of a call expression."""
        known = self._calls.get(id(expression))
        if known is None:
            known = Call(scope, expression, None, expression)
            self._calls[id(expression)] = known
            self._kept.append(expression)
        return known

    @property
    def _calls(self) -> dict[int, Call]:
        if not hasattr(self, "_call_index"):
            self._call_index: dict[int, Call] = {
                id(call.expression): call
                for module in self.program.modules
                for scope in module.descendants()
                for call in scope.calls
            }
        return self._call_index

    def called(self, callee: Value, call: Call) -> Iterable[Value]:
        """What calling a value gives."""
        if isinstance(callee, FunctionValue):
            return self.result(callee.function)
        if isinstance(callee, ClassValue):
            return (Instance(callee.cls, call),)
        if isinstance(callee, Instance):
            return self._call_instance(callee, call)
        if isinstance(callee, Partial):
            return self.called(callee.function, callee.call if isinstance(callee.function, External) else call)
        if isinstance(callee, External):
            return self._call_external(callee, call)
        return ()

    def _call_instance(self, callee: Instance, call: Call) -> Iterator[Value]:
        for value in self.class_attribute(callee.cls, "__call__", callee):
            yield from self.called(value, call)

    def _call_external(self, callee: External, call: Call) -> Iterable[Value]:
        path, scope, arguments = callee.path, call.scope, call.arguments
        position = PASSING.get(path)
        if position is not None and len(arguments) > position:
            return self.evaluate(arguments[position], scope)
        position = CALLING.get(path, 1 if path.endswith(".run_in_executor") else None)
        if position is not None:
            return self._call_argument(call, position)
        if path == "functools.partial" and arguments:
            return [Partial(value, call) for value in self.evaluate(arguments[0], scope)]
        if path == "builtins.super":
            return self._super(call)
        if path == "builtins.getattr" and len(arguments) > 1 and arguments[1][0] == "const":
            read = ("attr", call.at, arguments[0], arguments[1][2])
            return (*self._attr(read, scope), *self.evaluate(arguments[2] if len(arguments) > 2 else None, scope))
        if path in ("builtins.next", "builtins.anext", "asyncio.gather"):
            return self.elements(arguments[0], scope) if arguments else ()
        return (External(f"{path}()", call, callee),)

    def _call_argument(self, call: Call, position: int) -> Iterator[Value]:
        if len(call.arguments) <= position:
            chosen = call.keyword("dependency") or call.keyword("func")
        else:
            chosen = call.arguments[position]
        for value in self.evaluate(chosen, call.scope):
            yield from self.called(value, call)

    def _super(self, call: Call) -> Iterator[Value]:
        method = method_of(call.scope)
        if method is not None and method.owner is not None:
            yield Super(method.owner, Instance(method.owner))

    def _await(self, expression: Expression, scope: Scope) -> Iterable[Value]:
        return self.evaluate(expression[2], scope)

    _star = _await

    def _walrus(self, expression: Expression, scope: Scope) -> Iterable[Value]:
        return self.evaluate(expression[3], scope)

    def _ifexp(self, expression: Expression, scope: Scope) -> Iterable[Value]:
        return (*self.evaluate(expression[3], scope), *self.evaluate(expression[4], scope))

    def _bool(self, expression: Expression, scope: Scope) -> Iterator[Value]:
        for operand in expression[3] if expression[2] == "Or" else expression[3][-1:]:
            yield from self.evaluate(operand, scope)

    def _bin(self, expression: Expression, scope: Scope) -> Iterable[Value]:
        _, _, operator, left, right = expression
        if operator != "BitOr":
            return ()
        sides = (*self.evaluate(left, scope), *self.evaluate(right, scope))
        if any(isinstance(side, External) and side.path.startswith("langchain") for side in sides):
            # Which model the pipe ends in is read from its sides; the pipe itself is a runnable.
            return (External(RUNNABLE, None, Literal(("tuple", expression[1], (left, right)), scope)),)
        return ()

    def _literal(self, expression: Expression, scope: Scope) -> Iterable[Value]:
        return (Literal(expression, scope, id(expression)),)

    _list = _tuple = _set = _dict = _comp = _literal

    def _lambda(self, expression: Expression, scope: Scope) -> Iterable[Value]:
        function = self.program.lambdas.get(id(expression))
        return (FunctionValue(function),) if function is not None else ()

    def _sub(self, expression: Expression, scope: Scope) -> Iterator[Value]:
        yield from self.contained(expression[2], scope, expression[3])

    # Containers

    def contained(self, container: Expression, scope: Scope, key: Expression | None) -> Values:
        """The elements of a container that may stand under a key (any, where the key is unknown)."""
        return self._guarded(
            (id(container), id(scope), id(key), "contained"), (container, key), lambda: self._contained(container, scope, key)
        )

    def _contained(self, container: Expression, scope: Scope, key: Expression | None) -> Iterator[Value]:
        wanted = key[2] if key is not None and key[0] == "const" else None
        for value in self.evaluate(container, scope):
            if isinstance(value, Literal):
                yield from self._literal_elements(value, wanted)
            elif isinstance(value, Elements):
                yield from value.element
            elif isinstance(value, External):
                yield External(f"{value.path}[]", value.origin, value) if value.made else value
            elif isinstance(value, ClassValue):
                yield value
            elif isinstance(value, Instance):
                for method in self.class_attribute(value.cls, "__getitem__", value):
                    if isinstance(method, FunctionValue):
                        yield from self.result(method.function)
        variable = self.variable(container, scope)
        for store in self.filled.get(variable, ()) if variable else ():
            given = store.key[2] if store.key is not None and store.key[0] == "const" else None
            if wanted is None or given is None or wanted == given:
                yield from self.stored(store)

    @property
    def filled(self) -> dict[Any, list[Store]]:
        """Variable -> the stores of elements into it."""
        if self._elements is None:
            index: dict[Any, list[Store]] = defaultdict(list)
            for store in self.program.element_stores:
                variable = self.variable(store.base, store.scope)
                if variable:
                    index[variable].append(store)
            self._elements = index
        return self._elements

    def variable(self, expression: Expression, scope: Scope) -> Any:
        """A key that two expressions for the same variable share, None for others."""
        if expression[0] == "name":
            holder = scope_of_name(scope, expression[2])
            return self._defined_at(holder, expression[2]) if holder else None
        if expression[0] == "attr":
            method = method_of(scope)
            if expression[2][0] == "name" and method is not None and expression[2][2] == method.self_name:
                return ("self", id(method.owner), expression[3])
            return ("attribute", expression[3])
        return None

    def _defined_at(self, holder: Scope, name: str) -> Any:
        """Imported names are the variables of the module they come from."""
        binding = holder.bindings[name][0]
        if binding.kind == "from":
            level, source, original = binding.target
            found = self.program.resolve(holder.module, source, level)
            if isinstance(found, ModuleValue) and found.module is not None and original in found.module.bindings:
                return (id(found.module), original)
        return (id(holder), name)

    def _literal_elements(self, value: Literal, wanted: Any = None) -> Iterator[Value]:
        expression, scope = value.expression, value.scope
        tag = expression[0]
        if tag == "dict":
            for key, item in expression[2]:
                if key is None:
                    yield from self.elements(item, scope)
                elif wanted is None or key[0] != "const" or key[2] == wanted:
                    yield from self.evaluate(item, scope)
        elif tag == "comp":
            yield from self.evaluate(expression[3][-1], scope)
        else:
            items = expression[2]
            if isinstance(wanted, int) and -len(items) <= wanted < len(items):
                items = (items[wanted],)
            for item in items:
                yield from self.evaluate(item, scope)

    def elements(self, container: Expression | None, scope: Scope, index: int | None = None) -> Values:
        """What iterating over or unpacking a container gives."""
        if container is None:
            return ()
        key = (id(container), id(scope), index)
        return self._guarded(key, container, lambda: self._elements_of(container, scope, index))

    def _elements_of(self, container: Expression, scope: Scope, index: int | None) -> Iterator[Value]:
        for value in self.evaluate(container, scope):
            if isinstance(value, Literal):
                yield from self._literal_elements(value, index)
            elif isinstance(value, Elements):
                yield from value.element
            elif isinstance(value, External):
                yield External(f"{value.path}[]", value.origin, value)
            elif isinstance(value, Instance):
                yield from self._iterated(value)
        variable = self.variable(container, scope)
        for store in self.filled.get(variable, ()) if variable else ():
            yield from self.stored(store)

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

    # Functions

    def _result(self, function: Function) -> Iterator[Value]:
        given = function.yields if function.generator else function.returns
        found: list[Value] = []
        for value, _ in given:
            found.extend(self.evaluate(value, function))
        yield from found
        if function.annotation is not None and not _is_object(found):
            yield from self.annotated(function.annotation, function.parent or function.module)

    def parameter(self, parameter: Parameter, function: Function) -> Iterator[Value]:
        """What a parameter may receive: injected, passed by callers, else by its annotation or default."""
        name, kind, annotation, default, _ = parameter
        if name == function.self_name:
            owner: Class = function.owner  # type: ignore[assignment]
            yield ClassValue(owner) if function.has_decorator("classmethod") else Instance(owner)
            return
        outer = function.parent or function.module
        dependency = self.dependency(parameter, function)
        if dependency is not None:
            yield from self.injected(dependency, annotation, outer)
            return
        found: list[Value] = []
        if kind not in ("variadic", "keywords"):
            for argument, scope in self.passed(function, name):
                found.extend(self.evaluate(argument, scope))
        yield from found
        if not any(isinstance(v, (External, Instance, ClassValue, FunctionValue)) for v in found):
            yield from self.annotated(annotation, outer)
        if default is not None:
            yield from self.evaluate(default, outer)

    def dependency(self, parameter: Parameter, function: Function) -> Call | None:
        """The `Depends(...)` call that injects a parameter, from its default or its `Annotated`."""
        _, _, annotation, default, _ = parameter
        outer = function.parent or function.module
        for candidate in (default, *self.annotation_extras(annotation, outer)):
            if candidate is not None and candidate[0] == "call":
                for value in self.evaluate(candidate[2], outer):
                    if isinstance(value, External) and value.path.endswith((".Depends", ".Security")):
                        return self.call_of(candidate, outer)
        return None

    def injected(self, call: Call, annotation: Expression | None, scope: Scope) -> Iterator[Value]:
        """What a dependency gives."""
        if not call.arguments and call.keyword("dependency") is None:
            yield from self.annotated(annotation, scope)
            return
        yield from self._call_argument(call, 0)

    def annotation_extras(self, annotation: Expression | None, scope: Scope) -> tuple[Expression, ...]:
        """What `Annotated[T, ...]` adds to T, through aliases."""
        if annotation is None:
            return ()
        if annotation[0] == "sub" and last_name(annotation[2]) == "Annotated" and annotation[3][0] == "tuple":
            return tuple(annotation[3][2][1:])
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
        names = [p[0] for p in function.parameters if p[1] in ("positional", "any")]
        index = names.index(name) if name in names else None
        for call, offset, shift in self.callers(function):
            position = None if index is None else index - offset + shift
            argument = call.argument(name, position if position is not None and position >= 0 else None)
            if argument is not None:
                yield argument, call.scope

    def callers(self, function: Function) -> Iterator[tuple[Call, int, int]]:
        """Calls of a function: the call, how many leading parameters are bound, how many arguments come before."""
        called_as = function.name
        if function.owner is not None and function.name == "__init__":
            for cls in (function.owner, *self.subclasses(function.owner)):
                if cls is function.owner or self.constructor(cls) is function:
                    for call in self.constructions(cls):
                        yield call, 1, 0
        for call in self.program.calls_by_name.get(called_as, ()):
            for value in self.evaluate(call.expression[2], call.scope):
                if isinstance(value, FunctionValue) and value.function is function:
                    yield call, int(value.bound is not None and function.self_name is not None), 0
                    break
        yield from self._passed_on(function)

    def _passed_on(self, function: Function) -> Iterator[tuple[Call, int, int]]:
        """`to_thread(function, a, b)`, `partial(function, a)`, `add_task(function, a)`: arguments after the function."""
        for call, position in self.mentions.get(function.name, ()):
            for value in self.evaluate(call.arguments[position], call.scope):
                if isinstance(value, FunctionValue) and value.function is function:
                    bound = int(value.bound is not None and function.self_name is not None)
                    yield call, bound, position + 1
                    break

    @property
    def mentions(self) -> dict[str, list[tuple[Call, int]]]:
        """Last name of an argument -> the calls that get it (for functions passed to others) and its position."""
        if not hasattr(self, "_mentions"):
            index: dict[str, list[tuple[Call, int]]] = defaultdict(list)
            for call in self._calls.values():
                for position, argument in enumerate(call.arguments):
                    name = last_name(argument)
                    if name:
                        index[name].append((call, position))
            self._mentions: dict[str, list[tuple[Call, int]]] = index
        return self._mentions

    # Classes

    def lineage(self, cls: Class) -> tuple[list[Class], list[str]]:
        """A class and its bases inside the repository, in order, and the dotted paths of bases outside."""
        known = self._mro.get(id(cls))
        if known is not None:
            return known
        self._mro[id(cls)] = ([cls], [])
        classes, outside = [cls], []
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

    def subclasses(self, cls: Class) -> list[Class]:
        """The classes of the program that derive from a class, at any depth."""
        if self._subclasses is None:
            self._subclasses = defaultdict(list)
            for candidate in self.program.classes:
                for base in self.lineage(candidate)[0][1:]:
                    self._subclasses[id(base)].append(candidate)
        return self._subclasses.get(id(cls), [])

    def constructor(self, cls: Class) -> Function | None:
        """The `__init__` that constructing a class runs, if it is in the repository."""
        for candidate in self.lineage(cls)[0]:
            method = candidate.method("__init__")
            if method is not None:
                return method
        return None

    def constructions(self, cls: Class) -> Iterator[Call]:
        """The calls that make instances of exactly this class."""
        for call in self.program.calls_by_name.get(cls.name, ()):
            if any(isinstance(v, ClassValue) and v.cls is cls for v in self.evaluate(call.expression[2], call.scope)):
                yield call
        for call in self.program.calls_by_name.get("cls", ()):
            method = method_of(call.scope)
            if method is not None and method.owner is cls and call.expression[2] [0] == "name":
                yield call

    def is_made(self, cls: Class) -> bool:
        """Whether the program makes instances of a class: by calling it, or by handing it on as a value."""
        if id(cls) not in self._made:
            self._made[id(cls)] = (
                cls.name in self._handed_on or next(iter(self.constructions(cls)), None) is not None
            )
        return self._made[id(cls)]

    @cached_property
    def _handed_on(self) -> frozenset[str]:
        """Names that stand as values in containers, arguments and returns: registries and factories use them so."""
        found = {name for name in self.mentions}
        for module in self.program.modules:
            for scope in module.descendants():
                values = [value for value, _ in scope.returns]
                values += [b.expression for bs in scope.bindings.values() for b in bs if b.expression is not None]
                values += [store.value for store in scope.stores if store.value is not None]
                for value in values:
                    found.update(_values_named(value))
        return frozenset(found)

    # Annotations

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
            yield Elements(_distinct(v for a in chosen for v in self.annotated(a, scope)))
        else:
            yield from self.annotated(annotation[2], scope)


def method_of(scope: Scope) -> Function | None:
    """The method that a scope stands in, through nested functions and lambdas."""
    for candidate in scope.within():
        if isinstance(candidate, Function) and isinstance(candidate.parent, Class):
            return candidate
    return None


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


def is_field_call(expression: Expression | None) -> bool:
    """`Field(...)` or `field(...)`: the default of a model or dataclass field."""
    return expression is not None and expression[0] == "call" and last_name(expression[2]).lower() == "field"


def _is_object(values: Iterable[Value]) -> bool:
    return any(not isinstance(value, Constant) for value in values)


def _distinct(values: Iterable[Value]) -> Values:
    found: list[Value] = []
    for value in values:
        if value not in found:
            found.append(value)
            if len(found) >= WIDTH:
                break
    return tuple(found)
