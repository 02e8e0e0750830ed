"""Which function provides the subjects of a kind; a kind is named by its class, imports happen on use."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from aiaudit.model.service import Service


def images(service: Service) -> Iterable[Any]:
    """One `Image` a Dockerfile."""
    from aiaudit.model.image import images as make

    return service.part("images", make)  # type: ignore[no-any-return]


def resources(service: Service) -> Iterable[Any]:
    """One `Resource` a construction of something that the knowledge describes."""
    from aiaudit.model.python import resources_of

    return resources_of(service)


def routes(service: Service) -> Iterable[Any]:
    """One `Route` a function that answers requests."""
    from aiaudit.model.python import routes_of

    return routes_of(service)


def applications(service: Service) -> Iterable[Any]:
    """One `Application` a web application object."""
    from aiaudit.model.python import applications_of

    return applications_of(service)


PROVIDERS: dict[str, Callable[[Service], Iterable[Any]]] = {
    "Application": applications,
    "Image": images,
    "Resource": resources,
    "Route": routes,
}
