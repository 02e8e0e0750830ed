"""The routes that a boot asks: for health, and for an answer of a model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from aiaudit.boot.planning.deployment import Check
from aiaudit.boot.planning.gates import headers_for
from aiaudit.boot.planning.requests import Requests
from aiaudit.boot.planning.samples import NoSample
from aiaudit.boot.record import Endpoint, Purpose, Variable
from aiaudit.model.asking import answering_calls, model_calls
from aiaudit.model.observation import is_health
from aiaudit.model.python import PythonSide, python_side
from aiaudit.model.routes import Route
from aiaudit.model.service import Service
from aiaudit.model.streaming import Streams

# Asked where nothing says what the service answers.
GUESSES = ("/health", "/healthz", "/livez", "/readyz", "/ping", "/", "/openapi.json")
# Routes of models beyond these would make a boot longer and tell nothing new.
MOST = 6
_METHODS = ("POST", "GET")


def health_endpoints(service: Service | None, files: frozenset[str] | None, checks: Iterable[Check]) -> list[Endpoint]:
    """What checks ask, then the program's own health routes, then guesses (without a place)."""
    found = [Endpoint("GET", check.path, Purpose.HEALTH, span=check.span) for check in checks]
    if service is not None:
        found.extend(sorted(_health_routes(python_side(service), files), key=_readiness))
    found.extend(Endpoint("GET", path, Purpose.HEALTH) for path in GUESSES)
    first: dict[str, Endpoint] = {}
    for endpoint in found:
        first.setdefault(endpoint.path, endpoint)
    return list(first.values())


def _health_routes(side: PythonSide, files: frozenset[str] | None) -> Iterator[Endpoint]:
    for route in _routes(side, files):
        methods, _, path = route.label.partition(" ")
        if "GET" in methods.split("|") and path.startswith("/") and "{" not in path and is_health(route.label.lower()):
            yield Endpoint("GET", path, Purpose.HEALTH, span=route.span)


def _readiness(endpoint: Endpoint) -> int:
    """Readiness says most, the bare root least."""
    if endpoint.path.strip("/") == "":
        return 3
    words = endpoint.path.strip("/").split("/")
    if "ready" in words[-1] or "readiness" in words[-1]:
        return 0
    return 1 if "health" in endpoint.path else 2


def model_endpoints(service: Service, files: frozenset[str] | None, variables: Iterable[Variable]) -> list[Endpoint]:
    """The routes that reach a model and can be asked without a human: those that answer in words first, then those that
    take what is asked in their body, then those that ask the model soonest."""
    side = python_side(service)
    requests = Requests(side.evaluator)
    streams = Streams(side)
    asking = {id(call.scope) for call in model_calls(side)}
    answering = {id(call.scope) for call in answering_calls(side)}
    gates = headers_for(side, variables)
    found: list[tuple[tuple[bool, bool, int], Endpoint]] = []
    for route in _routes(side, files):
        methods, _, path = route.label.partition(" ")
        method = next((method for method in _METHODS if method in methods.split("|")), "")
        distance = _distance(route, streams, asking)
        if not method or not path.startswith("/") or distance is None or route.kind != "http":
            continue
        try:
            request = requests.of(route, path)
        except NoSample:
            continue
        purpose = Purpose.STREAM if streams.streams(route) else Purpose.MODEL
        given = {name.lower() for name, _ in gates}
        headers = (*(pair for pair in request.headers if pair[0].lower() not in given), *gates)
        rank = (_distance(route, streams, answering) is None, method == "POST" and not request.body, distance)
        found.append((rank, Endpoint(method, request.path, purpose, request.body, headers, route.span)))
    return [endpoint for _, endpoint in sorted(found, key=lambda pair: pair[0])][:MOST]


def _routes(side: PythonSide, files: frozenset[str] | None) -> Iterator[Route]:
    for route in side.routing.routes:
        if files is None or route.handler.module.path in files:
            yield route


def _distance(route: Route, streams: Streams, asking: set[int]) -> int | None:
    """How many calls lie between a handler and the model, None where none is asked."""
    return next((len(path) for scope, path in streams.reached(route) if id(scope) in asking), None)
