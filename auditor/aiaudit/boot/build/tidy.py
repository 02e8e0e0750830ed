"""Which images a build added to the engine, and how they go again. The user's own images and cache stay."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aiaudit.boot.world import Engine

_TRIES, _PAUSE = 8, 0.25


def known(engine: Engine) -> frozenset[str]:
    """The ids of all images that the engine has, intermediate ones too."""
    return frozenset(image["Id"] for image in engine.client.api.images(all=True))


def added(engine: Engine, before: frozenset[str], announced: Iterable[str]) -> tuple[str, ...]:
    """The full ids of the images that a build announced, the last one first, as far as they are new.

    What a build writes is not to be trusted: a step may print the id of an image that has always been there.
    """
    fresh = known(engine) - before
    found = (image for name in announced for image in fresh if image.partition(":")[2].startswith(_digits(name)))
    return tuple(dict.fromkeys(reversed(list(found))))


def _digits(name: str) -> str:
    return name.partition(":")[2] or name


def forget(engine: Engine, images: Iterable[str], *, patient: bool = True) -> None:
    """Remove images that builds made, newest first; one that somebody tagged, uses or removed meanwhile is left.

    A build that was broken off holds its last image for a moment, so what cannot be removed is tried again.
    """
    left = list(images)
    for _ in range(_TRIES if patient else 1):
        left = [image for image in left if not _is_gone(engine, image)]
        if not left:
            return
        time.sleep(_PAUSE)


def _is_gone(engine: Engine, image: str) -> bool:
    """Remove an image; false where it has to stay, for now or for good."""
    from docker.errors import DockerException, ImageNotFound

    api = engine.client.api
    try:
        if api.inspect_image(image)["RepoTags"]:
            return True  # it is somebody's now
        api.remove_image(image)
    except ImageNotFound:
        return True
    except DockerException:
        return False
    return True
