"""What calls register: applications, routes, tables of them, middleware and graph nodes; and what classes answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from aiaudit.model.frameworks import (
    APPLICATIONS,
    GRADIO_EVENTS,
    MIDDLEWARE_BASES,
    VERBS,
    VIEW_BASES,
    VIEW_HOOKS,
    VIEW_METHODS,
)
from aiaudit.model.routes import Application
from aiaudit.model.routing.decorating import REQUEST_HOOKS, STARTUP_HOOKS, Decorators
from aiaudit.model.routing.recording import strings
from aiaudit.model.scopes import Call, Class, Function, Scope, last_name, original_name
from aiaudit.model.syntax import added
from aiaudit.model.values import ClassValue, External, Instance, Literal, Value
from aiaudit.sources.python.facts import Expression
from aiaudit.span import Span

# What calls that register something are named, by what they register.
_APPLICATIONS = frozenset(
    ("FastAPI", "Starlette", "Flask", "Quart", "Sanic", "Application", "Litestar", "NinjaAPI", "OpenAPI", "App",
     "FlaskApp", "AsyncApp")
)  # fmt: skip
_ADDING_ROUTES = frozenset(
    ("add_api_route", "add_route", "add_url_rule", "add_websocket_route", "add_api_websocket_route")
)
_TABLES = frozenset(("Route", "WebSocketRoute", "APIRoute", "path", "re_path", "url"))
_GRADIO = frozenset((*GRADIO_EVENTS, "Interface", "ChatInterface"))
_ADDING_VERBS = frozenset(f"add_{verb}" for verb in VERBS)
_LISTENING = frozenset(("add_event_handler", "register_listener", "on_startup"))
_MIDDLEWARE = frozenset(("add_middleware", "Middleware", "DefineMiddleware"))
_ROUTERS = frozenset(("APIRouter", "include_router"))
_NODES = frozenset(("add_node", "add_conditional_edges", "RunnableLambda"))
# What adds to the lists of hooks that an aiohttp application has.
_LISTING = frozenset(("append", "extend"))
# Hooks that are told by a plain call instead of a decorator: `app.before_request(check)`.
_HOOKING = (STARTUP_HOOKS | REQUEST_HOOKS | {"register_middleware"}) - _LISTENING
_REGISTERING = frozenset(("add_exception_handler",)).union(
    _APPLICATIONS, _ADDING_ROUTES, _TABLES, _GRADIO, _ADDING_VERBS, VERBS, _LISTENING, _MIDDLEWARE, _ROUTERS, _NODES,
    _LISTING, _HOOKING,
)  # fmt: skip


class Registrations(Decorators):
    """Handlers, hooks and applications by the calls and classes that state them."""

    def named_like_registrations(self) -> set[int]:
        """The calls that may register something by their names, under whatever name it was imported; those of calls."""
        names = {
            alias
            for module in self.program.modules
            for statement, _, _ in module.imports
            if statement[0] == "from"
            for name, alias in statement[4]
            if alias and name in _REGISTERING
        }
        calls = self.program.calls_by_name
        return {id(call) for name in ("", *_REGISTERING, *names) for call in calls.get(name, ())}

    def inspect_class(self, cls: Class) -> None:
        # A controller is made once, and of its methods those answer that decorators make handlers.
        if self.evaluator.inherits(cls, *VIEW_BASES) and not self.evaluator.inherits(cls, "litestar.Controller"):
            for method in cls.functions:
                if method.name in VIEW_METHODS or method.has_decorator(
                    "action", "get", "post", "put", "patch", "delete"
                ):
                    verb = method.name.upper() if method.name in VERBS else method.name
                    self.add(method, f"{verb} {cls.name}", method.span, "class-based", (verb,), None)
                elif method.name in VIEW_HOOKS:
                    self.entry("request", method, f"every request to {cls.name}", method.span)
            constructor = cls.method("__init__")
            if constructor is not None:
                # The frameworks make a view anew for every request.
                self.entry("request", constructor, f"every request to {cls.name}", constructor.span)
        if self.evaluator.inherits(cls, *MIDDLEWARE_BASES) and self._is_in_use(cls):
            for method in cls.functions:
                if method.name in ("dispatch", "process_request", "process_view", "__call__"):
                    self.entry("request", method, f"every request ({cls.name})", method.span)
        if self.evaluator.inherits(cls, ".AppConfig"):
            ready = cls.method("ready")
            if ready is not None:
                self.entry("startup", ready, f"{cls.name}.ready()", ready.span)

    def _is_in_use(self, middleware: Class) -> bool:
        """Whether an application may have a middleware: Django's are named in texts, others in the program."""
        if self.evaluator.inherits(middleware, ".MiddlewareMixin"):
            return True
        return any(
            self.evaluator.is_made_by_used_code(cls)
            or any(self.makes_application(call.scope) for call in self.evaluator.constructions(cls))
            for cls in (middleware, *self.evaluator.subclasses(middleware))
        )

    def makes_application(self, scope: Scope) -> bool:
        """Whether a function makes an application: a server may call it by name."""
        return any(
            isinstance(value, External) and value.path in APPLICATIONS
            for call in scope.calls
            for value in self._callee(call)
        )

    def registered(self, call: Call) -> None:
        if call.expression[2][0] == "call":
            self._decorated_by_call(call)
            return
        name = original_name(call.expression[2], call.scope.module)
        if name not in _REGISTERING:
            return
        if name in _APPLICATIONS:
            self.application(call)
        elif name in _ADDING_ROUTES:
            self._added_route(call)
        elif name in _TABLES:
            self._routing_table(call, name)
        elif name in _GRADIO:
            self._gradio(call, name)
        elif name in _ADDING_VERBS and len(call.arguments) > 1:
            self._functions_as_routes(call, call.arguments[1], name[4:].upper(), call.arguments[0])
        elif name in VERBS and len(call.arguments) > 1:
            if any(isinstance(v, External) and v.path == f"aiohttp.web.{name}" for v in self._callee(call)):
                self._functions_as_routes(call, call.arguments[1], name.upper(), call.arguments[0])
        elif name in _LISTENING and len(call.arguments) > 1:
            event, hook = call.arguments[:2]
            if event[0] != "const":
                event, hook = hook, event
            for function in self.evaluator.functions_of(hook, call.scope):
                self.event(function, event, call.span)
        elif name in _LISTING and call.arguments and call.expression[2][0] == "attr":
            if last_name(call.expression[2][2]) in ("on_startup", "cleanup_ctx"):
                for hook in added(call.expression):
                    for function in self.evaluator.functions_of(hook, call.scope):
                        self.entry("startup", function, f"startup hook {function.label}", call.span)
        elif name in _HOOKING and call.arguments and call.expression[2][0] == "attr":
            self._hook(call)
        elif name in _MIDDLEWARE:
            for value in self.evaluator.evaluate(call.argument("middleware_class", 0), call.scope):
                self._middleware_class(value, call.span)
        elif name == "add_exception_handler" and len(call.arguments) > 1:
            for function in self.evaluator.functions_of(call.arguments[1], call.scope):
                self.entry("request", function, f"exception handler {function.name}", call.span)
        elif name in _ROUTERS:
            for function in self.listed_dependencies(call.keyword("dependencies"), call.scope):
                self.entry("request", function, f"request of a router ({function.name})", call.span)
        elif name in _NODES:
            for argument in (*call.arguments, *(value for _, value in call.keywords)):
                for function in self.evaluator.functions_of(argument, call.scope):
                    self.entry("request", function, f"graph node {function.name}", call.span)

    def _hook(self, call: Call) -> None:
        """`app.before_request(check)`: what a decorator says, by a plain call."""
        told = call.expression[2]
        if told[3] == "register_middleware":
            told = ("attr", told[1], told[2], "on_request")
        for function in self.evaluator.functions_of(call.arguments[0], call.scope):
            if not any(entry.scope is function for entry in self.found.entries):
                self.method_decorator(function, told, None, call.scope, call.expression)

    def _decorated_by_call(self, call: Call) -> None:
        """`router.post("/chat")(chat)`: a decorator that is called with the function."""
        decorator = call.expression[2]
        if decorator[2][0] != "attr" or len(call.arguments) != 1:
            return
        made = self.evaluator.call_of(decorator, call.scope)
        for function in self.evaluator.functions_of(call.arguments[0], call.scope):
            if not any(route.handler is function for route in self.found.routes):
                self.method_decorator(function, decorator[2], made, call.scope, decorator)

    def _callee(self, call: Call) -> Iterable[object]:
        return self.evaluator.callees(call)

    def application(self, call: Call) -> None:
        if any(known.call is call for known in self.found.applications):
            return
        for value in self._callee(call):
            paths = [value.path] if isinstance(value, External) else []
            if isinstance(value, ClassValue):
                paths = self.evaluator.lineage(value.cls)[1]
            for path in paths:
                if path in APPLICATIONS:
                    self.found.applications.append(Application(APPLICATIONS[path], call))
                    self._application_options(call)
                    return

    def _application_options(self, call: Call) -> None:
        for name in ("lifespan", "on_startup"):
            given = call.keyword(name)
            if given is None:
                continue
            for hook in given[2] if given[0] in ("list", "tuple") else (given,):
                for function in self._put_together(hook, call.scope):
                    self.entry("startup", function, f"{name} {function.label}", call.span)
        for function in self.listed_dependencies(call.keyword("dependencies"), call.scope):
            self.entry("request", function, "every request (application dependency)", call.span)
        for value in self.evaluator.elements(call.keyword("middleware"), call.scope):
            if isinstance(value, Literal) and value.expression[0] == "tuple" and value.expression[2]:
                for first in self.evaluator.evaluate(value.expression[2][0], value.scope):
                    self._middleware_class(first, call.span)  # Litestar: a class with its options
            self._middleware_class(value, call.span)

    def _put_together(self, hook: Expression, scope: Scope) -> Iterator[Function]:
        """The functions of a hook, also of one that a library puts together from others: `combine(first, second)`."""
        yield from self.evaluator.functions_of(hook, scope)
        for value in self.evaluator.evaluate(hook, scope):
            if isinstance(value, External) and value.made and value.origin is not None:
                for given in value.origin.arguments:
                    for part in given[2] if given[0] in ("list", "tuple") else (given,):
                        yield from self._put_together(part, value.origin.scope)

    def set_lifespans(self) -> None:
        """`app.router.lifespan_context = lifespan`."""
        for store in self.program.stores_by_attribute.get("lifespan_context", ()):
            if store.value is not None and last_name(store.base) == "router":
                for function in self._put_together(store.value, store.scope):
                    self.entry("startup", function, f"lifespan {function.label}", function.span)

    def _added_route(self, call: Call) -> None:
        view = call.argument("view_func") or call.argument("endpoint", 1)
        if view is None and len(call.arguments) > 2:
            view = call.arguments[2]
        if view is not None and view[0] == "const" and len(call.arguments) > 2:
            view = call.arguments[2]  # Flask: add_url_rule(rule, endpoint name, function)
        methods = strings(call.keyword("methods")) if call.keyword("methods") else ["GET"]
        path = call.arguments[0] if call.arguments else call.keyword("path")
        if view is not None:
            self._functions_as_routes(call, view, "|".join(methods), path)

    def _routing_table(self, call: Call, name: str) -> None:
        paths = [v.path for v in self._callee(call) if isinstance(v, External)]
        if not any(
            p.startswith(("starlette.routing.", "fastapi.routing.", "django.urls.", "django.conf.urls")) for p in paths
        ):
            return
        view = call.argument("endpoint", 1) if name not in ("path", "re_path", "url") else call.argument("view", 1)
        if view is not None:
            verb = "WEBSOCKET" if name == "WebSocketRoute" else ""
            path = call.arguments[0] if call.arguments else call.keyword("path") or call.keyword("route")
            if any(p.startswith("django.") for p in paths):
                path = ("const", call.expression[1], self.prefixes.address(path, call.scope.module))
            self._functions_as_routes(call, view, verb, path)

    def _functions_as_routes(self, call: Call, view: Expression, verb: str, path: Expression | None) -> None:
        text = path[2] if path is not None and path[0] == "const" else ""
        for function in self.evaluator.functions_of(view, call.scope):
            if not any(route.handler is function for route in self.found.routes):
                label = f"{verb} {text or f'{function.name}()'}".strip()  # a path that is computed is not told
                self.add(function, label, call.span, "", (verb,), None)

    def _gradio(self, call: Call, name: str) -> None:
        """`gr.Interface(fn=answer)` and `button.click(answer, ...)`."""
        function = call.argument("fn", 0)
        if function is None or function[0] not in ("name", "attr", "lambda"):
            return
        paths = [value.path for value in self._callee(call) if isinstance(value, External)]
        if any(path.startswith("gradio.") for path in paths):
            for handler in self.evaluator.functions_of(function, call.scope):
                if not any(route.handler is handler for route in self.found.routes):
                    self.add(handler, f"gradio {name} {handler.name}", call.span, "Gradio", (), call)

    def _middleware_class(self, value: Value, span: Span) -> None:
        """What a middleware does for each request, if it is a class of the program or an object of one."""
        if isinstance(value, (ClassValue, Instance)):
            for method in value.cls.functions:
                if method.name in ("dispatch", "__call__", "handle"):
                    self.entry("request", method, f"every request ({value.cls.name})", span)
