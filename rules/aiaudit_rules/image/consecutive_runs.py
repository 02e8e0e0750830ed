"""Layers follow each other that could be one.

## What it does
Flags a RUN with one command directly behind another such RUN with the same flags, and a COPY or ADD to the same place
as the one directly ahead of it. Stages that are not shipped are left alone.

## Why is this bad
Each makes a layer. For commands that are always repeated together that is only overhead; where one of them changes more
often, separate layers are right.

## Example
```dockerfile
FROM python:3.13-slim
RUN mkdir /data
RUN chown 10001 /data
```

## Use instead
```dockerfile
FROM python:3.13-slim
RUN mkdir /data && chown 10001 /data
```

## References
- https://github.com/hadolint/hadolint/wiki/DL3059
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.image import Dockerfile, Layer
from aiaudit.rule import LOW, Rule

rule = Rule(
    id="IMG675",
    name="consecutive-runs",
    summary="Layers follow each other that could be one",
    severity=LOW,
    since="0.1.0",
    aliases=("DL3059", "0008c003", "ID.20019"),
    profile="pedantic",
)


@rule.check(Dockerfile)
def consecutive_runs(dockerfile: Dockerfile) -> Iterator[Finding]:
    """The second of each such pair."""
    for stage in dockerfile.shipped:
        for before, layer in zip(stage.layers, stage.layers[1:], strict=False):
            if layer.keyword == before.keyword and _flags(layer) == _flags(before) and _belong_together(before, layer):
                yield rule.at(
                    dockerfile.span(
                        layer.instruction.extent._replace(
                            end_line=layer.instruction.extent.line,
                            end_column=layer.instruction.extent.column + len(layer.keyword),
                        )
                    ),
                    f"this {layer.keyword} could be part of the one in line {before.instruction.extent.line}",
                    help="join them, unless one changes more often than the other",
                )


def _flags(layer: Layer) -> list[tuple[str, str | None]]:
    return [(flag.name, flag.value) for flag in layer.instruction.flags]


def _belong_together(before: Layer, layer: Layer) -> bool:
    if layer.keyword == "RUN":
        return len(before.instruction.commands) == len(layer.instruction.commands) == 1
    if layer.keyword not in ("COPY", "ADD") or not layer.instruction.words or not before.instruction.words:
        return False
    return before.instruction.words[-1].text == layer.instruction.words[-1].text
