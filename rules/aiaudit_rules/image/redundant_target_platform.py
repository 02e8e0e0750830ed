"""FROM names the platform that is the default.

## What it does
Flags `FROM --platform=$TARGETPLATFORM`.

## Why is this bad
That is the default; the flag only makes readers look for a reason.

## Example
```dockerfile
FROM --platform=$TARGETPLATFORM python:3.13-slim
```

## Use instead
```dockerfile
FROM python:3.13-slim
```

## References
- https://docs.docker.com/reference/build-checks/redundant-target-platform/
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.image import Dockerfile
from aiaudit.rule import LOW, Rule
from aiaudit.sources.dockerfile.expand import unquote

rule = Rule(
    id="IMG603",
    name="redundant-target-platform",
    summary="FROM names the platform that is the default",
    severity=LOW,
    since="0.1.0",
    aliases=("DL3065", "RedundantTargetPlatform"),
    profile="pedantic",
)


@rule.check(Dockerfile)
def redundant_target_platform(dockerfile: Dockerfile) -> Iterator[Finding]:
    """Stages that ask for the target's platform."""
    for stage in dockerfile.facts.stages:
        for flag in stage.start.flags:
            if flag.name == "platform" and unquote(flag.value or "") in ("$TARGETPLATFORM", "${TARGETPLATFORM}"):
                yield rule.at(
                    dockerfile.span(flag.extent),
                    "--platform=$TARGETPLATFORM is what FROM does anyway",
                    help="leave the flag out",
                )
