"""Signs in the program that a route knows who is asking."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

from aiaudit.model.access.names import (
    HEADERS,
    PARAMETERS,
    SIGNING_IN,
    checks_access,
    gives_identity,
    is_own_key,
    speaks_of_access,
)
from aiaudit.model.program import is_beside_the_service
from aiaudit.model.python import PythonSide
from aiaudit.model.refusals import Refusal, own_decisions, refuses
from aiaudit.model.routes import Route
from aiaudit.model.scopes import Call, Class, Function, Module, Scope, dotted, last_name, walk, walk_all
from aiaudit.model.values import ClassValue, External, FunctionValue, Instance
from aiaudit.sources.python.facts import Expression, Parameter, Statement

_STRANGER = Refusal((401, 403), ("UNAUTHORIZED", "FORBIDDEN"))
_OPEN = frozenset(("AllowAny", "IsAuthenticatedOrReadOnly"))
_REQUESTS = frozenset(("request", "req", "websocket", "ws", "socket", "conn", "self", "info", "scope"))
_WHO = frozenset(("user", "auth", "current_user", "session", "user_id", "cookies", "identity"))
_READ_FROM = frozenset(("headers", "cookies", "query_params", "args", "META", "query"))
# Where a parameter annotated with a model, and that no dependency fills, is the body.
_BODIES = ("fastapi", "ninja")
_OPTIONS = frozenset(("dependencies", "guards", "middleware", "security", "permission"))
# The expressions that may read who is asking.
_READING = frozenset(("attr", "call", "sub"))
# How deep below a handler a name still tells about the request rather than about a provider.
_DEPTH = 2
# Calls that may put a check before all of an application's routes.
_WRAPPING = ("add_middleware", "Middleware", "wrap_app", "mount_auth")
_MAKING = ("FastAPI", "NinjaAPI", "Litestar", "Starlette", "NinjaExtraAPI")
_SHOWING = ("mount_gradio_app", "launch")


class Evidence:
    """Answers whether a route is protected by something in the program."""

    def __init__(self, side: PythonSide) -> None:
        self.side = side
        self.evaluator = side.evaluator
        self._routes: dict[int, bool] = {}
        self._reading: dict[int, bool] = {}
        self._refusing: dict[int, bool] = {}
        self._refusing_modules: dict[int, bool] = {}

    def of(self, route: Route) -> bool:
        """Whether anything that runs for a route looks at who is asking."""
        known = self._routes.get(id(route))
        if known is None:
            known = self._routes[id(route)] = self.is_everywhere or self._is_protected(route)
        return known

    def _is_protected(self, route: Route) -> bool:
        owner = route.handler.owner
        if self._is_declared_open(route.handler, owner):
            return False
        if self.is_django_default and not self._is_of(route, "fastapi", "flask"):
            return True
        if any(self._decorated(scope) for scope in (route.handler, owner) if scope is not None):
            return True
        if any(self._parameter(parameter, route.handler) for parameter in route.handler.parameters):
            return True
        if any(self._options(call) for call in self._registrations(route)):
            return True
        if any(gives_identity(dependency.name) for dependency in route.dependencies):
            return True
        return any(self._scope(scope, depth) for scope, depth in self._run_for(route))

    def _is_of(self, route: Route, *frameworks: str) -> bool:
        names = [statement[3] for statement, _, _ in route.handler.module.imports if statement[0] == "from"]
        return any(name.startswith(frameworks) for name in names)

    # What is declared

    def _is_declared_open(self, handler: Function, owner: Class | None) -> bool:
        """`permission_classes = [AllowAny]`."""
        listed = [b.expression for b in owner.bindings.get("permission_classes", ())] if owner is not None else []
        listed += [part for d in handler.decorators if last_name(_callee(d)) == "permission_classes" for part in d[3]]
        names = {last_name(part) for one in listed if one is not None for part in walk(one)} - {""}
        return bool(names) and names <= _OPEN

    def _decorated(self, scope: Function | Class) -> bool:
        """`@login_required`, `permission_classes = [IsAuthenticated]`, `class View(LoginRequiredMixin, ...)`."""
        if any(speaks_of_access(last_name(part)) for d in scope.decorators for part in walk(d) if _is_named(part)):
            return True
        if not isinstance(scope, Class):
            return False
        names = ("permission_classes", "authentication_classes", "guards", "decorators", "method_decorators")
        if any(_is_filled(b.expression) for name in names for b in scope.bindings.get(name, ())):
            return True
        return any(speaks_of_access(path.rpartition(".")[2]) for path in self.evaluator.lineage(scope)[1])

    def _parameter(self, parameter: Parameter, function: Function) -> bool:
        """A parameter that holds a credential, or that a dependency fills with who is asking."""
        name, _, annotation, default, _ = parameter
        call = self.evaluator.dependency(parameter, function)
        if call is not None:
            given = call.arguments[0] if call.arguments else call.keyword("dependency") or annotation
            names = [last_name(part) for part in walk(given)] if given is not None else []
            return call.name == "Security" or any(map(gives_identity, [name, *names]))
        written = [part for given in (annotation, default) if given is not None for part in walk(given)]
        if any(part[0] == "call" and last_name(part[2]) in ("Header", "Cookie") for part in written):
            return name.replace("_", "-").lower() in HEADERS or is_own_key(name)
        if is_own_key(name):
            return True
        return (
            annotation is not None
            and speaks_of_access(last_name(annotation))
            and not self._is_body(annotation, function)
        )

    def _is_body(self, annotation: Expression, function: Function) -> bool:
        """Whether a parameter holds the body of the request, whose fields anybody may fill: `who: IdentityRequest`."""
        names = [statement[3] for statement, _, _ in function.module.imports if statement[0] == "from"]
        if not any(name.startswith(_BODIES) for name in names):
            return False
        return any(
            isinstance(value, ClassValue) and self.evaluator.inherits(value.cls, "pydantic.BaseModel")
            for value in self.evaluator.evaluate(annotation, function)
        )

    # Where a route is registered

    def _registrations(self, route: Route) -> Iterator[Call]:
        """The calls that make its router, include it, and decorate the handler: their options hold for the route."""
        if route.decorator is None:
            return
        yield route.decorator
        callee = route.decorator.expression[2]
        if callee[0] != "attr":
            return
        queue = list(self._origins(callee[2], route.decorator.scope))
        seen: set[int] = set()
        for origin in queue:  # grows while it is walked
            if id(origin) in seen:
                continue
            seen.add(id(origin))
            yield origin
            for call in self._included.get(id(origin), ()):
                yield call
                if call.expression[2][0] == "attr":
                    queue.extend(self._origins(call.expression[2][2], call.scope))

    @cached_property
    def _included(self) -> dict[int, list[Call]]:
        """Router -> the calls that include it."""
        found: dict[int, list[Call]] = {}
        for name in ("include_router", "register_blueprint", "add_router", "mount", "register"):
            for call in self.side.program.calls_by_name.get(name, ()):
                for argument in (*call.arguments, *(value for _, value in call.keywords)):
                    for origin in self._origins(argument, call.scope) if argument[0] in ("name", "attr") else ():
                        found.setdefault(id(origin), []).append(call)
        return found

    def _origins(self, expression: Expression, scope: Scope) -> Iterator[Call]:
        for value in self.evaluator.evaluate(expression, scope):
            if isinstance(value, (External, Instance)) and value.origin is not None:
                yield value.origin

    def _options(self, call: Call) -> bool:
        """`dependencies=[Depends(require_key)]`, `auth=key`, `guards=[...]`, `middleware=[...]`."""
        if any(key == "auth" and not (value[0] == "const" and value[2] is None) for key, value in call.keywords):
            return True
        options = [value for key, value in call.keywords if key in _OPTIONS]
        parts = [part for option in options for part in walk(option) if _is_named(part)]
        return any(gives_identity(last_name(part)) or self._is_gate(part, call.scope) for part in parts)

    def _is_gate(self, expression: Expression, scope: Scope) -> bool:
        """Whether a dependency or guard of the program refuses strangers, itself or in what it depends on."""
        for value in self.evaluator.evaluate(expression, scope):
            function = value.function if isinstance(value, FunctionValue) else None
            if isinstance(value, (ClassValue, Instance)):
                function = value.cls.method("__call__")
            if function is None:
                continue
            if any(self._parameter(parameter, function) for parameter in function.parameters) or self._deep(function):
                return True
        return False

    # The whole application

    @cached_property
    def is_everywhere(self) -> bool:
        """Whether middleware, hooks or options of the application look at every request."""
        for entry in self.side.routing.entries:
            if entry.kind != "request" or not re.match(r"every request (?!\((exception|error))", entry.label):
                continue
            names = [entry.scope.name, *(s.name for s in entry.scope.within() if isinstance(s, Class))]
            if any(map(speaks_of_access, names)) or self._deep(entry.scope):
                return True
        live, calls = self.side.routing.live, self.side.program.calls_by_name
        named = (call for name in (*_WRAPPING, *_MAKING, *_SHOWING) for call in calls.get(name, ()))
        return any(call.scope.module.path in live and self._covers(call) for call in named)

    def _covers(self, call: Call) -> bool:
        name = call.name
        if name in _WRAPPING:
            given = (*call.arguments, *(value for _, value in call.keywords))
            return any(speaks_of_access(last_name(part)) for one in given for part in walk(one) if _is_named(part))
        if name in _MAKING:
            return self._options(call)
        return name in _SHOWING and call.keyword("auth") is not None

    @cached_property
    def is_django_default(self) -> bool:
        """Whether a Django project's settings ask for a login by default."""
        for module in self.side.program.modules:
            if "INSTALLED_APPS" not in module.bindings or is_beside_the_service(module.path):
                continue
            for part in walk_all(module.body):
                if part[0] == "dict":
                    for key, value in part[2]:
                        if key is not None and key[0] == "const" and key[2] == "DEFAULT_PERMISSION_CLASSES":
                            listed = [str(p[2]).rpartition(".")[2] for p in walk(value) if p[0] == "const"]
                            return bool(listed) and not set(listed) <= _OPEN
                elif part[0] == "const" and isinstance(part[2], str) and part[2].endswith("LoginRequiredMiddleware"):
                    return True
        return False

    # What runs

    def _run_for(self, route: Route) -> Iterator[tuple[Scope, int]]:
        """The scopes that run for a route, each with how many calls below the handler it stands."""
        seen: set[int] = set()
        queue: list[tuple[Scope, int]] = [(scope, 0) for scope in (route.handler, *route.dependencies)]
        constructor = route.handler.owner.method("__init__") if route.handler.owner is not None else None
        queue += [(constructor, 0)] if constructor is not None else []
        for scope, depth in queue:  # grows while it is walked
            if id(scope) in seen or isinstance(scope, Module):
                continue
            seen.add(id(scope))
            yield scope, depth
            for edge in self.side.contexts.edges(scope):
                injected = edge.caption.startswith("depends on")
                queue.append((edge.target, 0 if injected else depth + 1))

    def _deep(self, scope: Scope) -> bool:
        """Whether a middleware or dependency, or what it calls, decides who may go on."""
        if self._scope(scope, 0):
            return True
        return any(self._scope(edge.target, 0) for edge in self.side.contexts.edges(scope))

    def _scope(self, scope: Scope, depth: int) -> bool:
        """Whether a function refuses strangers; near the handler, whether it reads or checks a credential at all."""
        if isinstance(scope, Function) and self._refuses(scope):
            return True
        return depth <= _DEPTH and isinstance(scope, Function) and self._reads(scope)

    def _refuses(self, function: Function) -> bool:
        known = self._refusing.get(id(function))
        if known is None:
            known = self._may_refuse(function.module) and any(
                refuses(statement, _STRANGER) for statement in own_decisions(function.body, _STRANGER)
            )
            self._refusing[id(function)] = known
        return known

    def _may_refuse(self, module: Module) -> bool:
        """Whether a module names an answer to strangers: most do not."""
        known = self._refusing_modules.get(id(module))
        if known is None:
            known = self.side.program.tree.mentions(module.path, _STRANGER.words)
            self._refusing_modules[id(module)] = known
        return known

    def _reads(self, function: Function) -> bool:
        known = self._reading.get(id(function))
        if known is None:
            parameters = {parameter[0] for parameter in function.parameters}
            known = any(
                not self._is_no_proof(part, function) for part in _reading_credentials(function.body, parameters)
            ) or any(
                call.name not in SIGNING_IN and (checks_access(call.name) or self._is_of_library(call))
                for call in function.calls
            )
            self._reading[id(function)] = known
        return known

    def _is_no_proof(self, part: Expression, function: Function) -> bool:
        """Whether what is read is a field of the service's settings, or one in which the client only says who it is:
        `request.user_id` of a body that the handler calls `request`."""
        if part[0] != "attr":
            return False
        for value in self.evaluator.evaluate(part[2], function):
            if not isinstance(value, Instance):
                continue
            if self.evaluator.inherits(value.cls, ".BaseSettings"):
                return True
            fields = (b for cls in self.evaluator.lineage(value.cls)[0] for b in cls.bindings.get(part[3], ()))
            if not is_own_key(part[3]) and any(binding.annotation is not None for binding in fields):
                return True
        return False

    def _is_of_library(self, call: Call) -> bool:
        """A call of a library for logins and tokens."""
        return any(
            isinstance(value, External) and speaks_of_access(value.path.partition(".")[0])
            for value in self.evaluator.callees(call)
        )


def _reading_credentials(body: tuple[Statement, ...], parameters: set[str]) -> Iterator[Expression]:
    """The expressions that read who is asking."""
    for part in walk_all(body):
        tag = part[0]
        if tag == "name":
            if part[2] == "current_user":
                yield part
        elif tag in _READING and _reads_credential(part, parameters):
            yield part


def _reads_credential(part: Expression, parameters: set[str]) -> bool:
    """`request.headers["x-api-key"]`, `request.user`, `body.openai_api_key`."""
    if part[0] == "attr" and part[2][0] in ("name", "attr"):
        base = last_name(part[2])
        if part[3] in _WHO and _is_resolvers_context(part[2]):
            return True
        if part[3] in _WHO and (base in _REQUESTS or (base in ("state", "g") and part[3] != "session")):
            return base != "self" or part[3] != "session"
        return is_own_key(part[3]) and part[2][0] == "name" and part[2][2] in parameters and base != "self"
    if part[0] == "call" and part[2][0] == "attr" and part[2][3] in ("get", "getlist", "pop") and part[3]:
        return _is_credential(part[2][2], part[3][0])
    if part[0] == "sub":
        return _is_credential(part[2], part[3])
    return False


def _is_resolvers_context(expression: Expression) -> bool:
    """`info.context`, which GraphQL servers pass to resolvers."""
    return expression[0] == "attr" and expression[3] == "context" and last_name(expression[2]) in ("info", "_info")


def _is_credential(holder: Expression, key: Expression) -> bool:
    if key[0] != "const" or not isinstance(key[2], str):
        return False
    if _is_resolvers_context(holder):
        return key[2] in _WHO
    place, name = last_name(holder), key[2].lower().replace("_", "-").removeprefix("http-")
    if place == "session" or dotted(holder) == "flask.session":
        return True
    if holder[0] not in ("attr", "name") or place not in _READ_FROM or (holder[0] == "name" and place == "headers"):
        return False
    return name in HEADERS or name.replace("-", "_") in PARAMETERS or place == "cookies"


def _callee(decorator: Expression) -> Expression:
    return decorator[2] if decorator[0] == "call" else decorator


def _is_named(part: Expression) -> bool:
    return part[0] in ("name", "attr")


def _is_filled(expression: Expression | None) -> bool:
    """A list with something in it, or anything that is no list."""
    if expression is None:
        return False
    return expression[0] not in ("list", "tuple") or bool(expression[2])
