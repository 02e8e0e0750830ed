"""Expressions: names, attributes, operators."""

from __future__ import annotations

import builtins
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cached_property

from aiaudit.model.bindings import is_looped
from aiaudit.model.evaluation.dispatching import Dispatching
from aiaudit.model.evaluation.tornado import HANDED_APPLICATIONS
from aiaudit.model.frameworks import APPLICATIONS, ROUTERS
from aiaudit.model.program import scope_of_name
from aiaudit.model.scopes import Binding, Class, Function, Module, Scope, is_django_settings, last_name
from aiaudit.model.values import (
    ClassValue,
    Constant,
    External,
    FunctionValue,
    Instance,
    Literal,
    ModuleValue,
    Super,
    Value,
)
from aiaudit.sources.python.facts import Expression

RUNNABLE = "langchain_core.runnables.RunnableSequence()"
SUBCLASSES = "builtins.type.__subclasses__"
NEW = "builtins.object.__new__"
NAMESPACES = (
    "types.SimpleNamespace()", "argparse.Namespace()", "starlette.datastructures.State()", "threading.local()",
    "werkzeug.local.Local()", "asgiref.local.Local()",
)  # fmt: skip
# Objects of frameworks that programs put their own on, whatever they call them: `bp.client = AsyncOpenAI()`.
_HOLDING = frozenset(
    (*ROUTERS, "celery.Celery()", "aiogram.Bot()", "aiogram.Dispatcher()", "discord.Client()",
     "discord.ext.commands.Bot()", "telebot.TeleBot()", "slack_bolt.App()", "streamlit.session_state")
)  # fmt: skip
# Objects of frameworks that carry one of the program's: attribute -> which argument of their type it is of.
CARRIERS: dict[str, dict[str, int]] = {
    "Runtime": {"context": 0},
    "ToolRuntime": {"context": 0, "state": 1},
    "RunContext": {"deps": 0},
    "RunContextWrapper": {"context": 0},
    "AgentHookContext": {"context": 0},
    "ToolContext": {"context": 0},
    "Context": {"lifespan_context": 1},
}
# What the tools of an MCP server find what its lifespan yielded as.
_LIFESPAN = "lifespan_context"
_TOOL_SERVERS = ("mcp.", "fastmcp.")
_TOOL_SERVER_NAMES = ("FastMCP", "Server", "MCPServer")
_RUNTIME = "langgraph.runtime.get_runtime()"
# Names under which code reaches for an application, or the state that it or a request carries.
_SHARED = ("state", "g", "ctx", "app", "current_app", "application")
_APPLICATION_NAMES = frozenset(path.rpartition(".")[2] for path in APPLICATIONS)
DJANGO_SETTINGS = "django.conf.settings"
_BUILTINS = frozenset(dir(builtins))


class Expressions(Dispatching):
    """Answers about expressions, tag by tag."""

    def _name(self, expression: Expression, scope: Scope) -> Iterable[Value]:
        if type(scope) is Class and scope.parent is not None and _is_given_itself(expression, scope):
            return self.name(expression[2], scope.parent)
        return self.name(expression[2], scope)

    def name(self, name: str, scope: Scope) -> Iterable[Value]:
        """What a name may stand for in a scope."""
        holder = scope_of_name(scope, name)
        if holder is None:
            return self._unbound(name, scope.module)
        bindings = holder.bindings[name]
        found = self.binding(bindings[0]) if len(bindings) == 1 else self.bindings(bindings)
        if type(holder) is Module and name in self.program.stores_by_attribute:
            return (*found, *self.set_on_module(holder, name))
        return found

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
            if binding.annotation is None:
                return found
            return (*found, *self.told(binding.annotation, scope, found))
        if kind == "element":
            if binding.index is not None and is_looped(binding):
                found = self.parts(binding.expression, scope, binding.index)
            else:
                found = self.elements(binding.expression, scope, binding.index)
            return self.below(found, binding.inner) if binding.inner else found
        if kind == "entered":
            return self.entered(binding.expression, scope)
        if kind == "annotated":
            return self.annotated(binding.annotation, scope)
        if kind == "parameter":
            return self.parameter(binding.target, scope)  # type: ignore[arg-type]
        if kind in ("import", "from"):
            return self._imported(binding)
        if kind == "function":
            if self.dispatched and id(binding.target) in self.dispatched:
                return (FunctionValue(binding.target), *map(FunctionValue, self.dispatched[id(binding.target)]))
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
        return self.once((value.folder, id(value.module), name), value, lambda: self._member(value, name))

    def _member(self, value: ModuleValue, name: str) -> Iterable[Value]:
        module = value.module
        if module is not None:
            if name in module.bindings:
                own = [b for b in module.bindings[name] if not self._imports_itself(b, module, name)]
                if own:
                    return [*self.bindings(own), *self.set_on_module(module, name)]
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

    def set_on_module(self, module: Module, name: str) -> Iterator[Value]:
        """What other modules put into a variable of a module: `state.rag = RAGService()`."""
        if self._set_on_modules is None:
            self._set_on_modules = defaultdict(list)
            for attribute, stores in self.program.stores_by_attribute.items():
                for store in stores:
                    target = self._imported_module(store.base, store.scope) if store.how == "attribute" else None
                    if target is not None and target.module is not None:
                        self._set_on_modules[id(target.module), attribute].append(store)
        for store in self._set_on_modules.get((id(module), name), ()):
            yield from self.stored(store)

    def _imported_module(self, expression: Expression, scope: Scope) -> ModuleValue | None:
        """The module of the program that an expression is, as its import says: `state`, `services.state`."""
        if expression[0] == "attr":
            package = self._imported_module(expression[2], scope)
            return self.program.submodule(package, expression[3]) if package is not None else None
        holder = scope_of_name(scope, expression[2]) if expression[0] == "name" else None
        for binding in holder.bindings[expression[2]] if holder is not None else ():
            module = binding.scope.module
            if binding.kind == "import":
                name, alias = binding.target
                found = self.program.resolve(module, name if alias else name.partition(".")[0], 0)
                return found if isinstance(found, ModuleValue) else None
            if binding.kind == "from":
                level, source, name = binding.target
                found = self.program.resolve(module, source, level)
                return self.program.submodule(found, name) if isinstance(found, ModuleValue) else None
        return None

    def _imports_itself(self, binding: Binding, module: Module, name: str) -> bool:
        """`from . import config` inside the package's own __init__: the name is the submodule."""
        if binding.kind != "from":
            return False
        found = self.program.resolve(module, binding.target[1], binding.target[0])
        return isinstance(found, ModuleValue) and found.module is module and binding.target[2] == name

    def _attr(self, expression: Expression, scope: Scope) -> Iterable[Value]:
        return self.attribute_of(expression, scope)

    def attribute_of(self, expression: Expression, scope: Scope) -> Iterator[Value]:
        """What an attribute expression may stand for."""
        _, _, base, name = expression
        is_state = base[0] in ("attr", "name") and last_name(base) in _SHARED
        shared = list(self.shared_state(name)) if is_state else ()
        for value in self.evaluate(base, scope):
            if not shared or not isinstance(value, External):  # what was put there is nothing of the framework's
                yield from self.attribute(value, name)
        yield from shared

    def shared_state(self, name: str) -> Iterator[Value]:
        """What was put on an application's or request's state under a name."""
        for store in self.program.stores_by_attribute.get(name, ()):
            if last_name(store.base) in _SHARED or self._holds_application(store.base, store.scope):
                yield from self.stored(store)
        for value, function in self._yielded_state.get(name, ()):
            yield from self.evaluate(value, function)

    def _holds_application(self, expression: Expression, scope: Scope) -> bool:
        """Whether a variable holds an application under a name of its own: `api = FastAPI()`."""
        holder = scope_of_name(scope, expression[2]) if expression[0] == "name" else None
        binding = holder.bindings[expression[2]][0] if holder is not None else None
        made = binding.expression if binding is not None and binding.kind == "value" else None
        if made is None or made[0] != "call" or last_name(made[2]) not in _APPLICATION_NAMES:
            return False
        return any(isinstance(v, External) and v.path in APPLICATIONS for v in self.evaluate(made[2], scope))

    @cached_property
    def _yielded_state(self) -> dict[str, list[tuple[Expression, Function]]]:
        """Name -> what lifespans yield for it: `yield {"client": client}`."""
        found: dict[str, list[tuple[Expression, Function]]] = defaultdict(list)
        for function in self.program.functions:
            for value, _ in function.yields:
                for key, entry in value[2] if value[0] == "dict" else ():
                    if key is not None and key[0] == "const" and isinstance(key[2], str):
                        found[key[2]].append((entry, function))
        return found

    def attribute(self, value: Value, name: str) -> Iterable[Value]:
        """An attribute of a value."""
        if isinstance(value, External):
            if value.path == DJANGO_SETTINGS:
                given = tuple(v for module in self._django_settings for v in self.name(name, module))
            elif value.path in NAMESPACES:
                given = tuple(self._in_namespace(value, name))
            else:
                given = tuple(self._put_on(value, name)) if value.path in _HOLDING else self._carried(value, name)
            return given or (External(f"{value.path}.{name}", value.origin, value),)
        if isinstance(value, Instance):
            if name == "value" and self.is_enumeration(value.cls):
                return self.members(value.cls)  # of a member known by its type alone, or by its value
            found = self.class_attribute(value.cls, name, value)
            return found or ((value,) if name == "value" else ())  # an object that stands in an enumeration
        if isinstance(value, ClassValue):
            if name == "__subclasses__":
                return (External(SUBCLASSES, None, value),)
            found = self.class_attribute(value.cls, name, value)
            return found or ((value,) if name == "value" else ())  # a class that stands in an enumeration
        if isinstance(value, ModuleValue):
            return self.member(value, name)
        if isinstance(value, Super):
            found = self.class_attribute(value.cls, name, value.bound or Instance(value.cls), skip_own=True)
            return found or ((External(NEW),) if name == "__new__" else ())
        if isinstance(value, FunctionValue) and name in ("__wrapped__", "func", "fn"):
            return (value,)
        if isinstance(value, (Constant, Literal)) and name == "value":
            return (value,)  # a literal has none: it stands in an enumeration
        return ()

    @cached_property
    def _django_settings(self) -> list[Module]:
        """The modules whose variables are the attributes of `django.conf.settings`."""
        return [module for module in self.program.modules if is_django_settings(module)]

    def _carried(self, value: External, name: str) -> tuple[Value, ...]:
        """The object of the program that one of a framework carries, as far as its type tells: `runtime.context`."""
        if value.path == _RUNTIME and name == "context" and value.origin is not None:
            return tuple(self.annotated(value.origin.argument("context_schema", 0), value.origin.scope))
        if value.path in HANDED_APPLICATIONS:
            return tuple(self.of_application(name))
        if name == _LIFESPAN and not value.given and value.path.startswith(_TOOL_SERVERS):
            return tuple(self._yielded_by_lifespans())
        if not value.given:
            return ()
        owner = next((part for part in reversed(value.path.split(".")) if part.endswith("()")), value.path)
        if name == "request_context":
            return (External(f"{value.path}.{name}", value.origin, value, value.given),)
        index = CARRIERS.get(owner.removesuffix("()"), {}).get(name)
        return value.given[index] if index is not None and index < len(value.given) else ()

    def _yielded_by_lifespans(self) -> Iterator[Value]:
        """What the lifespans of the program's tool servers yield: `FastMCP("docs", lifespan=open_stores)`."""
        for call in (call for name in _TOOL_SERVER_NAMES for call in self.program.calls_by_name.get(name, ())):
            for value in self.evaluate(call.keyword("lifespan"), call.scope):
                if isinstance(value, FunctionValue):
                    yield from self.result(value.function)

    def _in_namespace(self, namespace: External, name: str) -> Iterator[Value]:
        """What an object that holds whatever it is given was given, at once or later."""
        if namespace.origin is not None:
            yield from self.evaluate(namespace.origin.keyword(name), namespace.origin.scope)
        yield from self._put_on(namespace, name)

    def _put_on(self, holder: External, name: str) -> Iterator[Value]:
        """What an object of a library was given under a name that its class does not have."""
        for store in self.program.stores_by_attribute.get(name, ()):
            if any(value == holder for value in self.evaluate(store.base, store.scope)):
                yield from self.stored(store)

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
        if operator not in ("BitOr", "Add"):
            return ()
        sides = (*self.evaluate(left, scope), *self.evaluate(right, scope))
        if operator == "Add":
            return tuple(side for side in sides if isinstance(side, Literal))  # what lies in either lies in the sum
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


def _is_given_itself(expression: Expression, cls: Class) -> bool:
    """Whether a name in the body of a class is what gives the class that name: `client = Depends(client)`."""
    found = cls.bindings.get(expression[2], ())
    given = found[0].expression if len(found) == 1 and found[0].kind in ("value", "annotated") else None
    return given is not None and given[1][:2] <= expression[1][:2] and expression[1][2:] <= given[1][2:]
