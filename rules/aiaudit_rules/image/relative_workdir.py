"""WORKDIR is relative to a folder that nothing sets.

## What it does
Flags a relative WORKDIR where neither the stage nor one that it is built on has an absolute one before it.

## Why is this bad
It continues from wherever the base image starts, so that a new version of the base moves the whole application.

## Example
```dockerfile
FROM python:3.13-slim
WORKDIR app
```

## Use instead
```dockerfile
FROM python:3.13-slim
WORKDIR /app
```

## References
- https://docs.docker.com/reference/build-checks/workdir-relative-path/
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.image import Dockerfile
from aiaudit.rule import LOW, Rule
from aiaudit_rules.image.hygiene import is_beside_the_service
from aiaudit_rules.image.places import is_absolute

rule = Rule(
    id="IMG635",
    name="relative-workdir",
    summary="WORKDIR is relative to a folder that nothing sets",
    severity=LOW,
    since="0.1.0",
    aliases=(
        "DL3000",
        "WorkdirRelativePath",
        "DS-0009",
        "CKV_DOCKER_10",
        "6b376af8",
        "ID.20015",
    ),
)


@rule.check(Dockerfile)
def relative_workdir(dockerfile: Dockerfile) -> Iterator[Finding]:
    """Folders that depend on the base image."""
    if is_beside_the_service(dockerfile):
        return
    for stage in dockerfile.stages:
        is_set = False
        for layer in stage.inherited_layers:
            words = layer.instruction.words
            if layer.keyword != "WORKDIR" or not words:
                continue
            place = words[0].text
            if is_absolute(place) or place.startswith("$"):
                is_set = True
            elif not is_set and layer.stage is stage:
                yield rule.at(
                    dockerfile.span(words[0].extent),
                    f"{place} is below the folder that {stage.root_base or 'the base image'} starts in",
                    help=f"write /{place.removeprefix('./')}",
                )
