"""A stage has a name that means something else.

## What it does
Flags a stage called `scratch` or `context`.

## Why is this bad
`FROM scratch` is the empty image and `context` the files that are sent to the build. A stage of that name is not what
later instructions get, or no longer what readers think they get.

## Example
```dockerfile
FROM python:3.13-slim AS context
```

## Use instead
```dockerfile
FROM python:3.13-slim AS app
```

## References
- https://docs.docker.com/reference/build-checks/reserved-stage-name/
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.image import Dockerfile
from aiaudit.rule import MEDIUM, Rule

rule = Rule(
    id="IMG608",
    name="reserved-stage-name",
    summary="A stage has a name that means something else",
    severity=MEDIUM,
    since="0.1.0",
    aliases=("DL3063", "ReservedStageName"),
)


@rule.check(Dockerfile)
def reserved_stage_name(dockerfile: Dockerfile) -> Iterator[Finding]:
    """Stages with such a name."""
    for stage in dockerfile.facts.stages:
        if stage.name in ("scratch", "context"):
            yield rule.at(
                dockerfile.span(stage.start.words[2].extent),
                f"{stage.name} is a reserved name: later instructions that say it do not mean this stage",
                help="give the stage another name",
            )
