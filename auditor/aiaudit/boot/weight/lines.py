"""The Dockerfile's line that each layer of an image comes from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from aiaudit.patterns import regex
from aiaudit.sources.dockerfile.keywords import KEYWORDS

if TYPE_CHECKING:
    from aiaudit.model.image import Image

_NOTHING_DONE = regex(r"(?:\|\d+ .*)?/bin/sh -c #\(nop\)\s+(\w+)")


def lines_of_layers(configuration: Mapping[str, Any], image: Image | None, layers: int) -> tuple[int, ...]:
    """For each layer its line, 0 for those of the base image.

    The history ends with the instructions of the Dockerfile, whatever the base image brought before them: both are
    walked from the end. Entries without an instruction, such as labels that the builder added, are skipped.
    """
    history: Sequence[Mapping[str, Any]] = configuration.get("history") or ()
    filled = [number for number, entry in enumerate(history) if not entry.get("empty_layer")]
    found = [0] * layers
    if image is None:
        return tuple(found)
    by_entry = dict(_aligned(history, image))
    for layer, number in zip(reversed(range(layers)), reversed(filled), strict=False):
        found[layer] = by_entry.get(number, 0)
    return tuple(found)


def _aligned(history: Sequence[Mapping[str, Any]], image: Image) -> Iterator[tuple[int, int]]:
    """Entries of the history with the lines of their instructions, from the last."""
    position = len(history) - 1
    instructions = [
        layer.instruction for stage in image.shipped for layer in stage.layers if layer.keyword not in ("FROM", "ARG")
    ]
    for instruction in reversed(instructions):
        place = position
        while place >= 0 and keyword_of(str(history[place].get("created_by", ""))) != instruction.keyword:
            if keyword_of(str(history[place].get("created_by", ""))) in ("RUN", "COPY", "ADD"):
                return  # a layer that no instruction explains: the rest would be guessed
            place -= 1
        if place < 0:
            return
        yield place, instruction.extent.line
        position = place - 1


def keyword_of(created_by: str) -> str:
    """The instruction that an entry of the history tells of, as either builder writes it."""
    match = _NOTHING_DONE.match(created_by)
    if match:
        return match[1].upper()
    word = created_by.split(" ", 1)[0]
    return word if word in KEYWORDS else "RUN"
