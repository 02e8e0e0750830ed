"""Startup code of the application that an image carries."""

from __future__ import annotations

from aiaudit.model.image.values import Image
from aiaudit.span import Span


def startup_code(image: Image) -> tuple[str, Span] | None:
    """The first startup hook in the files of the image, as a message names it, and its place; None for none."""
    from aiaudit.model.python import python_side  # the Python side is linked only when somebody asks

    files = image.final.files
    carried = set(files.files.values()) if files is not None else set()
    for entry in python_side(image.service).routing.entries:
        if entry.kind == "startup" and entry.scope.module.path in carried:
            return entry.label, entry.span
    return None
