"""The fix of source-before-dependencies: requirement files first, the install next, the source last."""

from __future__ import annotations

import posixpath

from aiaudit.fix import Edit, Fix, Safety
from aiaudit.model.image import Image, Install, Layer
from aiaudit.model.image.filesystem import absolute
from aiaudit.model.image.order import Premature
from aiaudit.span import Extent, Span


def reordered(image: Image, found: Premature) -> Fix | None:
    """Move the installs ahead of the COPY, where that is all there is to it."""
    layers = _layers(found)
    if layers is None or found.others or image.is_embedded:
        return None
    copies: list[str] = []
    for layer in layers:
        for install in layer.installs:
            lines = _copies(image, layer, install)
            if lines is None:
                return None
            copies.extend(line for line in lines if line not in copies)
    if not copies:
        return None
    moved = "\n".join(layer.instruction.raw.rstrip("\n") for layer in layers)
    start = found.layer.instruction.extent
    place = Span(image.path, start.line, 1, start.line, 1)
    edits = [Edit(place, "\n".join(copies) + f"\n{moved}\n")]
    edits += [Edit(_whole_lines(image.path, layer.instruction.extent), "") for layer in layers]
    return Fix("Install the dependencies before the source is copied", Safety.UNSAFE, tuple(edits))


def _layers(found: Premature) -> list[Layer] | None:
    """The layers to move: RUNs that only install from requirement files, directly in the COPY's own stage."""
    own = found.layer.stage.layers
    layers = list({id(entry.layer): entry.layer for entry in found.repeated}.values())
    if any(all(layer is not other for other in own) for layer in layers):
        return None
    position = next(number for number, layer in enumerate(own) if layer is found.layer)
    if own[position + 1 : position + 1 + len(layers)] != layers:
        return None
    for layer in layers:
        if len(layer.installs) != len(layer.instruction.commands) or layer.mounts or layer.instruction.heredocs:
            return None
    return layers


def _copies(image: Image, layer: Layer, install: Install) -> list[str] | None:
    """COPY lines for the files that an install reads; None where something else is needed."""
    if install.ecosystem != "python" or install.project or install.reads or not install.folder:
        return [] if install.packages and not install.requirement_files and not install.project else None
    lines: list[str] = []
    for item in install.inputs:
        if not item.source or item.place is None or posixpath.basename(item.source) != posixpath.basename(item.place):
            return None
        facts = image.service.tree.facts(item.source, "manifest")
        if facts is None or facts.inclusions or any(entry.url for entry in facts.requirements):
            return None
        below = posixpath.relpath(item.source, image.context.folder or ".")
        folder = posixpath.dirname(item.place)
        target = "./" if absolute(".", layer.workdir) == folder else f"{folder.rstrip('/')}/"
        if " " in below:
            return None
        lines.append(f"COPY {below} {target}")
    return lines


def _whole_lines(path: str, extent: Extent) -> Span:
    return Span(path, extent.line, 1, extent.end_line + 1, 1)
