"""Where COPY and bind mounts take their files from, other than the build context."""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.model.image import Dockerfile, Layer
from aiaudit.span import Extent
from aiaudit.values import dataclass


@dataclass(frozen=True, slots=True)
class Source:
    """A `--from` of COPY, or a `from=` of a mount: the name as written, its place, the layer that it stands in."""

    name: str
    extent: Extent
    layer: Layer


def taken_from(dockerfile: Dockerfile) -> Iterator[Source]:
    """Every source of another stage or image, copies first."""
    for placed in dockerfile.usage.placed("COPY"):
        for flag in placed.instruction.flags:
            if flag.name == "from" and flag.value and placed.layer is not None:
                yield Source(flag.value.strip("\"'"), flag.extent, placed.layer)
    for run in dockerfile.usage.runs:
        for flag in run.instruction.flags:
            if flag.name == "mount" and flag.value:
                for part in flag.value.split(","):
                    key, _, value = part.partition("=")
                    if key.lower() == "from" and value:
                        yield Source(value, flag.extent, run.layer)
