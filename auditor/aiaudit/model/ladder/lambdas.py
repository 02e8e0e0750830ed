"""AWS Lambda behind API Gateway: SAM templates and serverless.yml."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from aiaudit.model.ladder.limits import duration, limits
from aiaudit.model.ladder.served import ServedApplication
from aiaudit.model.ladder.values import Rung
from aiaudit.model.python import python_side
from aiaudit.model.service import Service
from aiaudit.sources.deploy.yaml import MAPPING, Node, YamlFacts
from aiaudit.span import Span
from aiaudit.values import dataclass

_GATEWAYS = {"Api": "api-gateway-rest", "http": "api-gateway-rest", "HttpApi": "api-gateway-http",
             "httpApi": "api-gateway-http"}  # fmt: skip
_SAM, _SERVERLESS = "lambda-sam", "lambda-serverless"


@dataclass(frozen=True, slots=True)
class _Function:
    """A function of a template: the key to point at, its handler, its time-out (with its key), its kinds of events."""

    path: str
    key: Node
    handler: str
    folder: str
    timeout: tuple[Node, Node] | None
    default: str
    events: tuple[str, ...]


def lambda_rungs(service: Service, applications: list[ServedApplication]) -> Iterator[Rung]:
    """The limits of functions that run the application: the gateway's, or the function's own if that is shorter."""
    for path in service.tree.files("yaml"):
        facts = service.tree.facts(path, "yaml") if may_hold_functions(path) else None
        for document in facts.documents if isinstance(facts, YamlFacts) else ():
            for function in (*_of_sam(path, document), *_of_serverless(path, document)):
                modules = _modules(service, function, applications)
                if modules:
                    yield from _rungs(function, modules)


def may_hold_functions(path: str) -> bool:
    """Whether a YAML file may be a template of functions, by its name."""
    name = posixpath.basename(path)
    return name.startswith(("template.", "serverless.", "sam.")) or "sam" in path.split("/")


def _of_sam(path: str, document: Node) -> Iterator[_Function]:
    resources = document.get("Resources") if document.kind == MAPPING else None
    for key, resource in resources.pairs() if resources is not None and resources.kind == MAPPING else ():
        properties = resource.get("Properties") if resource.kind == MAPPING else None
        if properties is None or resource.text("Type") != "AWS::Serverless::Function":
            continue
        timeout = properties.entry("Timeout") or document.entry("Globals", "Function", "Timeout")
        events = properties.get("Events")
        kinds = tuple(event.text("Type") for _, event in events.pairs()) if events is not None else ()
        folder = properties.text("CodeUri") or resource.text("Metadata", "DockerContext")
        yield _Function(path, key, properties.text("Handler"), folder, timeout, _SAM, kinds)


def _of_serverless(path: str, document: Node) -> Iterator[_Function]:
    functions = document.get("functions") if document.kind == MAPPING and document.get("provider") else None
    for key, function in functions.pairs() if functions is not None and functions.kind == MAPPING else ():
        if function.kind != MAPPING:
            continue
        timeout = function.entry("timeout") or document.entry("provider", "timeout")
        events = function.get("events")
        kinds = tuple(name.value for event in (events.items if events else ()) for name, _ in event.pairs())
        yield _Function(path, key, function.text("handler"), "", timeout, _SERVERLESS, kinds)


def _modules(service: Service, function: _Function, applications: list[ServedApplication]) -> frozenset[str]:
    """The files behind a function: those of its handler's module, or of the image's one application."""
    if function.handler:
        folder = posixpath.join(posixpath.dirname(function.path), function.folder)
        dotted = function.handler.rpartition(".")[0]
        path = posixpath.normpath(posixpath.join(folder, f"{dotted.replace('.', '/')}.py"))
        return frozenset(python_side(service).program.closure([path])) if service.tree.exists(path) else frozenset()
    return applications[0].modules if len({application.path for application in applications}) == 1 else frozenset()


def _rungs(function: _Function, modules: frozenset[str]) -> Iterator[Rung]:
    default = limits()[function.default]
    seconds = duration(function.timeout[1].value) if function.timeout is not None else default.seconds
    gateways = [limits()[_GATEWAYS[kind]] for kind in function.events if kind in _GATEWAYS]
    gateway = min(gateways, key=lambda limit: limit.seconds, default=None)
    if gateway is not None and (seconds is None or seconds > gateway.seconds):
        yield Rung(
            "API Gateway",
            gateway.seconds,
            f"for the whole answer, see {gateway.source}",
            "the client gets a 504 while the code still waits",
            "shorten what the code waits for, use a function URL, or answer at once and let the client ask again",
            Span.at(function.path, function.key.extent),
            modules,
        )
    elif seconds is not None:
        place = function.timeout[0] if function.timeout is not None else function.key
        yield Rung(
            "the function's time-out",
            seconds,
            f"the default, see {default.source}" if function.timeout is None else f"{place.value}: {seconds:g}",
            "Lambda ends it while the code still waits",
            "set the function's time-out above it, or shorten what the code waits for",
            Span.at(function.path, place.extent),
            modules,
        )
