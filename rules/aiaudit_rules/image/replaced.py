"""Instructions that a later one of the same stage replaces."""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Step
from aiaudit.model.image import Dockerfile
from aiaudit.sources.dockerfile.facts import Instruction


def replaced(dockerfile: Dockerfile, keyword: str) -> Iterator[tuple[Instruction, Step]]:
    """Every instruction of that name that is not its stage's last one, and the last one."""
    for stage in dockerfile.stages:
        found = [layer.instruction for layer in stage.layers if layer.keyword == keyword]
        for instruction in found[:-1]:
            yield instruction, Step("the one that counts", dockerfile.span(found[-1].extent))
