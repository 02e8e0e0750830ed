"""`RUN --mount`: what is mounted where while a command runs."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Iterator

from aiaudit.model.image.context import Context, is_whole
from aiaudit.model.image.filesystem import Presence, absolute
from aiaudit.model.image.values import Copy, Layer, Mount


def mount_of(value: str, expand: Callable[[str], str] = str) -> Mount:
    """The mount that `type=bind,source=a,target=b` describes."""
    entries = dict(part.partition("=")[::2] for part in value.split(","))
    read = {key.lower(): expand(item) for key, item in entries.items()}
    target = read.get("target", read.get("dst", read.get("destination", "")))
    return Mount(read.get("type", "bind"), target, read.get("source", read.get("src", "")), read.get("from", ""))


def bound(
    place: str, mounts: Iterable[Mount], workdir: str | None, context: Context
) -> tuple[str | None, Presence] | None:
    """The repository file that a bind mount puts at a place, and whether it is there; None where no mount covers it."""
    for mount in mounts:
        target = absolute(mount.target, workdir) if mount.type == "bind" else None
        if target is None or (place != target and not place.startswith(target.rstrip("/") + "/")):
            continue
        if mount.from_:
            return None, Presence.UNKNOWN
        below = posixpath.relpath(place, target)
        path = posixpath.normpath(posixpath.join(mount.source.lstrip("/") or ".", below))
        if path in context.files:
            return context.repository_path(path), Presence.PRESENT
        return None, Presence.MISSING
    return None


def mounted(layer: Layer, context: Context) -> Iterator[Copy]:
    """What the bind mounts of a RUN bring from the context: its layer depends on these files as behind a COPY."""
    for mount in layer.mounts:
        if mount.type != "bind" or mount.from_:
            continue
        source = mount.source or "."
        files = tuple(context.repository_path(path) for path, _ in context.select(source)[0])
        place = absolute(mount.target, layer.workdir)
        yield Copy(layer.instruction, (source,), place, is_whole_context=is_whole(source), files=files)
