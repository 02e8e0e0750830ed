"""Which function provides the subjects of a kind; a kind is named by its class, imports happen on use."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from aiaudit.model.service import Service


def images(service: Service) -> Iterable[Any]:
    """One `Image` a Dockerfile."""
    from aiaudit.model.image import images as make

    return service.part("images", make)  # type: ignore[no-any-return]


PROVIDERS: dict[str, Callable[[Service], Iterable[Any]]] = {
    "Image": images,
}
