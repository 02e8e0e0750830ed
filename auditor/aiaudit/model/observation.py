"""What can be seen of a running service: health routes, metrics, traces, the use of models."""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.model.evaluate import method_of
from aiaudit.model.program import imported_names
from aiaudit.model.python import PythonSide, python_side
from aiaudit.model.resources import Known
from aiaudit.model.routes import Application, Route
from aiaudit.model.scopes import Call, last_name
from aiaudit.model.service import Service
from aiaudit.patterns import regex
from aiaudit.values import dataclass

_HEALTH = frozenset(
    ("health", "healthz", "healthcheck", "live", "livez", "liveness", "alive", "ready", "readyz", "readiness", "ping",
     "status", "heartbeat", "up", "ok", "probe", "monitoring", "isalive")
)  # fmt: skip
# Words that say it in the name of a handler, wherever its route lies.
_HEALTH_HANDLER = frozenset(("health", "healthz", "healthcheck", "liveness", "readiness"))
# What makes an application of one standard from one of the other.
_WRAPPERS = ("Middleware", "WsgiToAsgi", "AsgiToWsgi", "ASGIApp")
_WORD = regex(r"[a-z]+")
# Top-level modules and distributions that answer probes, count and time requests, or trace them.
_HEALTH_LIBRARIES = ("fastapi_health", "fastapi_healthcheck", "health_check", "healthcheck", "watchman", "bentoml")
_METRICS = (
    "prometheus_client", "prometheus_fastapi_instrumentator", "starlette_exporter", "starlette_prometheus",
    "prometheus_flask_exporter", "django_prometheus", "aioprometheus", "opentelemetry", "statsd", "datadog", "ddtrace",
    "newrelic", "elasticapm", "logfire", "aws_embedded_metrics", "applicationinsights", "sentry_sdk",
)  # fmt: skip
_TRACING = (
    "opentelemetry", "ddtrace", "sentry_sdk", "newrelic", "elasticapm", "logfire", "langsmith", "langfuse", "phoenix",
    "openinference", "traceloop", "opik", "agentops", "aws_xray_sdk", "applicationinsights", "mlflow", "weave",
)  # fmt: skip
_USAGE = (
    "langsmith",
    "langfuse",
    "phoenix",
    "openinference",
    "traceloop",
    "opik",
    "agentops",
    "helicone",
    "mlflow",
    "weave",
    "logfire",
)
_USAGE_NAMES = frozenset(
    ("usage", "usage_metadata", "token_usage", "total_tokens", "completion_tokens", "output_tokens", "eval_count",
     "get_openai_callback", "UsageMetadataCallbackHandler", "get_usage_metadata_callback", "completion_cost",
     "prompt_eval_count")
)  # fmt: skip


@dataclass(slots=True, eq=False)
class Observation:
    """What one application shows of itself; `routes` is how many it has, `generation` is a call of a model on the way
    of a request, if any. `is_side_door`: objects of a class have it, each its own, beside what another application of
    the repository does that answers probes."""

    application: Application
    routes: int
    is_shipped: bool
    has_health: bool
    has_metrics: bool
    has_tracing: bool
    has_usage: bool
    generation: Known | None
    is_side_door: bool = False


def observations(service: Service) -> list[Observation]:
    """One for each application with routes, but for those that are mounted into another."""
    side = python_side(service)
    if not side.routing.routes:
        return []
    modules = _libraries(service, side)
    mounted = _mounted(side)
    is_shipped = bool(service.tree.files("dockerfile"))
    seen = (
        bool(modules.intersection(_METRICS)),
        bool(modules.intersection(_TRACING)),
        bool(modules.intersection(_USAGE)) or _reads_usage(side),
        next((known for known in side.known if known.entry.generates and _in_request(known, side)), None),
    )
    homes = {application.call.scope.module.path for application in side.routing.applications}
    imported = {home: side.program.closure([home]) for home in homes}
    everywhere = set().union(*imported.values())
    nobodys = [route for route in side.routing.routes if route.handler.module.path not in everywhere]
    found: list[Observation] = []
    for application in side.routing.applications:
        routes = _routes(application, side, mounted, imported)
        if routes and application.call.scope.module.path in side.routing.live and id(application.call) not in mounted:
            has_health = any(map(_is_for_probes, [*routes, *nobodys])) or bool(modules.intersection(_HEALTH_LIBRARIES))
            found.append(Observation(application, len(routes), is_shipped, has_health, *seen))
    for observed in found:
        is_own = method_of(observed.application.call.scope) is not None
        others = (other for other in found if other is not observed)
        observed.is_side_door = is_own and any(other.has_health for other in others)
    return found


def _routes(
    application: Application, side: PythonSide, mounted: dict[int, set[str]], imported: dict[str, set[str]]
) -> list[Route]:
    """The routes of an application, with those of the ones that are mounted where it is known, and those of its modules
    of which it is not known whose they are."""
    home = application.call.scope.module.path
    near = {key for key, reached in mounted.items() if home in reached}
    others = {id(other.call) for other in side.routing.applications if other is not application} - near

    def is_its(route: Route) -> bool:
        owners = side.routing.owners(route)
        if owners:
            return any(id(owner.call) not in others for owner in owners)
        return route.handler.module.path in imported[home]

    return list(filter(is_its, side.routing.routes))


def _libraries(service: Service, side: PythonSide) -> frozenset[str]:
    """Import names that the program uses, and distributions that are installed beside it: agents need no import."""
    found = {name.partition(".")[0] for module in side.program.modules for name in imported_names(module)}
    for path in service.tree.files("manifest"):
        facts = service.tree.facts(path, "manifest")
        for requirement in facts.requirements if facts is not None else ():
            found.add(requirement.name.replace("-", "_").lower())
            found.add(requirement.name.partition("-")[0].lower())
    return frozenset(found)


def _mounted(side: PythonSide) -> dict[int, set[str]]:
    """The constructions of applications that another one mounts, as they are or wrapped (`WSGIMiddleware(app)`), with
    the modules that lead there: those which mount it, and what they import."""
    found: dict[int, set[str]] = {}
    queue = [call for name in ("mount", "Mount") for call in side.program.calls_by_name.get(name, ())]
    for call in queue:  # grows while it is walked: what wraps an application
        for argument in (*call.arguments, *(value for _, value in call.keywords)):
            for value in side.evaluator.evaluate(argument, call.scope):
                origin = getattr(value, "origin", None)
                if origin is not None:
                    is_new = id(origin) not in found
                    found.setdefault(id(origin), set()).update(side.program.closure([call.scope.module.path]))
                    queue += [origin] if is_new and origin.name.endswith(_WRAPPERS) else []
    for application, home in _taken_over(side):
        found.setdefault(id(application), set()).update(side.program.closure([home]))
    return found


def _taken_over(side: PythonSide) -> Iterator[tuple[Call, str]]:
    """The constructions of applications whose routes another one takes over, and the modules that do it:
    `app.router.routes.extend(other.routes)`, `for route in other.routes: app.router.routes.append(route)`."""
    for call in (call for name in ("append", "extend") for call in side.program.calls_by_name.get(name, ())):
        callee = call.expression[2]
        if callee[0] != "attr" or last_name(callee[2]) != "routes":
            continue
        for argument in call.arguments:
            bound = call.scope.bindings.get(argument[2], ()) if argument[0] == "name" else ()
            iterated = [b.expression for b in bound if b.kind == "element" and b.expression is not None]
            for taken in (argument, *iterated):
                if taken[0] == "attr" and taken[3] == "routes":
                    for value in side.evaluator.evaluate(taken[2], call.scope):
                        origin = getattr(value, "origin", None)
                        if origin is not None:
                            yield origin, call.scope.module.path


def _is_for_probes(route: Route) -> bool:
    """A route whose path says so, or whose handler does: `GET /internal/state` of `health_check`."""
    return is_health(route.label.lower()) or bool(_HEALTH_HANDLER.intersection(route.handler.name.lower().split("_")))


def is_health(label: str) -> bool:
    """`GET /healthz`, `GET /api/v1/status`; the bare root answers a probe as well."""
    method, _, path = label.partition(" ")
    if path.rstrip("/") == "" and ("get" in method or method == "route"):
        return True
    last = (path or method).rstrip("/").rpartition("/")[2]
    return bool(_HEALTH.intersection(_WORD.findall(last)))


def _reads_usage(side: PythonSide) -> bool:
    """Whether the program looks at the tokens that an answer has cost."""
    for module in side.program.modules:
        for scope in module.scopes:
            if any(read[3] in _USAGE_NAMES for read in scope.reads):
                return True
            for call in scope.calls:
                if call.name in _USAGE_NAMES:
                    return True
    return False


def _in_request(known: Known, side: PythonSide) -> bool:
    return side.contexts.in_request(known.call.scope) is not None
