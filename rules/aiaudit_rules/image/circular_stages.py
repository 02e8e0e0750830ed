"""Stages wait for each other.

## What it does
Flags `COPY --from` and `RUN --mount=from=` that close a circle: a stage takes files from a later one which is built on
it, or takes files from it, directly or through others. A stage that copies from itself has a rule of its own.

## Why is this bad
The build fails with `circular dependency detected on stage`.

## Example
```dockerfile
FROM python:3.13-slim AS base
COPY --from=tools /tool /bin/tool

FROM base AS tools
RUN touch /tool
```

## Use instead
```dockerfile
FROM python:3.13-slim AS tools
RUN touch /tool

FROM python:3.13-slim AS base
COPY --from=tools /tool /bin/tool
```

## References
- https://docs.docker.com/reference/dockerfile/#copy---from
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding, Step
from aiaudit.model.image import Dockerfile
from aiaudit.rule import HIGH, Rule
from aiaudit_rules.image.sources import taken_from

rule = Rule(
    id="IMG903",
    name="circular-stages",
    summary="Stages wait for each other",
    severity=HIGH,
    since="0.1.0",
    aliases=("tally/circular-stage-deps",),
)


@rule.check(Dockerfile)
def circular_stages(dockerfile: Dockerfile) -> Iterator[Finding]:
    """Copies from a later stage that needs this one."""
    if len(dockerfile.facts.stages) < 2:
        return
    indexes = {stage.name: stage.index for stage in dockerfile.stages if stage.name}
    needs: dict[int, set[int]] = {stage.index: set() for stage in dockerfile.stages}
    for stage in dockerfile.stages:
        if stage.parent is not None:
            needs[stage.index].add(stage.parent.index)
    edges = []
    for source in taken_from(dockerfile):
        name = source.name.lower()
        index = int(name) if name.isdigit() and int(name) in needs else indexes.get(name)
        own = source.layer.stage.index
        if index is not None and index != own:
            needs[own].add(index)
            edges.append((source, own, index))
    for source, own, index in edges:
        if index > own and _reaches(needs, index, own):
            other = dockerfile.stages[index]
            yield rule.at(
                dockerfile.span(source.extent),
                f"this stage needs {source.name}, which needs this stage",
                help="let one of them get its files elsewhere",
                related=[Step("the other stage", dockerfile.span(other.start.extent))],
            )


def _reaches(needs: dict[int, set[int]], start: int, goal: int) -> bool:
    seen, waiting = {start}, [start]
    while waiting:
        for index in needs[waiting.pop()] - seen:
            if index == goal:
                return True
            seen.add(index)
            waiting.append(index)
    return False
