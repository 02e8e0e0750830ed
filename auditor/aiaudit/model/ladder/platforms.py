"""Platforms that end requests: Heroku's router, Cloud Run, App Runner, and what stands before a Kubernetes Service."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from aiaudit.model.kubernetes import Manifest, manifests
from aiaudit.model.ladder.lambdas import lambda_rungs
from aiaudit.model.ladder.limits import duration, limits
from aiaudit.model.ladder.served import ServedApplication
from aiaudit.model.ladder.values import Rung
from aiaudit.model.service import Service
from aiaudit.sources.deploy.yaml import MAPPING, Node
from aiaudit.span import Span

_SHORTEN = "shorten what the code waits for, or answer at once and let the client ask for the result"
_ANNOTATION = "nginx.ingress.kubernetes.io/proxy-read-timeout"


def platform_rungs(service: Service, applications: list[ServedApplication]) -> Iterator[Rung]:
    """The limits of platforms whose files say that they run the repository's one application."""
    if len({application.path for application in applications}) == 1:
        application = applications[0]
        yield from _heroku(service, application)
        yield from _app_runner(service, application)
        objects = manifests(service)
        yield from _cloud_run(objects, application)
        yield from _ingresses(objects, application)
    yield from lambda_rungs(service, applications)


def _heroku(service: Service, application: ServedApplication) -> Iterator[Rung]:
    """A Procfile alone may be for others; heroku.yml, or app.json with buildpacks beside it, is Heroku's."""
    path = application.server.span.path
    if posixpath.basename(path) != "Procfile":
        return
    beside = {name: posixpath.join(posixpath.dirname(path), name) for name in ("heroku.yml", "app.json")}
    described = service.tree.exists(beside["app.json"]) and '"buildpacks"' in service.tree.text(beside["app.json"])
    if not described and not service.tree.exists(beside["heroku.yml"]):
        return
    yield Rung(
        "Heroku's router",
        limits()["heroku"].seconds,
        f"which cannot be changed, see {limits()['heroku'].source}",
        "the client gets an H12 error while the code still waits",
        f"{_SHORTEN}; a stream that begins earlier is let through",
        application.server.span,
        application.modules,
    )


def _app_runner(service: Service, application: ServedApplication) -> Iterator[Rung]:
    for path in service.tree.files("yaml"):
        if posixpath.basename(path) in ("apprunner.yaml", "apprunner.yml"):
            limit = limits()["app-runner"]
            yield Rung(
                "AWS App Runner",
                limit.seconds,
                f"for the whole answer, which cannot be changed, see {limit.source}",
                "the client gets an error while the code still waits",
                _SHORTEN,
                Span(path, 1, 1, 1, 1),
                application.modules,
            )


def _cloud_run(objects: tuple[Manifest, ...], application: ServedApplication) -> Iterator[Rung]:
    for manifest in objects:
        if manifest.kind != "Service" or not manifest.node.text("apiVersion").startswith("serving.knative.dev"):
            continue
        given = manifest.node.entry("spec", "template", "spec", "timeoutSeconds")
        seconds = duration(given[1].value) if given is not None else limits()["cloud-run"].seconds
        if seconds is not None:
            yield Rung(
                "Cloud Run's request time-out",
                seconds,
                "the default" if given is None else f"timeoutSeconds: {given[1].value}",
                "the client gets a 504 while the code still waits",
                "set spec.template.spec.timeoutSeconds above it, or shorten what the code waits for",
                Span.at(manifest.path, (given[0] if given is not None else manifest.node).extent),
                application.modules,
            )


def _ingresses(objects: tuple[Manifest, ...], application: ServedApplication) -> Iterator[Rung]:
    """Ingresses of ingress-nginx that lead to a Service on the application's port."""
    services = {manifest.name: manifest for manifest in objects if manifest.kind == "Service"}
    for manifest in objects:
        annotations = manifest.node.get("metadata", "annotations")
        if manifest.kind != "Ingress" or not _is_nginx(manifest, annotations):
            continue
        behind = [services[name] for name in _backends(manifest.node) if name in services]
        if not application.port or not any(application.port in _ports(found) for found in behind):
            continue
        given = annotations.entry(_ANNOTATION) if annotations is not None else None
        seconds = duration(given[1].value) if given is not None else limits()["ingress-nginx"].seconds
        if seconds is not None:
            yield Rung(
                "the ingress's proxy-read-timeout",
                seconds,
                "the default of ingress-nginx" if given is None else f"{given[0].value}: {given[1].value}",
                "the client gets a 504 while the code still waits",
                f"set the annotation {_ANNOTATION} above it, or shorten what the code waits for",
                Span.at(manifest.path, (given[0] if given is not None else manifest.node).extent),
                application.modules,
            )


def _is_nginx(manifest: Manifest, annotations: Node | None) -> bool:
    named = manifest.node.text("spec", "ingressClassName")
    if not named and annotations is not None:
        named = annotations.text("kubernetes.io/ingress.class")
    prefixed = annotations is not None and any(key.value.startswith("nginx.ingress.") for key, _ in annotations.pairs())
    return named == "nginx" or prefixed


def _backends(node: Node, depth: int = 0) -> Iterator[str]:
    """The names of the Services that an Ingress leads to, in the forms of both API versions."""
    if depth > 10:
        return
    for key, value in node.pairs() if node.kind == MAPPING else ():
        if key.value == "serviceName":
            yield value.value
        elif key.value == "service" and value.kind == MAPPING:
            yield value.text("name")
        else:
            yield from _backends(value, depth + 1)
    for item in node.items:
        yield from _backends(item, depth + 1)


def _ports(manifest: Manifest) -> set[str]:
    """The ports on which a Service expects its pods."""
    ports = manifest.node.get("spec", "ports")
    return {port.text("targetPort") or port.text("port") for port in (ports.items if ports is not None else ())}
