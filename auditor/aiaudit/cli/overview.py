"""The service map of a folder: images, routes with what they reach, what starts when, resources, settings."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator
from typing import Any

from aiaudit import api
from aiaudit.model.service import Service
from aiaudit.model.service_map import Asked, Made, RouteMap, ServiceMap, SettingMap, TimeLimit
from aiaudit.model.subjects import provide
from aiaudit.runner import describe
from aiaudit.sources.store import Store
from aiaudit.span import Span
from aiaudit.workspace import Workspace

KIND = "service map"


def overview(path: str) -> dict[str, Any]:
    """What a folder holds, part by part; a part that cannot be made says why."""
    scope = api.scope_for([path], os.getcwd())
    settings = api.configured(scope)
    api.check_knowledge(settings.knowledge)
    workspace = Workspace(scope, Store())
    service = Service(workspace, settings.knowledge)
    found: dict[str, Any] = {
        "kind": KIND,
        "path": path,
        "files": {kind: count for kind, count in workspace.counts() if count},
    }
    for part, make in _PARTS:
        found[part] = _part(make, service)
    found["diagnostics"] = [
        {"level": diagnostic.level, "path": diagnostic.path, "message": diagnostic.message}
        for diagnostic in workspace.diagnostics
    ]
    return found


def _part(make: Callable[[Service], Iterator[dict[str, Any]]], service: Service) -> Any:
    try:
        return list(make(service))
    except Exception as error:  # the other parts are still worth showing
        return {"error": describe(error)}


def _map(service: Service) -> ServiceMap:
    return service.part("map", ServiceMap)


def _images(service: Service) -> Iterator[dict[str, Any]]:
    for image in provide(service, "Image"):
        stages = [{"base": stage.base, "name": stage.name} for stage in image.facts.stages]
        yield {"path": image.path, "stages": stages}


def _applications(service: Service) -> Iterator[dict[str, Any]]:
    for application in provide(service, "Application"):
        yield {"framework": application.framework, **_at(application.call.span)}


def _routes(service: Service) -> Iterator[dict[str, Any]]:
    for found in _map(service).routes():
        yield _route(found)


def _route(found: RouteMap) -> dict[str, Any]:
    return {
        "route": found.route.label,
        "kind": found.route.kind,
        "framework": found.route.framework,
        **_at(found.route.span),
        "models": [_asked(asked) for asked in found.asks if asked.is_model],
        "calls": [_asked(asked) for asked in found.asks if not asked.is_model],
        "resources": [_made(made) for made in found.uses],
    }


def _asked(asked: Asked) -> dict[str, Any]:
    found = {"call": asked.name, "purpose": asked.purpose, **_at(asked.span), "timeout": _limit(asked.limit)}
    if asked.is_model:
        found["streams"] = asked.streams
        found["unbounded"] = list(asked.unbounded)
    if asked.output:
        found["output"] = int(asked.output) if asked.output.isdigit() else asked.output
    return found


def _limit(limit: TimeLimit) -> dict[str, Any]:
    """Seconds of all attempts together; "for ever" where nothing bounds them, null where they are not known."""
    seconds: Any = limit.seconds
    if seconds is not None and math.isinf(seconds):
        seconds = "for ever"
    given = _at(limit.given_at) if limit.given_at is not None else None
    return {"state": limit.state, "seconds": seconds, "attempts": limit.attempts, "given_at": given}


def _starts(service: Service) -> Iterator[dict[str, Any]]:
    for when, label, span in _map(service).starts():
        yield {"when": when, "runs": label, **_at(span)}


def _resources(service: Service) -> Iterator[dict[str, Any]]:
    for made in _map(service).resources():
        yield {**_made(made), "purpose": made.purpose, "cost": made.cost, "chain": list(made.chain)}


def _made(made: Made) -> dict[str, Any]:
    return {"resource": made.name, "made": list(made.when), **_at(made.span)}


def _settings(service: Service) -> Iterator[dict[str, Any]]:
    for setting in _map(service).settings():
        yield _setting(setting)


def _setting(setting: SettingMap) -> dict[str, Any]:
    return {
        "setting": setting.name,
        "default": setting.default,
        "read": setting.read,
        "fails_fast": setting.fails_fast,
        **_at(setting.span),
    }


def _at(span: Span) -> dict[str, Any]:
    return {"path": span.path, "line": span.line}


_PARTS: tuple[tuple[str, Callable[[Service], Iterator[dict[str, Any]]]], ...] = (
    ("images", _images),
    ("applications", _applications),
    ("routes", _routes),
    ("starts", _starts),
    ("resources", _resources),
    ("settings", _settings),
)
