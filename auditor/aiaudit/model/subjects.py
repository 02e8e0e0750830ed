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


def blocking_calls(service: Service) -> Iterable[Any]:
    """One `BlockingCall` a call that blocks an event loop."""
    from aiaudit.model.blocking import blocking_calls as make

    return service.part("blocking", make)  # type: ignore[no-any-return]


def swallowed_failures(service: Service) -> Iterable[Any]:
    """One `SwallowedFailure` a handler that lets a broken start go on."""
    from aiaudit.model.startup import swallowed_failures as make

    return service.part("startup", make)  # type: ignore[no-any-return]


PROVIDERS: dict[str, Callable[[Service], Iterable[Any]]] = {
    "Application": applications,
    "BlockingCall": blocking_calls,
    "Image": images,
    "Resource": resources,
    "Route": routes,
    "SwallowedFailure": swallowed_failures,
}
