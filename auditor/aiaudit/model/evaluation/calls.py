"""Calls: what calling something gives."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from aiaudit.model.evaluation.containers import SAME_ELEMENTS
from aiaudit.model.evaluation.core import distinct, is_object, method_of
from aiaudit.model.evaluation.expressions import NEW, SUBCLASSES
from aiaudit.model.evaluation.injection import RESOLVING
from aiaudit.model.evaluation.loaded import Loaded
from aiaudit.model.loading import LOADERS, SPLITTING, split
from aiaudit.model.plugins import imported_by, is_listed, members_of
from aiaudit.model.scopes import Call, Class, Scope, last_name
from aiaudit.model.values import (
    ClassValue,
    Constant,
    Elements,
    External,
    FunctionValue,
    Instance,
    Literal,
    Partial,
    Super,
    Value,
    Values,
)
from aiaudit.sources.python.facts import Expression

# Calls that give back what their argument gives: path -> position.
PASSING = {
    "asyncio.wait_for": 0,
    "asyncio.shield": 0,
    "asyncio.create_task": 0,
    "asyncio.ensure_future": 0,
    "asyncio.run": 0,
    "asyncio.Runner().run": 0,
    "uvloop.run": 0,
    "typing.cast": 1,
    NEW: 0,
    "copy.copy": 0,
    "copy.deepcopy": 0,
    "builtins.iter": 0,
    "builtins.aiter": 0,
    "itertools.cycle": 0,
    "contextlib.nullcontext": 0,
    "contextlib.closing": 0,
    "contextlib.aclosing": 0,
    "functools.lru_cache": 0,
    "functools.cache": 0,
    "functools.lru_cache()": 0,
    "asgiref.sync.sync_to_async": 0,
    "asyncer.asyncify": 0,
    "chainlit.make_async": 0,
    "chainlit.sync.make_async": 0,
    "asgiref.sync.async_to_sync": 0,
    "contextlib.contextmanager": 0,
    "contextlib.asynccontextmanager": 0,
    # Clients that are traced, and stay what they are.
    "langsmith.wrappers.wrap_openai": 0,
    "langsmith.wrappers.wrap_anthropic": 0,
    "langsmith.wrap_openai": 0,
    "braintrust.wrap_openai": 0,
    "braintrust.wrap_anthropic": 0,
    "braintrust.oai.wrap_openai": 0,
    "opik.integrations.openai.track_openai": 0,
    "opik.integrations.anthropic.track_anthropic": 0,
    "contextlib.AsyncExitStack().enter_async_context": 0,
    "contextlib.ExitStack().enter_context": 0,
    "streamlit.cache_resource": 0,
    "weakref.proxy": 0,
}
# Calls that call the function given to them: path -> position of the function.
CALLING = {
    "asyncio.to_thread": 0,
    "starlette.concurrency.run_in_threadpool": 0,
    "fastapi.concurrency.run_in_threadpool": 0,
    "anyio.to_thread.run_sync": 0,
    "asyncio.get_event_loop().run_in_executor": 1,
    "asyncio.get_running_loop().run_in_executor": 1,
    "anyio.run": 0,
    "fastapi.Depends": 0,
    "fastapi.Security": 0,
    "fastapi.params.Depends": 0,
    "django.utils.functional.SimpleLazyObject": 0,
}
IMPORTING_PATHS = ("importlib.import_module", "builtins.__import__")
# Methods of a pydantic class that make an object of it out of data, and run its validators.
VALIDATING = frozenset(("model_validate", "model_validate_json", "parse_obj", "parse_raw", "from_orm"))
# Calls that collect the elements of what they are given: path -> position.
COLLECTING = {**{f"builtins.{name}": 0 for name in SAME_ELEMENTS}, "builtins.filter": 1}
CONTAINER_READS = frozenset(("get", "pop", "popleft", "setdefault", "get_nowait", "popitem"))
CONTAINER_VIEWS = frozenset(("values", "items", "copy", "keys"))
_CONTAINER_METHODS = CONTAINER_READS | CONTAINER_VIEWS


class Calls(Loaded):
    """Answers about call expressions."""

    def _call(self, expression: Expression, scope: Scope) -> Iterator[Value]:
        function = expression[2]
        if self._reads_container(function, scope):
            found = tuple(self.contained(function[2], scope, expression[3][0] if expression[3] else None))
            if found:
                yield from found if function[3] in CONTAINER_READS else (Elements(distinct(found)),)
                return
        call = self.call_of(expression, scope)
        if function[0] == "attr" and function[3] in SPLITTING:
            parts = [split(value, call) for value in self.evaluate(function[2], scope) if isinstance(value, Constant)]
            if any(parts):
                yield from (Literal(part, scope, id(part)) for part in parts if part is not None)
                return
        if function[0] == "attr" and function[3] in VALIDATING:
            made = [Instance(cls, call) for cls in self.validated(call)]
            if made:
                yield from made
                return
        for callee in self.evaluate(function, scope):
            yield from self.called(callee, call)
        for run in self.runs(call):
            yield from self.result(run.function) if run.gives else ()

    def _reads_container(self, function: Expression, scope: Scope) -> bool:
        """Whether what is called has the name of a container's method, and is none of a class of the repository, nor
        that of an injector."""
        return (
            function[0] == "attr"
            and function[3] in _CONTAINER_METHODS
            and not any(
                isinstance(value, FunctionValue) or (isinstance(value, External) and value.path in RESOLVING)
                for value in self.evaluate(function, scope)
            )
        )

    def validated(self, call: Call) -> Iterator[Class]:
        """The pydantic classes of the repository that `Class.model_validate(...)` makes an object of."""
        for value in self.evaluate(call.expression[2][2], call.scope):
            if isinstance(value, ClassValue) and self.inherits(value.cls, ".BaseModel", ".BaseSettings"):
                yield value.cls

    def call_of(self, expression: Expression, scope: Scope) -> Call:
        """The record of a call expression."""
        known = self.call_index.get(id(expression))
        if known is None:
            known = Call(scope, expression, last_name(expression[2]), None, expression)
            self.call_index[id(expression)] = known
            self._kept.append(expression)
        return known

    def called(self, callee: Value, call: Call) -> Iterable[Value]:
        """What calling a value gives."""
        if isinstance(callee, FunctionValue):
            for ask in (self.of_class_asked, self.loaded, self.chosen_by_key, self._made_of_argument):
                made = ask(callee, call)
                if made:
                    return made
            given = [self.result(function) for function in (callee.function, *self.implementations(callee))]
            return tuple(self._of_heir(value, callee) for values in given for value in values)
        if isinstance(callee, ClassValue):
            return (Instance(callee.cls, call),)
        if isinstance(callee, Instance):
            return self._call_instance(callee, call)
        if isinstance(callee, Partial):
            return self.called(callee.function, self.handing.applied(callee.call, call))
        if isinstance(callee, External):
            return self._call_external(callee, call)
        return ()

    def _of_heir(self, value: Value, callee: FunctionValue) -> Value:
        """What a class method gives that promises an object of the class it stands in, `Base.read() -> "Base"`: one of
        the class it is called on, `User.read()`."""
        owner, bound = callee.function.owner, callee.bound
        if not isinstance(bound, ClassValue) or owner is None or bound.cls is owner:
            return value
        if isinstance(value, Elements):
            return Elements(tuple(self._of_heir(held, callee) for held in value.element))
        if not isinstance(value, Instance) or value.cls is not owner or value.origin is not None:
            return value
        return Instance(bound.cls)

    def _call_instance(self, callee: Instance, call: Call) -> Iterator[Value]:
        forward = self.forwarded(callee.cls)
        if forward is not None:
            yield from self.result(forward)
            return
        for value in self.class_attribute(callee.cls, "__call__", callee):
            yield from self.called(value, call)

    def _call_external(self, callee: External, call: Call) -> Iterable[Value]:
        path, scope, arguments = callee.path, call.scope, call.arguments
        provider = self.provider_of(callee)
        if provider is not None:
            return self.result(provider)
        if path in RESOLVING and arguments:
            return self.resolved(arguments[0], call)
        position = PASSING.get(path, 0 if path.endswith(".run_until_complete") else None)
        if position is not None and len(arguments) > position:
            return self.evaluate(arguments[position], scope)
        position = CALLING.get(path, 1 if path.endswith(".run_in_executor") else None)
        if position is not None:
            return self.called_argument(call, position)
        if path == "functools.partial" and arguments:
            return [Partial(value, call) for value in self.evaluate(arguments[0], scope)]
        if path == "builtins.super":
            return self._super(call)
        if path == "builtins.getattr" and len(arguments) > 1:
            names = self.evaluate(arguments[1], scope)
            if names and all(isinstance(name, Constant) and isinstance(name.value, str) for name in names):
                return self._got(call, [name.value for name in names if isinstance(name, Constant)])
            # `getattr(import_module(...), name)`: a name that only the running program knows may mean any class.
            members = [member for value in self.evaluate(arguments[0], scope) for member in members_of(value)]
            if members or is_listed(arguments[1], scope):
                return [*members, *self._got(call, ())]
        if path in ("builtins.next", "builtins.anext", "asyncio.gather"):
            return self.elements(arguments[0], scope) if arguments else ()
        if path in IMPORTING_PATHS:
            modules: Values = tuple(imported_by(call, self.program))
            modules = modules or tuple(self.modules_named(arguments[:1], call))
            return modules or (External(f"{path}()", call, callee),)
        if path in LOADERS:
            return tuple(self.members_named(arguments[:1], call)) or (External(f"{path}()", call, callee),)
        if path == SUBCLASSES and isinstance(callee.base, ClassValue):
            return (Elements(distinct(ClassValue(heir) for heir in self.subclasses(callee.base.cls))),)
        if path in ("random.choice", "secrets.choice") and arguments:
            return self.elements(arguments[0], scope)
        if isinstance(callee.base, External) and callee.base.path.endswith(f"{path[len(callee.base.path) :]}()"):
            return (callee.base,)  # `model.to(a).to(b)`, set on itself again and again, is one object
        made = External(f"{path}()", call, callee)
        collected = self._collected(path, call)
        return (Elements(collected), made) if is_object(collected) else (made,)

    def _collected(self, path: str, call: Call) -> Values:
        """The elements of `list(...)` and its like, and what `map` makes of them."""
        position = COLLECTING.get(path)
        if position is not None and len(call.arguments) > position:
            return self.elements(call.arguments[position], call.scope)
        if path == "builtins.map" and call.arguments:
            functions = self.evaluate(call.arguments[0], call.scope)
            return distinct(value for function in functions for value in self.called(function, call))
        return ()

    def _made_of_argument(self, callee: FunctionValue, call: Call) -> tuple[Value, ...] | None:
        """What a function gives that calls its argument: `load(AutoTokenizer)` of `return kind.from_pretrained(...)`.

        Asked for the one call, as each gives another thing. None for other functions.
        """
        function = callee.function
        if len(function.returns) != 1 or function.generator:
            return None
        returned = function.returns[0][0]
        names: list[str] = []
        maker = returned[2] if returned[0] == "call" else returned
        while maker[0] == "attr":
            names.append(maker[3])
            maker = maker[2]
        if returned[0] != "call" or maker[0] != "name" or maker[2] == function.self_name:
            return None
        bound = [binding.kind for binding in function.bindings.get(maker[2], ())]
        positions = [p[0] for p in function.parameters if p[1] in ("positional", "any")]
        if bound != ["parameter"] or maker[2] not in positions:
            return None
        offset = int(callee.bound is not None and function.self_name is not None)
        given = call.argument(maker[2], positions.index(maker[2]) - offset)
        if given is None:
            return None
        found: list[Value] = list(self.evaluate(given, call.scope))
        for name in reversed(names):
            found = [inner for value in found for inner in self.attribute(value, name)]
        inside = self.call_of(returned, function)
        return tuple(made for value in found for made in self.called(value, inside)) or None

    def _got(self, call: Call, names: Iterable[str]) -> Iterator[Value]:
        """What `getattr(thing, name, default)` may give for a name that is one of these."""
        for name in names:
            yield from self.attribute_of(("attr", call.at, call.arguments[0], name), call.scope)
        for default in call.arguments[2:3]:
            yield from self.evaluate(default, call.scope)

    def called_argument(self, call: Call, position: int) -> Iterator[Value]:
        handed = self.handing.handed(call, position)
        for value in self.evaluate(handed.expression[2], call.scope):
            yield from self.called(value, handed)

    def _super(self, call: Call) -> Iterator[Value]:
        method = method_of(call.scope)
        if method is not None and method.owner is not None:
            yield Super(method.owner, Instance(method.owner))
