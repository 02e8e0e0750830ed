"""Which functions answer requests: routes of the web frameworks, task bodies, middleware, and startup hooks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property

from aiaudit.model.answering import COLD, HANDLER, REQUEST, SOCKET, TORNADO, Answering, answering, is_about_models
from aiaudit.model.callbacks import callbacks
from aiaudit.model.conventions import conventions
from aiaudit.model.evaluate import Evaluator
from aiaudit.model.frameworks import (
    APPLICATIONS,
    CHAINLIT_HOOKS,
    CONVENTION,
    GRADIO_EVENTS,
    LITESTAR,
    MIDDLEWARE_BASES,
    ROUTERS,
    STARTUP_EVENTS,
    TASK_DECORATORS,
    VERBS,
    VIEW_BASES,
    VIEW_HOOKS,
    VIEW_METHODS,
)
from aiaudit.model.graphql import resolvers
from aiaudit.model.openapi import operations
from aiaudit.model.prefixes import Prefixes, joined
from aiaudit.model.program import Program, imported_names, is_beside_the_service, module_calls
from aiaudit.model.queue_loops import queue_loops
from aiaudit.model.scopes import Call, Class, Function, Module, Scope, last_name, original_name
from aiaudit.model.started import started_scripts
from aiaudit.model.values import ClassValue, External, Instance, Literal, Value
from aiaudit.sources.python.facts import Expression
from aiaudit.span import Span
from aiaudit.values import dataclass, field

FLASK = "Flask"
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
# The label of a function that is a middleware: Starlette and Sanic call even a plain one on the event loop.
MIDDLEWARE = "every request (middleware)"
_MIDDLEWARE = frozenset(("add_middleware", "Middleware", "DefineMiddleware"))
_ROUTERS = frozenset(("APIRouter", "include_router"))
_NODES = frozenset(("add_node", "add_conditional_edges", "RunnableLambda"))
_REGISTERING = frozenset(("append", "add_exception_handler")).union(
    _APPLICATIONS, _ADDING_ROUTES, _TABLES, _GRADIO, _ADDING_VERBS, VERBS, _LISTENING, _MIDDLEWARE, _ROUTERS, _NODES
)


@dataclass(slots=True, eq=False)
class Route:
    """A function that answers requests. `kind`: "http", "websocket", "event" (called by other means); `label` such as
    `POST /chat`; `decorator` is the call that registers it; `mounted` are the calls that made the router or application
    it is registered with, and all that those are mounted in."""

    label: str
    handler: Function
    span: Span
    kind: str = "http"
    framework: str = ""
    methods: tuple[str, ...] = ()
    decorator: Call | None = None
    dependencies: tuple[Function, ...] = ()
    mounted: tuple[Call, ...] = ()


@dataclass(slots=True, eq=False)
class Application:
    """A web application object: the call that makes it."""

    framework: str
    call: Call


@dataclass(slots=True, eq=False)
class Entry:
    """A scope where execution enters: `kind` is "import", "startup", "request" or "task"; "tool" where models have it
    called and no other entry may lead to it.

    `registered`: startup hands the function to a library, which calls it while requests are served; `by` says what
    kind of library, where that tells when: "clock" for one that does so from time to time, "run" for one whose chains,
    agents and graphs do so when a request runs them. `apart`: each request runs it in a thread with an event loop of
    its own, as Flask does with asynchronous views. `cold`: the process is started for the first request that it
    answers.
    """

    kind: str
    scope: Scope
    label: str
    span: Span
    registered: bool = False
    apart: bool = False
    cold: bool = False
    by: str = ""

    @property
    def is_aside(self) -> bool:
        """Whether a library runs it at times of its own, of which nothing says that a request is waiting then."""
        return self.registered and self.by != "run"


@dataclass(slots=True, eq=False)
class Routing:
    """All that the frameworks call."""

    routes: list[Route] = field(default_factory=list)
    applications: list[Application] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    live: set[str] = field(default_factory=set)
    is_anchored: bool = False  # whether there is an application, or something else that surely runs
    started: frozenset[str] = frozenset()
    _owners: dict[tuple[int, int], list[Application]] = field(default_factory=dict)

    def owners(self, route: Route) -> list[Application]:
        """The applications that a route is registered with, itself or through routers; [] where that is not known."""
        key = (id(route), len(self.applications))  # more of them may be found yet
        known = self._owners.get(key)
        if known is None:
            known = [application for application in self.applications if application.call in route.mounted]
            self._owners[key] = known
        return known


def routing(program: Program, evaluator: Evaluator) -> Routing:
    """Find what frameworks call in a program."""
    return _Finder(program, evaluator).find()


class _Finder:
    def __init__(self, program: Program, evaluator: Evaluator) -> None:
        self.program = program
        self.evaluator = evaluator
        self.found = Routing()
        self.standing: set[str] = set()  # files that a server loads without an application in them
        self._prefixes = Prefixes(program, evaluator)

    def find(self) -> Routing:
        for call in self.program.calls_by_name.get("include_router", ()):
            self._prefixes.remember(call)
        for call in self.program.calls_by_name.get("register_blueprint", ()):
            self._prefixes.remember(call)
        for name in ("path", "re_path", "url") if "include" in self.program.calls_by_name else ():
            for call in self.program.calls_by_name.get(name, ()):
                self._prefixes.remember_included(call)
        for function in self.program.functions:
            self._decorated(function)
        for cls in self.program.classes:
            self._class(cls)
            if any(path in APPLICATIONS for path in self.evaluator.lineage(cls)[1]):
                for call in self.evaluator.constructions(cls):
                    self._application(call)
        named = self._named_like_registrations()
        for module in self.program.modules:
            for call in module_calls(module):
                if id(call) in named:
                    self._registered(call)
        if any(name.startswith("connexion") for m in self.program.modules for name in imported_names(m)):
            self._connexion()
        self._set_lifespans()
        for answer in answering(self.program, self.evaluator):
            self._answering(answer)
        self._resolvers()
        self._factories()
        for callback in callbacks(self.program, self.evaluator):
            entry = Entry(callback.kind, callback.scope, callback.label, callback.span, callback.registered)
            entry.by = callback.by
            self.found.entries.append(entry)
        for callback in conventions(self.program, self.evaluator):
            self._entry(callback.kind, callback.scope, callback.label, callback.span)
            if callback.kind == "startup":
                self.standing.add(callback.scope.module.path)  # settings name it, and nothing imports it
        self._queue_loops()
        for route in self.found.routes:
            for function in (route.handler, *self.evaluator.wrappers(route.handler), *route.dependencies):
                entry = Entry("request", function, route.label, route.span)
                entry.apart, entry.cold = route.framework == FLASK, route.framework in COLD
                self.found.entries.append(entry)
        self._keep_live()
        return self.found

    @cached_property
    def _started(self) -> frozenset[str]:
        """The scripts that deploy files start."""
        return started_scripts(self.program, self.evaluator)

    def _named_like_registrations(self) -> set[int]:
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

    def _answering(self, answer: Answering) -> None:
        """A function that a server without routers runs."""
        if answer.kind != REQUEST:
            self._entry(answer.kind, answer.function, answer.label, answer.span)
        elif not any(route.handler is answer.function for route in self.found.routes):
            route = self._add(answer.function, answer.label, answer.span, answer.framework, (), None)
            route.kind = {HANDLER: "http", TORNADO: "http", SOCKET: "websocket"}.get(answer.framework, "event")
            module = answer.function.module
            if not self.found.applications or is_about_models(module, self.program):
                self.standing.add(module.path)

    def _resolvers(self) -> None:
        """What answers the fields of a GraphQL schema; what makes their context runs first."""
        for resolver in resolvers(self.program, self.evaluator):
            route = self._add(resolver.function, resolver.label, resolver.span, resolver.framework, (), resolver.call)
            route.kind, route.dependencies = "event", resolver.before

    def _queue_loops(self) -> None:
        """Loops that take jobs from a queue, in scripts that deploy files start."""
        loops = list(queue_loops(self.program, self.evaluator))
        started = self.program.closure(sorted(self._started)) if loops else ()
        for loop in loops:
            if loop.function.module.path in started:
                self._entry("startup", loop.function, f"worker loop {loop.function.label}", loop.function.span)
                for job in loop.jobs:
                    self._entry("task", job, f"queued job {job.label}", job.span)
                self.standing.add(loop.function.module.path)

    def _factories(self) -> None:
        """Functions that make an application and that only a server calls, by name: `gunicorn "app:create_app()"`."""
        for application in self.found.applications:
            scope = application.call.scope
            if isinstance(scope, Function) and not self.evaluator.callers(scope) and self._returns(scope, application):
                self._entry("startup", scope, f"application factory {scope.label}", scope.span)

    def _returns(self, function: Function, application: Application) -> bool:
        """Whether a function gives the application that it makes."""
        return any(
            getattr(value, "origin", None) is application.call
            for returned, _ in function.returns
            for value in self.evaluator.evaluate(returned, function)
        )

    def _keep_live(self) -> None:
        """Drop what no application imports: left-over routers, scripts and copies never run.

        Django finds its modules by convention, so whatever imports Django is live.
        """
        anchors = {application.call.scope.module.path for application in self.found.applications}
        anchors |= {entry.scope.module.path for entry in self.found.entries if entry.kind == "task"}
        anchors |= {m.path for m in self.program.modules if self._is_found_by_convention(m)}
        anchors |= {route.handler.module.path for route in self.found.routes if route.framework == "Connexion"}
        anchors |= self.standing
        pages = self._pages()
        is_service = bool(anchors) or self.program.group is not None
        if is_service and not pages <= anchors:
            self.found.started = self._started
            anchors |= pages & self.program.closure(sorted(self.found.started))
        self.found.is_anchored = bool(anchors)
        if not is_service:
            anchors = set(self.program.entries)
        starters = [path for path in self.program.starters if not anchors.isdisjoint(self.program.closure([path]))]
        starters += [path for path in self.found.started if not anchors.isdisjoint(self.program.closure([path]))]
        roots = sorted(anchors | set(starters))
        live = self.found.live = self.program.closure(roots)
        self.found.routes = [route for route in self.found.routes if route.handler.module.path in live]
        self.found.entries = [entry for entry in self.found.entries if entry.scope.module.path in live]
        for path in roots:
            module = self.program.load(path)
            if module is not None:
                self._entry("import", module, f"import of {path}", Span.whole_file(path))

    def _pages(self) -> set[str]:
        """Modules that show pages and serve them themselves, as Gradio's and Streamlit's do: applications if they are
        started, else often sketches beside the service."""
        found = {route.handler.module.path for route in self.found.routes if route.framework == "Gradio"}
        return found | {entry.scope.module.path for entry in self.found.entries if isinstance(entry.scope, Module)}

    def _is_found_by_convention(self, module: Module) -> bool:
        if is_beside_the_service(module.path):
            return False
        if "INSTALLED_APPS" in module.bindings:
            return True
        names = imported_names(module)
        return any(name.partition(".")[0] in CONVENTION for name in names)

    def _connexion(self) -> None:
        """Connexion routes to the functions that the OpenAPI document names."""
        for label, dotted in operations(self.program.tree):
            holder, _, name = dotted.rpartition(".")
            for function in self.program.functions:
                if function.name != name or not isinstance(function.parent, Module):
                    continue
                path = function.module.path.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
                if not holder or path == holder or path.endswith(f".{holder}") or holder.endswith(f".{path}"):
                    self._add(function, label, function.span, "Connexion", (label.partition(" ")[0],), None)

    def _entry(self, kind: str, scope: Scope, label: str, span: Span) -> None:
        self.found.entries.append(Entry(kind, scope, label, span))

    # Decorators

    def _decorated(self, function: Function) -> None:
        for decorator in function.decorators:
            scope = function.parent or function.module
            call = self.evaluator.call_of(decorator, scope) if decorator[0] == "call" else None
            callee = decorator[2] if call else decorator
            if callee[0] == "attr":
                self._method_decorator(function, callee, call, scope, decorator)
            elif callee[0] == "name":
                self._name_decorator(function, callee, call, scope, decorator)

    def _method_decorator(
        self, function: Function, callee: Expression, call: Call | None, scope: Scope, decorator: Expression
    ) -> None:
        name = callee[3]
        owners = self.evaluator.evaluate(callee[2], scope)
        paths = {v.path for v in owners if isinstance(v, External)}
        paths |= {f"{p}()" for v in owners if isinstance(v, Instance) for p in self.evaluator.lineage(v.cls)[1]}
        span = Span.at(scope.module.path, decorator[1])
        is_router = any(path in ROUTERS for path in paths)
        if (
            call is not None
            and name in VERBS | {"route", "api_route", "websocket", "websocket_route"}
            and (is_router or (not paths and _path_argument(call) is not None))
        ):
            route = self._route(function, name, call, span, callee[2], scope)
            if any(path.startswith(("flask.", "flask_openapi3.", "apiflask.", "flask_smorest.")) for path in paths):
                route.framework = FLASK
        elif name in ("on_event", "listener") and call is not None and call.arguments:
            self._event(function, call.arguments[0], span)
        elif name in (
            "before_serving",
            "before_server_start",
            "main_process_start",
            "after_server_start",
            "on_startup",
        ):
            self._entry("startup", function, f"startup hook {function.label}", span)
        elif name in (
            "before_request",
            "before_app_request",
            "after_request",
            "teardown_request",
            "middleware",
            "exception_handler",
            "errorhandler",
            "context_processor",
            "url_value_preprocessor",
        ):
            if is_router or name == "middleware":
                self._entry("request", function, f"every request ({name})", span)
        elif name in TASK_DECORATORS:
            if any(p.startswith(("celery", "rq", "arq", "dramatiq", "huey")) for p in paths) or name in (
                "task",
                "actor",
            ):
                self._entry("task", function, f"task {function.name}", span)
        elif name == "scheduled_job" and any(p.startswith("apscheduler") for p in paths):
            self._entry("task", function, f"scheduled job {function.name}", span)
            self.found.entries[-1].by = "clock"
        elif name in CHAINLIT_HOOKS and "chainlit" in {p.partition(".")[0] for p in paths}:
            self._route_entry(function, f"chainlit {name}", span)
        elif name == "api" and any(p.startswith("bentoml") for p in paths):
            self._route_entry(function, f"bentoml {function.name}", span)

    def _name_decorator(
        self, function: Function, callee: Expression, call: Call | None, scope: Scope, decorator: Expression
    ) -> None:
        span = Span.at(scope.module.path, decorator[1])
        for value in self.evaluator.evaluate(callee, scope):
            if not isinstance(value, External):
                continue
            last = value.path.rpartition(".")[2]
            if value.path in LITESTAR:
                path = _path_argument(call) if call else None
                self._add(function, f"{last.upper()} {path or '/'}", span, "Litestar", (last.upper(),), call)
            elif value.path.endswith(".api_view"):
                methods = _strings(call.arguments[0]) if call and call.arguments else ["GET"]
                self._add(
                    function,
                    f"{'|'.join(methods)} {function.name}",
                    span,
                    "Django REST framework",
                    tuple(methods),
                    call,
                )
            elif value.path.endswith("dispatch.receiver"):
                entry = Entry("request", function, f"callback {function.label}", span, registered=True)
                self.found.entries.append(entry)
            elif value.path in ("celery.shared_task", "dramatiq.actor", "rq.decorators.job"):
                self._entry("task", function, f"task {function.name}", span)

    def _route(self, function: Function, verb: str, call: Call, span: Span, router: Expression, scope: Scope) -> Route:
        path = _path_argument(call)
        prefix = self._prefixes.of(router, scope)
        kind = "websocket" if verb.startswith("websocket") else "http"
        given = call.keyword("methods")
        methods = [verb.upper()] if verb in VERBS else (_strings(given) if given is not None else ["GET"])
        asked = "WEBSOCKET" if kind == "websocket" else "|".join(methods)
        if verb not in VERBS and given is None and call.spreads:
            methods, asked = [], "route"  # `@app.route(rule, **options)`: the methods are among the options
        label = f"{asked} {function.name}()" if path is None else f"{asked} {joined(prefix, path)}"
        dependencies = tuple(self._listed_dependencies(call.keyword("dependencies"), scope))
        route = self._add(function, label, span, "", tuple(methods), call)
        route.kind, route.dependencies = kind, dependencies
        route.mounted = tuple(self._prefixes.around(router, scope))
        return route

    def _add(
        self, function: Function, label: str, span: Span, framework: str, methods: tuple[str, ...], call: Call | None
    ) -> Route:
        route = Route(label, function, span, "http", framework, methods, call)
        self.found.routes.append(route)
        return route

    def _route_entry(self, function: Function, label: str, span: Span) -> None:
        self._add(function, label, span, "", (), None)

    def _listed_dependencies(self, listed: Expression | None, scope: Scope) -> Iterator[Function]:
        for value in self.evaluator.evaluate(listed, scope):
            if not isinstance(value, Literal) or value.expression[0] not in ("list", "tuple"):
                continue
            for item in value.expression[2]:
                made = [(item, value.scope)] if item[0] == "call" else self.evaluator.definitions(item, value.scope)
                for depends, holder in made:
                    if depends[0] == "call" and last_name(depends[2]) in ("Depends", "Security"):
                        given = self.evaluator.call_of(depends, holder).argument("dependency", 0)
                        yield from self.evaluator.functions_of(given, holder)

    def _event(self, function: Function, event: Expression, span: Span) -> None:
        if event[0] == "const" and event[2] in STARTUP_EVENTS:
            self._entry("startup", function, f"startup hook {function.label}", span)

    # Classes

    def _class(self, cls: Class) -> None:
        # A controller is made once, and of its methods those answer that decorators make handlers.
        if self.evaluator.inherits(cls, *VIEW_BASES) and not self.evaluator.inherits(cls, "litestar.Controller"):
            for method in cls.functions:
                if method.name in VIEW_METHODS or method.has_decorator(
                    "action", "get", "post", "put", "patch", "delete"
                ):
                    verb = method.name.upper() if method.name in VERBS else method.name
                    self._add(method, f"{verb} {cls.name}", method.span, "class-based", (verb,), None)
                elif method.name in VIEW_HOOKS:
                    self._entry("request", method, f"every request to {cls.name}", method.span)
            constructor = cls.method("__init__")
            if constructor is not None:
                # The frameworks make a view anew for every request.
                self._entry("request", constructor, f"every request to {cls.name}", constructor.span)
        if self.evaluator.inherits(cls, *MIDDLEWARE_BASES) and self._is_in_use(cls):
            for method in cls.functions:
                if method.name in ("dispatch", "process_request", "process_view", "__call__"):
                    self._entry("request", method, f"every request ({cls.name})", method.span)
        if self.evaluator.inherits(cls, ".AppConfig"):
            ready = cls.method("ready")
            if ready is not None:
                self._entry("startup", ready, f"{cls.name}.ready()", ready.span)

    def _is_in_use(self, middleware: Class) -> bool:
        """Whether an application may have a middleware: Django's are named in texts, others in the program."""
        if self.evaluator.inherits(middleware, ".MiddlewareMixin"):
            return True
        return any(
            self.evaluator.is_made_by_used_code(cls)
            or any(self._makes_application(call.scope) for call in self.evaluator.constructions(cls))
            for cls in (middleware, *self.evaluator.subclasses(middleware))
        )

    def _makes_application(self, scope: Scope) -> bool:
        """Whether a function makes an application: a server may call it by name."""
        return any(
            isinstance(value, External) and value.path in APPLICATIONS
            for call in scope.calls
            for value in self._callee(call)
        )

    # Registration calls

    def _registered(self, call: Call) -> None:
        if call.expression[2][0] == "call":
            self._decorated_by_call(call)
            return
        name = original_name(call.expression[2], call.scope.module)
        if name not in _REGISTERING:
            return
        if name in _APPLICATIONS:
            self._application(call)
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
                self._event(function, event, call.span)
        elif name == "append" and call.arguments and call.expression[2][0] == "attr":
            if last_name(call.expression[2][2]) in ("on_startup", "cleanup_ctx"):
                for function in self.evaluator.functions_of(call.arguments[0], call.scope):
                    self._entry("startup", function, f"startup hook {function.label}", call.span)
        elif name in _MIDDLEWARE:
            for value in self.evaluator.evaluate(call.argument("middleware_class", 0), call.scope):
                self._middleware_class(value, call.span)
        elif name == "add_exception_handler" and len(call.arguments) > 1:
            for function in self.evaluator.functions_of(call.arguments[1], call.scope):
                self._entry("request", function, f"exception handler {function.name}", call.span)
        elif name in _ROUTERS:
            for function in self._listed_dependencies(call.keyword("dependencies"), call.scope):
                self._entry("request", function, f"request of a router ({function.name})", call.span)
        elif name in _NODES:
            for argument in (*call.arguments, *(value for _, value in call.keywords)):
                for function in self.evaluator.functions_of(argument, call.scope):
                    self._entry("request", function, f"graph node {function.name}", call.span)

    def _decorated_by_call(self, call: Call) -> None:
        """`router.post("/chat")(chat)`: a decorator that is called with the function."""
        decorator = call.expression[2]
        if decorator[2][0] != "attr" or len(call.arguments) != 1:
            return
        made = self.evaluator.call_of(decorator, call.scope)
        for function in self.evaluator.functions_of(call.arguments[0], call.scope):
            if not any(route.handler is function for route in self.found.routes):
                self._method_decorator(function, decorator[2], made, call.scope, decorator)

    def _callee(self, call: Call) -> Iterable[object]:
        return self.evaluator.callees(call)

    def _application(self, call: Call) -> None:
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
                    self._entry("startup", function, f"{name} {function.label}", call.span)
        for function in self._listed_dependencies(call.keyword("dependencies"), call.scope):
            self._entry("request", function, "every request (application dependency)", call.span)
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

    def _set_lifespans(self) -> None:
        """`app.router.lifespan_context = lifespan`."""
        for store in self.program.stores_by_attribute.get("lifespan_context", ()):
            if store.value is not None and last_name(store.base) == "router":
                for function in self._put_together(store.value, store.scope):
                    self._entry("startup", function, f"lifespan {function.label}", function.span)

    def _added_route(self, call: Call) -> None:
        view = call.argument("view_func") or call.argument("endpoint", 1)
        if view is None and len(call.arguments) > 2:
            view = call.arguments[2]
        if view is not None and view[0] == "const" and len(call.arguments) > 2:
            view = call.arguments[2]  # Flask: add_url_rule(rule, endpoint name, function)
        methods = _strings(call.keyword("methods")) if call.keyword("methods") else ["GET"]
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
                path = ("const", call.expression[1], self._prefixes.address(path, call.scope.module))
            self._functions_as_routes(call, view, verb, path)

    def _functions_as_routes(self, call: Call, view: Expression, verb: str, path: Expression | None) -> None:
        text = path[2] if path is not None and path[0] == "const" else ""
        for function in self.evaluator.functions_of(view, call.scope):
            if not any(route.handler is function for route in self.found.routes):
                label = f"{verb} {text or f'{function.name}()'}".strip()  # a path that is computed is not told
                self._add(function, label, call.span, "", (verb,), None)

    def _gradio(self, call: Call, name: str) -> None:
        """`gr.Interface(fn=answer)` and `button.click(answer, ...)`."""
        function = call.argument("fn", 0)
        if function is None or function[0] not in ("name", "attr", "lambda"):
            return
        paths = [value.path for value in self._callee(call) if isinstance(value, External)]
        if any(path.startswith("gradio.") for path in paths):
            for handler in self.evaluator.functions_of(function, call.scope):
                if not any(route.handler is handler for route in self.found.routes):
                    self._add(handler, f"gradio {name} {handler.name}", call.span, "Gradio", (), call)

    def _middleware_class(self, value: Value, span: Span) -> None:
        """What a middleware does for each request, if it is a class of the program or an object of one."""
        if isinstance(value, (ClassValue, Instance)):
            for method in value.cls.functions:
                if method.name in ("dispatch", "__call__", "handle"):
                    self._entry("request", method, f"every request ({value.cls.name})", span)


def _path_argument(call: Call | None) -> str | None:
    if call is None:
        return None
    given = call.argument("path", 0) or call.keyword("rule") or call.keyword("uri")
    if given is not None and given[0] == "const" and isinstance(given[2], str):
        return given[2] if given[2].startswith("/") or given[2] == "" else f"/{given[2]}"
    return None


def _strings(expression: Expression | None) -> list[str]:
    if expression is not None and expression[0] in ("list", "tuple", "set"):
        return [item[2].upper() for item in expression[2] if item[0] == "const" and isinstance(item[2], str)]
    return []
