"""Rate limits: which applications answer with models, and whether anything bounds how often."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

from aiaudit.finding import Step
from aiaudit.model.asking import model_calls
from aiaudit.model.contexts import Contexts
from aiaudit.model.flow.analysis import flows_of
from aiaudit.model.flow.flows import Flow
from aiaudit.model.program import is_beside_the_service
from aiaudit.model.python import PythonSide, python_side
from aiaudit.model.refusals import Refusal, own_decisions, refuses
from aiaudit.model.routes import Application, Route
from aiaudit.model.scopes import Call, Class, Function, Module, Scope, is_node, walk
from aiaudit.model.service import Service
from aiaudit.model.values import ClassValue, External, FunctionValue, Instance
from aiaudit.patterns import regex
from aiaudit.sources.python.facts import Expression, Statement
from aiaudit.span import Span
from aiaudit.values import dataclass

# Libraries whose only use is to limit requests that come in; `aiolimiter` and its like limit those that go out.
LIMITERS = (
    "slowapi",
    "fastapi_limiter",
    "flask_limiter",
    "django_ratelimit",
    "ratelimit",
    "quart_rate_limiter",
    "sanic_limiter",
    "starlette_limiter",
    "asgi_ratelimit",
    "fastapi_throttle",
    "litestar.middleware.rate_limit",
    "fastapi_simple_rate_limiter",
    "fastapi_rate_limiter",
    "flask_rate_limiter",
    "throttled",
    "pyrate_limiter",
    "rest_framework.throttling",
    "ninja.throttling",
    "ninja_extra.throttling",
    "zuplo",
    "fastapi_advanced_rate_limiter",
)
SLOWAPI_MIDDLEWARE = ("SlowAPIMiddleware", "SlowAPIASGIMiddleware")
_LIMITERS = ("Limiter", "SlowAPI", "RateLimiter")
_DEFAULTS_IN_SETTINGS = ("RATELIMIT_DEFAULT", "RATELIMIT_APPLICATION")
_AS_KEYS = tuple((name,) for name in _DEFAULTS_IN_SETTINGS)
_MIDDLEWARE = ("add_middleware", "Middleware", "middleware")
TAKING_LIMITERS = ("FastAPI", "NinjaAPI", "Litestar", "include_router", "APIRouter")
_GATEWAY_FILES = regex(
    r"(\.(conf|template|tmpl|ya?ml|json|tf|toml|xml|hcl|kdl|j2|cfg|vcl)|(^|/)Caddyfile[^/]*|(^|/)nginx[^/]*)$"
)
_GATEWAY = regex(
    r"^[ \t]*limit_(req|conn)(_zone)?\b|\.ratelimit\.(average|burst)|\brateLimit:\s*\n?\s*(average|burst|{)"
    r"|name:\s*[\"']?rate-limiting|rate-limit-by-key|<rate-limit\b|limit-r(ps|pm)\b|local_ratelimit|\blimit-count\b"
    r"|rate_limit_options|rateLimitOptions|throttling_(burst|rate)|Throttling(Burst|Rate)Limit|aws_api_gateway_usage_plan"
    r"|rate_?based_?statement|http_req_rate|^[ \t]*rate_limit\s+(\{|\S+\s+\{)",
    re.IGNORECASE | re.MULTILINE,
)
# No text without one of these has something of the kind, and looking for them is many times faster.
_GATEWAY_WORDS = (
    "imit", "IMIT", "hrottling", "HROTTLING", "usage_plan", "ased_statement", "asedStatement", "asedstatement",
    "req_rate",
)  # fmt: skip
_LONGEST_LINE = 100_000
_COMMENT = regex(r"^[ \t]*(#|//|;).*$|[ \t]#.*$", re.MULTILINE)
_NAMED = regex(r"rate_?limit|throttl|quota_?(check|guard|limit)|(check|enforce|require)_?quota", re.IGNORECASE)
_TOO_MANY = Refusal((429,), ("TOO_MANY_REQUESTS",))
_NAMES_429 = _TOO_MANY.words


@dataclass(frozen=True, slots=True, eq=False)
class CostlyApplication:
    """An application (or Django project) some of whose routes reach a model. `span` is where it is made or configured;
    `routes` are those that nothing limits, `of` tells how many reach a model; `example` leads from one of them to the
    model; `limited` tells whether something limits how often, for the application or at least half of its routes."""

    span: Span
    framework: str
    routes: tuple[Route, ...]
    model: str
    example: tuple[Step, ...]
    limited: bool
    of: int


def costly_applications(service: Service) -> list[CostlyApplication]:
    """All of them."""
    return list(_Finder(service, flows_of(service)).find())


class _Finder:
    def __init__(self, service: Service, flows: Iterable[Flow]) -> None:
        self.service = service
        self.side = side = python_side(service)
        # What a route puts into a queue, a worker gives to a model: no call leads there.
        self.fed = {id(flow.source.route.handler): flow for flow in flows if flow.source.route is not None}
        self.models = {id(call.scope): call for call in model_calls(side)}
        self.reaching = self._scopes_that_reach_models()
        asking = {*self.reaching, *self.fed}
        self.routes = [route for route in side.routing.routes if id(route.handler) in asking]

    def find(self) -> Iterator[CostlyApplication]:
        if not self.routes:
            return
        gateway = is_in_gateway(self.service, _GATEWAY, _GATEWAY_WORDS)
        settings = list(_django_settings(self.service, self.side))
        limits = _Limits(self.side, [module for module, _ in settings])
        for span, framework, routes in self._groups([span for _, span in settings]):
            free = routes if gateway else limits.left_free(routes)
            # Who has limited a few routes of many (signing up, one form) has left the others to whoever finds them.
            limited = gateway or 2 * len(free) <= len(routes)
            free = free or routes
            model, example = self._example(free[0])
            yield CostlyApplication(span, framework, tuple(free), model, example, limited, len(routes))

    # From routes to models

    def _scopes_that_reach_models(self) -> dict[int, tuple[Call, Scope | None]]:
        """Scope -> the model call in it or behind it, and the next scope on the way there."""
        contexts = self.side.contexts
        backward: dict[int, list[Scope]] = defaultdict(list)
        scopes: dict[int, Scope] = {}
        for kind in ("request", "task"):
            for reaches in contexts.reached[kind].values():
                scopes[id(reaches[0].scope)] = reaches[0].scope
        for scope in scopes.values():
            for edge in contexts.edges(scope):
                if not isinstance(edge.target, Module):
                    backward[id(edge.target)].append(scope)
        found: dict[int, tuple[Call, Scope | None]] = {}
        queue: list[Scope] = []
        for key, call in self.models.items():
            if key in scopes:
                found[key] = (call, None)
                queue.append(scopes[key])
        for scope in queue:  # grows while it is walked
            for caller in backward[id(scope)]:
                if id(caller) not in found:
                    found[id(caller)] = (found[id(scope)][0], scope)
                    queue.append(caller)
        return found

    def _example(self, route: Route) -> tuple[str, tuple[Step, ...]]:
        if id(route.handler) not in self.reaching:
            flow = self.fed[id(route.handler)]
            return flow.call.name, flow.steps
        steps = [Step(route.label, route.span)]
        call, following = self.reaching[id(route.handler)]
        scope: Scope = route.handler
        while following is not None:
            edge = next((e for e in self.side.contexts.edges(scope) if e.target is following), None)
            if edge is not None:
                steps.append(Step(edge.caption, edge.span))
            scope = following
            following = self.reaching[id(scope)][1]
        name = ".".join(_names(call.expression[2])) or "a model"
        return name, (*steps, Step(f"calls {name}", call.callee_span))

    # From routes to applications

    def _groups(self, settings: list[Span]) -> Iterator[tuple[Span, str, list[Route]]]:
        """Each application (or Django project) with its routes that reach a model."""
        groups: dict[int, list[Route]] = defaultdict(list)
        applications = self.side.routing.applications
        rest: list[Route] = []
        closures = {id(a): self.side.program.closure([a.call.scope.module.path]) for a in applications}
        for route in self.routes:
            path = route.handler.module.path
            owners = self.side.routing.owners(route)
            if not owners:
                owners = _nearest([a for a in applications if path in closures[id(a)]], path)
            if not owners and route.framework == "Connexion":
                owners = _nearest(applications, path)[:1]
            for owner in owners:
                groups[id(owner)].append(route)
            if not owners:
                rest.append(route)
        for application in applications:
            if groups[id(application)]:
                yield application.call.span, application.framework, groups[id(application)]
        yield from _django(rest, settings)


def _django(routes: list[Route], settings: list[Span]) -> Iterator[tuple[Span, str, list[Route]]]:
    """Views of Django stand for their project's settings: where throttles would be set."""
    groups: dict[Span, list[Route]] = defaultdict(list)
    for route in routes:
        path = route.handler.module.path
        place = max(settings, key=lambda s: (_shared(path, s.path), -s.path.count("/")), default=None)
        if place is not None:
            groups[place].append(route)
    for span, found in groups.items():
        yield span, "Django", found


def _names(expression: Expression) -> list[str]:
    """The plain names of a dotted expression, as far as it has any at its end."""
    found: list[str] = []
    while expression[0] == "attr":
        found.insert(0, expression[3])
        expression = expression[2]
    return [expression[2], *found] if expression[0] == "name" else found


class _Limits:
    """What in the program limits how often requests are answered."""

    def __init__(self, side: PythonSide, settings: list[Module]) -> None:
        self.side = side
        self.evaluator = side.evaluator
        self._refusing_modules: dict[int, bool] = {}
        self.everywhere = any(map(self._covers, self._covering())) or any(
            _throttles(statement) for module in settings for statement in module.body
        )
        self.answering = self._functions_that_refuse()

    def left_free(self, routes: list[Route]) -> list[Route]:
        """Those of some routes that nothing limits."""
        return [] if self.everywhere else [route for route in routes if not self._is_limited(route)]

    def _covering(self) -> Iterator[Call]:
        """The calls in live modules that may limit all that an application answers."""
        for name in (*_LIMITERS, *_MIDDLEWARE, "RateLimitConfig", *TAKING_LIMITERS):
            for call in self.side.program.calls_by_name.get(name, ()):
                if call.scope.module.path in self.side.routing.live:
                    yield call

    def _covers(self, call: Call) -> bool:
        """A limiter with limits of its own, a middleware, an application dependency, throttles of the whole project."""
        name, made = call.name, call.expression[2]
        if name in _LIMITERS and self._is_limiter(made, call.scope):
            given = [call.keyword(key) for key in ("default_limits", "application_limits")]
            made_by = self.evaluator.evaluate(made, call.scope)
            if not any(value is not None and value[2] != () for value in given):
                of_flask = any(isinstance(value, External) and value.path.startswith("flask_") for value in made_by)
                return of_flask and self._has_defaults_in_settings
            of_slowapi = any(isinstance(value, External) and value.path.startswith("slowapi") for value in made_by)
            return self._applies_defaults or not of_slowapi
        middleware = call.argument("middleware_class", 0) if name in _MIDDLEWARE else None
        if middleware is not None:
            return self._is_limiting_middleware(middleware, call.scope)
        if name == "RateLimitConfig":
            return self._is_limiter(made, call.scope)
        return name in TAKING_LIMITERS and self._is_given_limiter(call)

    @cached_property
    def _has_defaults_in_settings(self) -> bool:
        """Whether the configuration of a Flask application names limits for all routes, which Flask-Limiter reads."""
        program = self.side.program
        scopes = (scope for module in program.modules for scope in (module, *module.classes))
        updates = (c for name in ("update", "from_mapping") for c in program.calls_by_name.get(name, ()))
        return (
            any(name in scope.bindings for scope in scopes for name in _DEFAULTS_IN_SETTINGS)
            or any(s.key is not None and s.key[2:] in _AS_KEYS for s in program.element_stores)
            or any(key in _DEFAULTS_IN_SETTINGS for call in updates for key, _ in call.keywords)
        )

    @cached_property
    def _applies_defaults(self) -> bool:
        """Whether slowapi's middleware is there: without it, its default limits hold for no route."""
        calls = (
            call for name in ("add_middleware", "Middleware") for call in self.side.program.calls_by_name.get(name, ())
        )
        return any(
            isinstance(value, External) and value.path.endswith(SLOWAPI_MIDDLEWARE)
            for call in calls
            for value in self.evaluator.evaluate(call.argument("middleware_class", 0), call.scope)
        )

    def _is_given_limiter(self, call: Call) -> bool:
        return any(
            key in ("dependencies", "throttle", "middleware") and self._mentions_limiter(value, call.scope)
            for key, value in call.keywords
        )

    def _is_limited(self, route: Route) -> bool:
        for scope in self._limiting_scopes(route):
            if any(self._mentions_limiter(decorator, scope.module) for decorator in scope.decorators):
                return True
            if isinstance(scope, Class) and any(
                binding.expression is not None and binding.expression[2:] not in ((), ((),))
                for binding in scope.bindings.get("throttle_classes", ())
            ):
                return True
        handler = route.handler
        for _, _, annotation, default, _ in handler.parameters:
            for part in (annotation, default):
                if part is not None and self._mentions_limiter(part, handler.module):
                    return True
        if route.decorator is not None and any(
            self._mentions_limiter(value, handler.module) for _, value in route.decorator.keywords
        ):
            return True
        return bool(self.answering) and any(id(scope) in self.answering for scope in self._run_for(route))

    def _limiting_scopes(self, route: Route) -> Iterator[Function | Class]:
        for scope in route.handler.within():
            if isinstance(scope, (Function, Class)):
                yield scope

    def _run_for(self, route: Route) -> Iterator[Scope]:
        """What runs when the route is asked: its handler, dependencies, and what they call, as far as it matters."""
        contexts: Contexts = self.side.contexts
        seen: set[int] = set()
        queue: list[Scope] = [route.handler, *route.dependencies, *self._middleware]
        for scope in queue:  # grows while it is walked
            if id(scope) in seen or isinstance(scope, Module):
                continue
            seen.add(id(scope))
            yield scope
            queue.extend(edge.target for edge in contexts.edges(scope))

    @cached_property
    def _middleware(self) -> list[Scope]:
        return [
            entry.scope
            for entry in self.side.routing.entries
            if entry.kind == "request" and re.match(r"every request (?!\((exception|error))", entry.label)
        ]

    def _is_limiter(self, expression: Expression, scope: Scope) -> bool:
        return any(_is_of_limiter(value) for value in self.evaluator.evaluate(expression, scope))

    def _mentions_limiter(self, expression: Expression, scope: Scope) -> bool:
        """Whether an expression uses a limiting library, or a function that refuses requests."""
        for part in walk(expression):
            if part[0] not in ("name", "attr", "call"):
                continue
            for value in self.evaluator.evaluate(part, scope):
                if _is_of_limiter(value):
                    return True
                bases = self.evaluator.lineage(value.cls)[1] if isinstance(value, ClassValue) else ()
                if any(path.startswith(LIMITERS) or path.endswith("Throttle") for path in bases):
                    return True
                if _NAMED.search(_own_name(value)):
                    return True
        return False

    def _is_limiting_middleware(self, expression: Expression, scope: Scope) -> bool:
        for value in self.evaluator.evaluate(expression, scope):
            if isinstance(value, External) and (value.path.startswith(LIMITERS) or _NAMED.search(value.path)):
                # SlowAPIMiddleware alone applies the limits that decorators and defaults name.
                return not value.path.endswith(SLOWAPI_MIDDLEWARE)
            if _NAMED.search(_own_name(value)):
                return True
        return False

    def _functions_that_refuse(self) -> set[int]:
        """Functions that answer 429 by their own decision, not because another service did."""
        return {
            id(function)
            for function in self.side.program.functions
            if self._may_refuse(function.module)
            and any(
                refuses(s, _TOO_MANY) or self._raises_refusal(s, function)
                for s in own_decisions(function.body, _TOO_MANY)
            )
        }

    def _may_refuse(self, module: Module) -> bool:
        """Whether a module names the answer 429, or a class of the program that stands for it: most do not."""
        known = self._refusing_modules.get(id(module))
        if known is None:
            words = (*_NAMES_429, *sorted(self._refusal_names))
            known = self.side.program.tree.mentions(module.path, words)
            self._refusing_modules[id(module)] = known
        return known

    @cached_property
    def _refusal_names(self) -> set[str]:
        """The classes that stand for the answer 429, and their heirs."""
        tree = self.side.program.tree
        classes = [
            c for c in self.side.program.classes if tree.mentions(c.module.path, _NAMES_429) and _stands_for_429(c)
        ]
        return {c.name for cls in classes for c in (cls, *self.evaluator.subclasses(cls))}

    def _raises_refusal(self, statement: Statement, function: Function) -> bool:
        """`raise TooManyRequests(...)` of a class of the program that stands for the answer 429."""
        if statement[0] != "raise" or statement[2] is None:
            return False
        raised = statement[2][2] if statement[2][0] == "call" else statement[2]
        return any(
            isinstance(value, ClassValue) and any(_stands_for_429(cls) for cls in self.evaluator.lineage(value.cls)[0])
            for value in self.evaluator.evaluate(raised, function)
        )


def _stands_for_429(cls: Class) -> bool:
    statements = [*cls.body, *(statement for method in cls.functions for statement in method.body)]
    return any(
        (part[0] == "const" and part[2] in _TOO_MANY.numbers) or (part[0] == "attr" and _TOO_MANY.is_named(part[3]))
        for statement in statements
        if statement[0] in ("assign", "ann", "expr")
        for expression in statement[3:] + statement[2:3]
        if type(expression) is tuple and expression and is_node(expression)
        for part in walk(expression)
    )


def _own_name(value: object) -> str:
    """The name of a function or class of the program."""
    if isinstance(value, FunctionValue):
        return value.function.name
    return value.cls.name if isinstance(value, (ClassValue, Instance)) else ""


def _is_of_limiter(value: object) -> bool:
    return isinstance(value, External) and value.path.startswith(LIMITERS) and "errors" not in value.path


def _throttles(statement: Statement) -> bool:
    """`REST_FRAMEWORK = {"DEFAULT_THROTTLE_CLASSES": [...]}` of a Django project, or `RATELIMIT_...`."""
    if statement[0] not in ("assign", "ann"):
        return False
    value = statement[3] if statement[0] == "assign" else statement[4]
    if value is None:
        return False
    for part in walk(value):
        if part[0] == "dict":
            for key, given in part[2]:
                if key is not None and key[0] == "const" and key[2] == "DEFAULT_THROTTLE_CLASSES":
                    return given[0] not in ("list", "tuple") or bool(given[2])
    return False


def _django_settings(service: Service, side: PythonSide) -> Iterator[tuple[Module, Span]]:
    """Each Django project's settings, and where they configure its API: `REST_FRAMEWORK`, else `INSTALLED_APPS`."""
    tree = service.tree
    for path in filter(service.holds, tree.files("python")):
        if is_beside_the_service(path) or not tree.mentions(path, ("INSTALLED_APPS",)):
            continue
        module = side.program.load(path)
        bindings = module.bindings if module is not None else {}
        chosen = bindings.get("REST_FRAMEWORK") or bindings.get("INSTALLED_APPS")
        if module is not None and chosen and chosen[0].statement is not None:
            yield module, Span.at(path, chosen[0].statement[1])


def _nearest(applications: Sequence[Application], path: str) -> list[Application]:
    """Those that lie nearest to a file: what a tool beside the service imports is no route of the tool's."""
    near = [_shared(application.call.scope.module.path, path) for application in applications]
    return [application for application, shared in zip(applications, near, strict=True) if shared == max(near)]


def _shared(path: str, other: str) -> int:
    """How many folders two files have in common."""
    pairs = zip(path.split("/"), other.split("/"), strict=False)
    return next((n for n, (a, b) in enumerate(pairs) if a != b), 0)


def gateway_files(service: Service) -> tuple[str, ...]:
    """The files in which a proxy or gateway may be configured."""
    return service.part("gateway files", lambda s: tuple(filter(_may_configure, s.tree.files())))


def _may_configure(path: str) -> bool:
    return bool(_GATEWAY_FILES.search(path)) and not is_beside_the_service(path) and not _is_data(path)


def is_in_gateway(service: Service, pattern: re.Pattern[str], words: tuple[str, ...]) -> bool:
    """Whether a proxy or gateway configured in the repository has something of a pattern, comments aside; no line
    without one of the words begins anything of the kind."""
    tree = service.tree
    for path in gateway_files(service):
        if tree.mentions(path, words) and pattern.search(_COMMENT.sub("", _around(words, tree.text(path)))):
            return True
    return False


def _around(words: tuple[str, ...], text: str) -> str:
    """The lines of a text that hold one of some words, each with the one behind it; longer ones are data."""
    lines = text.split("\n")
    kept = [n for n, line in enumerate(lines) if len(line) < _LONGEST_LINE and any(word in line for word in words)]
    return "\n".join("\n".join(lines[number : number + 2]) for number in kept)


def _is_data(path: str) -> bool:
    """Lock files, translations and front-end packages speak of rate limits without setting any."""
    return bool(re.search(r"lock|package\.json|locale|i18n|translations|openapi|swagger|/src/|\.tsx?$|tsconfig", path))
