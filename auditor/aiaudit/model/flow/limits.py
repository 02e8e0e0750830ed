"""Limits on whole request bodies: settings of the frameworks, and middleware that looks at the size of a body."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import lru_cache

from aiaudit.model.flow.sources import Source
from aiaudit.model.flow.tools import Tools
from aiaudit.model.program import is_beside_the_service, scope_of_name
from aiaudit.model.routes import Application, Route
from aiaudit.model.scopes import Function, Module, Scope, last_name, walk, walk_all
from aiaudit.model.tree import Tree
from aiaudit.model.values import ClassValue, Constant, External, FunctionValue, Value
from aiaudit.patterns import regex
from aiaudit.sources.python.facts import Expression, Statement
from aiaudit.values import dataclass

# A body no larger than this bounds the text in it: some 260,000 tokens, what the largest context windows still take.
TEXT_LIMIT = 1024 * 1024
# Documents may be larger: what is cut into pieces and embedded once.
UPLOAD_LIMIT = 64 * 1024 * 1024

# What a limit that is set somewhere else is taken to be, and the least that is a size in bytes at all.
UNKNOWN_LIMIT, LEAST = 16 * 1024 * 1024, 1024

# Setting -> the top-level module of the framework that reads it.
_SETTINGS = {
    "MAX_CONTENT_LENGTH": ("flask", "quart"),
    "DATA_UPLOAD_MAX_MEMORY_SIZE": ("django",),
    "REQUEST_MAX_SIZE": ("sanic",),
}
_OPTIONS = ("max_body_size", "request_max_body_size", "client_max_size", "max_content_length", "max_request_size",
            "max_upload_size", "max_content_size", "max_size", "limit", "max_body", "request_max_size")  # fmt: skip
_APPLICATIONS = ("FastAPI", "Starlette", "Litestar", "Application", "Sanic")
_LIMITING = regex(r"(size|body|content|upload|length)\w*limit|limit\w*(size|body|content|upload|length)", re.IGNORECASE)
_BODY_SIZE = regex(r"^[ \t]*client_max_body_size\s+(\d+)([kKmMgG]?)\s*;", re.MULTILINE)
_UNITS = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3}
_NGINX_DEFAULT = 1024.0**2
_PATHS = {"FastAPI": "fastapi.FastAPI", "Starlette": "starlette.applications.Starlette"}
# Frameworks without a server of their own, which uvicorn mostly runs.
_ON_UVICORN = ("FastAPI", "Starlette", "Litestar")
_DEPTH = 4
# How middleware hands a request on, and what it reads to tell where that goes.
_HANDING_ON = frozenset(("app", "call_next", "get_response"))
_ROUTED = ("type", "method", "path", "url", "scheme")
# Answers of a server that takes no body of this size.
_REFUSALS = (400, 413, 422)


@dataclass(frozen=True, slots=True)
class _Limit:
    """A limit in bytes, and the applications that have it; None for all that read the setting.

    `routes` are those alone that depend on the function which sets it.
    """

    size: float
    applications: tuple[Application, ...] | None = None
    routes: tuple[Route, ...] | None = None


class BodyLimits:
    """How large the bodies are that the applications of a program take."""

    def __init__(self, tools: Tools) -> None:
        self.routing = tools.side.routing
        self.found = [limit for limit in _limits(tools) if limit.size >= LEAST]

    def of(self, route: Route | None) -> float | None:
        """The largest body that reaches a route, in bytes; None where nothing limits it."""
        owners = self.routing.owners(route) if route is not None else []
        sizes = (
            limit.size
            for limit in self.found
            if limit.routes is None or route in limit.routes
            if limit.applications is None or not owners or any(owner in limit.applications for owner in owners)
        )
        return min(sizes, default=None)


def accepted_size(source: Source, limit: float | None, tools: Tools) -> str:
    """How much the server takes, as the end of a sentence; empty where that is not known."""
    if source.description.endswith("socket"):
        runs_on_uvicorn = any(a.framework in _ON_UVICORN for a in tools.side.routing.applications)
        entry = tools.knowledge.find("uvicorn.run") if runs_on_uvicorn else None
        largest = entry.default("ws_max_size") if entry is not None else None
        return f" (uvicorn takes messages of {int(largest) // 1024**2} MiB)" if isinstance(largest, int) else ""
    if source.kind == "fetched" or source.description.startswith(("parameter", "the query", "the page")):
        return ""  # no part of a body
    if limit:
        return f" (bodies of {limit / 1024**2:.0f} MiB are taken)"
    routing = tools.side.routing
    route = source.route
    owners = (routing.owners(route) if route is not None else None) or routing.applications
    framework = owners[0].framework if len({owner.framework for owner in owners}) == 1 else ""
    if route is not None and route.framework not in ("", framework):
        return ""  # beside the application: a call of gRPC, a task
    entry = tools.knowledge.find(_PATHS.get(framework, ""))
    takes_all = entry is not None and entry.default("max_body_size") == "none"
    return f" ({framework} takes bodies of any size)" if takes_all else ""


@lru_cache(maxsize=2)
def _configurations(paths: tuple[str, ...]) -> tuple[str, ...]:
    """The files that may configure nginx; asked for each service of a repository."""
    endings = (".conf", ".template", ".conf.j2")
    return tuple(path for path in paths if path.endswith(endings) and not is_beside_the_service(path))


def proxy_limit(tree: Tree) -> float | None:
    """The largest body that an nginx configured in the repository lets through, in bytes; None without one."""
    sizes: list[float] = []
    for path in _configurations(tuple(tree.files())):
        if not tree.mentions(path, ("proxy_pass",)):
            continue
        written = [float(number) * _UNITS[unit.lower()] for number, unit in _BODY_SIZE.findall(tree.text(path))]
        # nginx itself refuses bodies of more than 1 MiB; 0 lets everything through.
        sizes.append(max(written, default=_NGINX_DEFAULT) if 0.0 not in written else float("inf"))
    return max(sizes, default=None)


def _limits(tools: Tools) -> Iterator[_Limit]:
    yield from _of_applications(tools)
    yield from _of_settings(tools)
    yield from _of_middleware(tools)
    yield from _of_dependencies(tools)
    yield from _of_decorators(tools)


def _of_applications(tools: Tools) -> Iterator[_Limit]:
    for name in _APPLICATIONS:
        for call in tools.side.program.calls_by_name.get(name, ()):
            for option in _OPTIONS[:3]:
                given = call.keyword(option)
                if given is not None:
                    size = number(given, call.scope, tools)
                    if size is not None:
                        yield _Limit(size, tuple(a for a in tools.side.routing.applications if a.call is call) or None)


def _of_settings(tools: Tools) -> Iterator[_Limit]:
    modules = tools.side.program.modules
    imported = {name for module in modules for name in _imported(module)}
    read = {name for name, frameworks in _SETTINGS.items() if imported.intersection(frameworks)}
    for store in tools.side.program.element_stores:
        if store.key is not None and store.key[0] == "const" and store.key[2] in read and store.value is not None:
            size = number(store.value, store.scope, tools) or UNKNOWN_LIMIT
            base = store.base[2] if store.base[0] == "attr" else store.base
            yield _Limit(size, _applications(base, store.scope, tools) or _readers(store.key[2], tools))
    for scope in [scope for module in modules for scope in (module, *module.classes)]:
        for name in read:
            for binding in scope.bindings.get(name, ()):
                if binding.expression is not None:
                    size = number(binding.expression, binding.scope, tools) or UNKNOWN_LIMIT
                    yield _Limit(size, _readers(name, tools))


def _readers(setting: str, tools: Tools) -> tuple[Application, ...] | None:
    """The applications of the frameworks that read a setting."""
    return tuple(a for a in tools.side.routing.applications if a.framework.lower() in _SETTINGS[setting]) or None


def _applications(expression: Expression | None, scope: Scope, tools: Tools) -> tuple[Application, ...] | None:
    """The applications that an expression may be; None where it is not known to be one."""
    if expression is None:
        return None
    values = tools.evaluator.evaluate(expression, scope)
    made = [value.origin for value in values if isinstance(value, External) and value.origin is not None]
    return tuple(a for a in tools.side.routing.applications if a.call in made) or None


def _imported(module: Module) -> Iterator[str]:
    for statement, _, _ in module.imports:
        names = [statement[3]] if statement[0] == "from" else [name for name, _ in statement[2]]
        yield from (name.partition(".")[0] for name in names)


def _of_middleware(tools: Tools) -> Iterator[_Limit]:
    for entry in tools.side.routing.entries:
        if entry.kind == "request" and entry.label.startswith("every request") and isinstance(entry.scope, Function):
            holders = _decorated_for(entry.scope, tools)
            yield from (_Limit(size, holders) for size in _refused(entry.scope, tools))
    for call in tools.side.program.calls_by_name.get("add_middleware", ()):
        given = call.argument("middleware_class", 0)
        if given is None or not _LIMITING.search(last_name(given)):
            continue
        values = tools.evaluator.evaluate(given, call.scope)
        if any(_may_refuse(value) for value in values):
            sizes = [number(value, call.scope, tools) for key, value in call.keywords if key in _OPTIONS]
            size = min([size for size in sizes if size is not None], default=UNKNOWN_LIMIT)
            receiver = call.expression[2][2] if call.expression[2][0] == "attr" else None
            yield _Limit(size, _applications(receiver, call.scope, tools))


def _of_dependencies(tools: Tools) -> Iterator[_Limit]:
    """`dependencies=[Depends(refuse_large_bodies)]` of a route or of its router."""
    routes: dict[int, list[Route]] = defaultdict(list)
    functions: dict[int, Function] = {}
    routers = [e for e in tools.side.routing.entries if e.label.startswith("request of a router")]
    for route in tools.side.routing.routes:
        made = {call.span for call in route.mounted}
        around = [e.scope for e in routers if e.span in made and isinstance(e.scope, Function)]
        for function in (*route.dependencies, *around):
            functions[id(function)] = function
            routes[id(function)].append(route)
    for key, function in functions.items():
        yield from (_Limit(size, None, tuple(routes[key])) for size in _refused(function, tools))


def _of_decorators(tools: Tools) -> Iterator[_Limit]:
    """`@limit_body(4096)` around a handler, which looks at the header or at the bytes of the body."""
    for route in tools.side.routing.routes:
        for wrapper in tools.evaluator.wrappers(route.handler):
            for size in _refused(wrapper, tools, _reads_bytes):
                yield _Limit(size, None, (route,))


def _decorated_for(function: Function, tools: Tools) -> tuple[Application, ...] | None:
    """The applications whose `@app.middleware` a function is."""
    for decorator in function.decorators:
        called = decorator[2] if decorator[0] == "call" else decorator
        if called[0] == "attr" and function.parent is not None:
            found = _applications(called[2], function.parent, tools)
            if found is not None:
                return found
    return None


def _may_refuse(value: Value) -> bool:
    """Whether a middleware may turn a request down: one of the repository that never does is only named so."""
    if not isinstance(value, ClassValue):
        return isinstance(value, (External, FunctionValue))
    parts = walk_all(value.cls.body)
    return any(part[0] == "raise" or (part[0] == "const" and part[2] in _REFUSALS) for part in parts)


def _refused(
    function: Function, tools: Tools, reads: Callable[[Expression, Function], bool] | None = None
) -> Iterator[float]:
    """The size above which a middleware refuses a request."""
    reads = reads or _reads_length
    layout = tools.order.layout(function)
    for check in tools.checks.of(function):
        if not check.rejects and check.branch is not None:
            continue
        statement = layout.statement(check.address)
        if statement[0] != "if" or not reads(statement[2], function) or _lets_through(function, statement):
            continue
        sizes = compared_sizes(statement[2], function, tools)
        yield min(sizes, default=None) or _given_to(function, tools) or UNKNOWN_LIMIT


def compared_sizes(test: Expression, scope: Scope, tools: Tools) -> list[float]:
    """The numbers of bytes or characters that a test compares with."""
    return [
        size
        for part in walk(test)
        if part[0] == "cmp"
        for side in (part[2], *part[4])
        if (size := number(side, scope, tools)) is not None and size >= LEAST
    ]


def _given_to(function: Function, tools: Tools) -> float | None:
    """The size that a class of middleware is given: `add_middleware(LimitBody, size=65536)`, or by default."""
    owner = function.owner
    constructor = tools.evaluator.constructor(owner) if owner is not None else None
    if owner is None or constructor is None:
        return None
    written = [
        value
        for call in tools.side.program.calls_by_name.get("add_middleware", ())
        if (given := call.argument("middleware_class", 0)) is not None and last_name(given) == owner.name
        for key, value in call.keywords
        if key is not None
    ]
    defaults = [parameter[3] for parameter in constructor.parameters if parameter[3] is not None]
    for expressions in (written, defaults):
        known = (number(found, function, tools) for found in expressions)
        sizes = [size for size in known if size is not None and size >= LEAST]
        if sizes:
            return min(sizes)
    return None


def _lets_through(function: Function, refusal: Statement) -> bool:
    """Whether requests of any size are handed on before a refusal, for what they bring and not for where they go."""
    for call in function.calls:
        if call.name in _HANDING_ON and call.at[:2] < refusal[1][:2]:
            tests = [link.node[2] for link in call.around if link.kind == "if"]
            if any(_reads_length(test, function) for test in tests):
                continue
            if any(not _reads(test, function, _ROUTED) for test in tests):
                return True
    return False


def _reads_length(test: Expression, function: Function) -> bool:
    """Whether a test looks at the size of the body: its header, or the body itself."""
    return _reads(test, function, ("content-length", "content_length", "body"))


def _reads_bytes(test: Expression, function: Function) -> bool:
    """Whether a test looks at the size of the whole body: its header, or its bytes."""
    names = {part[2] for part in walk(test) if part[0] == "name"}
    sources = [b.expression for n in names for b in function.bindings.get(n, ()) if b.expression is not None]
    return _reads(test, function, ("content-length", "content_length")) or any(
        part[0] == "call" and part[2][0] == "attr" and part[2][3] in ("body", "get_data")
        for expression in (test, *sources)
        for part in walk(expression)
    )


def _reads(test: Expression, function: Function, wanted: tuple[str, ...]) -> bool:
    """Whether a test, or what the names in it were given, reads an attribute or a key of one of the names."""
    names = {part[2] for part in walk(test) if part[0] == "name"}
    sources = [b.expression for n in names for b in function.bindings.get(n, ()) if b.expression is not None]
    for expression in (test, *sources):
        for part in walk(expression):
            if part[0] == "const" and isinstance(part[2], str) and part[2].lower() in wanted:
                return True
            if part[0] == "attr" and part[3] in wanted:
                return True
    return False


def number(expression: Expression, scope: Scope, tools: Tools, depth: int = 0) -> float | None:
    """The value of a numeric expression such as `10 * 1024 * 1024`."""
    tag = expression[0]
    if depth > _DEPTH:
        return None
    if tag == "const":
        return float(expression[2]) if type(expression[2]) in (int, float) else None
    if tag == "bin":
        left = number(expression[3], scope, tools, depth + 1)
        right = number(expression[4], scope, tools, depth + 1)
        return None if left is None or right is None else _calculated(expression[2], left, right)
    if tag == "call":  # int(...), getenv("NAME", default), Field(default)
        return number(expression[3][-1], scope, tools, depth + 1) if expression[3] else None
    for value in tools.evaluator.evaluate(expression, scope):
        if isinstance(value, Constant) and type(value.value) in (int, float):
            return float(value.value)
    for definition, holder in tools.evaluator.definitions(expression, scope):
        found = number(definition, holder, tools, depth + 1)
        if found is not None:
            return found
    return _number_passed(expression[2], scope, tools, depth + 1) if tag == "name" else None


def _number_passed(name: str, scope: Scope, tools: Tools, depth: int) -> float | None:
    """The largest number that callers give for a parameter, if all of them write one."""
    holder = scope_of_name(scope, name)
    if not isinstance(holder, Function) or holder.bindings[name][0].kind != "parameter":
        return None
    numbers = [number(given, place, tools, depth) for given, place in tools.evaluator.passed(holder, name)]
    known = [each for each in numbers if each is not None]
    return max(known) if known and len(known) == len(numbers) else None


def _calculated(operator: str, left: float, right: float) -> float | None:
    if operator == "Mult":
        return left * right
    if operator == "Add":
        return left + right
    if operator == "LShift":
        return float(left * 2**right)
    if operator == "Pow" and right < 64:
        return float(left**right)
    return None
