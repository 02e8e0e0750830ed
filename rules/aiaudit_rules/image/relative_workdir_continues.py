"""WORKDIR continues an earlier one.

## What it does
Flags a relative WORKDIR behind an absolute one of the same stage or of one that it is built on. Where nothing absolute
comes before it, another rule speaks.

## Why is this bad
Readers must add up all earlier WORKDIRs to know where they are, and an instruction moved up or down means another
folder.

## Example
```dockerfile
FROM python:3.13-slim
WORKDIR /srv
WORKDIR app
```

## Use instead
```dockerfile
FROM python:3.13-slim
WORKDIR /srv/app
```

## References
- https://docs.docker.com/build/building/best-practices/#workdir
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.image import Dockerfile
from aiaudit.rule import LOW, Rule
from aiaudit_rules.image.places import is_absolute

rule = Rule(
    id="IMG681",
    name="relative-workdir-continues",
    summary="WORKDIR continues an earlier one",
    severity=LOW,
    since="0.1.0",
    aliases=(
        "DL3000",
        "DS-0009",
        "CKV_DOCKER_10",
        "6b376af8",
        "ID.20015",
    ),
    profile="pedantic",
)


@rule.check(Dockerfile)
def relative_workdir_continues(dockerfile: Dockerfile) -> Iterator[Finding]:
    """Folders that depend on an earlier instruction."""
    for stage in dockerfile.stages:
        before = ""
        for layer in stage.inherited_layers:
            words = layer.instruction.words
            if layer.keyword != "WORKDIR" or not words:
                continue
            place = words[0].text
            if is_absolute(place) or place.startswith("$"):
                before = place
            elif before and layer.stage is stage:
                yield rule.at(
                    dockerfile.span(words[0].extent),
                    f"{place} continues {before}",
                    help=f"write {before.rstrip('/')}/{place.removeprefix('./')}",
                )
