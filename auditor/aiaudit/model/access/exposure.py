"""Where a repository publishes its service: ports of containers, ingresses, load balancers, platform files."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from aiaudit.finding import Step
from aiaudit.model.compose import compose_files
from aiaudit.model.kubernetes import manifests
from aiaudit.model.program import is_beside_the_service
from aiaudit.model.python import PythonSide
from aiaudit.model.scopes import last_name
from aiaudit.model.service import Service
from aiaudit.model.values import Constant
from aiaudit.patterns import regex
from aiaudit.sources.deploy.yaml import MAPPING, SCALAR, Node
from aiaudit.span import Span

_PLATFORMS = regex(
    r"(^|/)(fly\.toml|render\.ya?ml|Procfile|railway\.(json|toml)|vercel\.json|heroku\.yml|koyeb\.ya?ml|zeabur\.json)$"
)
_LOCAL = regex(r"^(127\.|localhost|\[?::1)")
_PUBLIC_SERVICES = frozenset(("LoadBalancer", "NodePort"))


def published(service: Service, side: PythonSide) -> Step | None:
    """The first place that lets anybody on the network call the service, None where no file says so."""
    deployed = False
    for found, step in _places(service):
        if step.span is None or not service.concerns(step.span.path):
            continue
        deployed = True
        if found:
            return step
    return None if deployed else _any_origin(side)


def _places(service: Service) -> Iterator[tuple[bool, Step]]:
    """Deployments, each with whether it is published."""
    for manifest in manifests(service):
        if is_beside_the_service(manifest.path):
            continue
        span = Span.at(manifest.path, manifest.extent)
        if manifest.kind in ("Ingress", "HTTPRoute", "Gateway"):
            yield True, Step(f"published by the {manifest.kind} {manifest.name}", span)
        elif manifest.kind == "Service" and manifest.node.text("spec", "type") in _PUBLIC_SERVICES:
            yield True, Step(f"published by the Service {manifest.name}", span)
        elif manifest.containers:
            yield False, Step("deployed", span)
    for path in _of_platforms(tuple(service.tree.files())):
        yield True, Step("published by the platform that this file configures", Span.whole_file(path))
    for file in compose_files(service):
        if is_beside_the_service(file.path):
            continue
        for container in file.services:
            if container.context:
                ports = container.node.get("ports")
                span = Span.at(file.path, (ports or container.node).extent)
                is_open = ports is not None and any(map(_is_open, ports.items))
                yield is_open, Step(f"port published for {container.name}", span)


@lru_cache(maxsize=2)
def _of_platforms(paths: tuple[str, ...]) -> tuple[str, ...]:
    """The files that configure a platform; asked for each service of a repository."""
    return tuple(path for path in paths if _PLATFORMS.search(path) and not is_beside_the_service(path))


def _is_open(port: Node) -> bool:
    """Whether a published port can be reached from other machines."""
    if port.kind == SCALAR:
        return not _LOCAL.match(port.value)
    return port.kind == MAPPING and not _LOCAL.match(port.text("host_ip"))


def _any_origin(side: PythonSide) -> Step | None:
    """CORS that lets pages of any site call the service: it is meant for browsers."""
    for name in ("add_middleware", "Middleware", "CORS"):
        for call in side.program.calls_by_name.get(name, ()):
            middleware = call.argument("middleware_class", 0)
            if name != "CORS" and (middleware is None or last_name(middleware) != "CORSMiddleware"):
                continue
            origins = call.keyword("allow_origins") or call.keyword("origins")
            is_written = origins is not None and origins[0] in ("list", "tuple", "name")  # settings may say otherwise
            listed = side.evaluator.elements(origins, call.scope) if is_written else ()
            anything = any(isinstance(item, Constant) and item.value == "*" for item in listed)
            if call.scope.module.path in side.routing.live and (anything or (name == "CORS" and origins is None)):
                return Step("pages of any site may call it", call.span)
    return None
