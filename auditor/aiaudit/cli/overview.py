"""The service that a folder holds, in short: files by kind, images, applications, routes, resources."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from aiaudit import api
from aiaudit.model.service import Service
from aiaudit.model.subjects import provide
from aiaudit.runner import describe
from aiaudit.sources.store import Store
from aiaudit.workspace import Workspace


def overview(path: str) -> dict[str, Any]:
    """What a folder holds, part by part; a part that cannot be made says why."""
    workspace = Workspace(api.scope_for([path], os.getcwd()), Store())
    service = Service(workspace)
    found: dict[str, Any] = {"path": path, "files": {kind: count for kind, count in workspace.counts() if count}}
    for part, kind, outline in _PARTS:
        found[part] = _part(kind, service, outline)
    found["diagnostics"] = [
        {"level": diagnostic.level, "path": diagnostic.path, "message": diagnostic.message}
        for diagnostic in workspace.diagnostics
    ]
    return found


def _part(kind: str, service: Service, outline: Callable[[Any], Any]) -> Any:
    try:
        return [outline(subject) for subject in provide(service, kind)]
    except Exception as error:  # the other parts are still worth showing
        return {"error": describe(error)}


def _image(image: Any) -> dict[str, Any]:
    stages = [{"base": stage.base, "name": stage.name} for stage in image.facts.stages]
    return {"path": image.path, "stages": stages}


def _application(application: Any) -> dict[str, Any]:
    return {"framework": application.framework, **_at(application.call.span)}


def _route(route: Any) -> dict[str, Any]:
    return {"route": route.label, "framework": route.framework, **_at(route.span)}


def _resource(resource: Any) -> dict[str, Any]:
    made = [name for name in ("per_request", "first_request", "early") if getattr(resource, name) is not None]
    return {"resource": resource.name, "made": made, **_at(resource.call.span)}


def _at(span: Any) -> dict[str, Any]:
    return {"path": span.path, "line": span.line}


_PARTS: tuple[tuple[str, str, Callable[[Any], Any]], ...] = (
    ("images", "Image", _image),
    ("applications", "Application", _application),
    ("routes", "Route", _route),
    ("resources", "Resource", _resource),
)
