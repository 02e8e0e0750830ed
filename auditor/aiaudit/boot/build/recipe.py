"""How an image of the model is built: from which folder, with which Dockerfile, arguments and target."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from aiaudit.boot.build.results import Options
from aiaudit.boot.world import EngineError
from aiaudit.values import replace

if TYPE_CHECKING:
    from aiaudit.model.image import Image


def recipe(image: Image, root: Path, options: Options) -> tuple[Path, Path, Options]:
    """The folder, the Dockerfile, and the options with what the repository states where they leave it open.

    Build arguments that a deploy file takes from the environment are left out: nobody knows their values here.
    """
    if image.is_embedded:
        raise EngineError(f"{image.path} holds its Dockerfile inside: write it to a file of its own to build it here")
    folder = image.context.folder
    stated = next((reference for reference in image.references if reference.context == folder), None)
    given = dict(stated.arguments if stated else ())
    known = {name: value for name, value in given.items() if "$" not in value} | dict(options.arguments)
    target = options.target or ("" if image.final is image.stages[-1] else image.final.name or "")
    return root / folder, root / image.path, replace(options, arguments=tuple(known.items()), target=target)
