"""Environment files that a COPY brings into the image although they most likely hold secrets."""

from __future__ import annotations

from collections.abc import Mapping

from aiaudit.model.image import Copy, Image, Layer, Stage
from aiaudit.model.image.contents import (
    CARRIED,
    EXPECTED,
    Content,
    environment_files,
    is_harmless,
    secret_names,
    way_into_image,
)
from aiaudit.values import dataclass
from aiaudit_rules.image.hygiene import is_front_end


@dataclass(frozen=True, slots=True)
class Leak:
    """An environment file in the image: the names of its secrets, the copies between stages that carry it on."""

    content: Content
    secrets: tuple[str, ...]
    way: tuple[Layer, ...]


def leaks(image: Image, stage: Stage, copy: Copy) -> Mapping[str, Leak]:
    """The files that one copy brings, by their path in the repository."""
    found: dict[str, Leak] = {}
    for content in environment_files(image, copy):  # what git carries comes first, and is what there is
        if content.path in found:
            continue
        way = way_into_image(image, stage, copy, content.path)
        if way is not None:
            found[content.path] = Leak(content, secret_names(image, content.path), way)
    return {path: leak for path, leak in found.items() if leak.secrets or _is_likely(image, leak.content)}


def _is_likely(image: Image, content: Content) -> bool:
    """Whether a file that git does not carry most likely holds secrets."""
    if content.origin == CARRIED or is_harmless(image, content.path):
        return False
    return content.origin != EXPECTED or not is_front_end(image)  # a front end's settings are public
