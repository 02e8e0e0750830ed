"""FROM names a constant platform.

## What it does
Flags `FROM --platform=` with a constant. `$BUILDPLATFORM`, `$TARGETPLATFORM` and build arguments are fine, and so is a
stage whose name says which platform it is for (`AS build_amd64`).

## Why is this bad
The image can be built for that platform alone; on any other machine everything runs under emulation, many times slower,
and a `docker buildx build --platform` with two platforms gives two images of the same one.

## Example
```dockerfile
FROM --platform=linux/amd64 python:3.13-slim
```

## Use instead
```dockerfile
FROM python:3.13-slim
```

## References
- https://docs.docker.com/reference/build-checks/from-platform-flag-const-disallowed/
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.image import Dockerfile
from aiaudit.rule import LOW, Rule

rule = Rule(
    id="IMG602",
    name="constant-platform",
    summary="FROM names a constant platform",
    severity=LOW,
    since="0.1.0",
    aliases=("DL3029", "FromPlatformFlagConstDisallowed", "b16e8501", "avoid-platform-with-from"),
    profile="pedantic",
)


@rule.check(Dockerfile)
def constant_platform(dockerfile: Dockerfile) -> Iterator[Finding]:
    """Stages with a platform that no variable gives."""
    for stage in dockerfile.facts.stages:
        flag = next((flag for flag in stage.start.flags if flag.name == "platform"), None)
        if flag is None or not flag.value or "$" in flag.value:
            continue
        parts = [part for part in flag.value.lower().split("/") if part]
        if stage.name and any(part in stage.name for part in parts):
            continue
        yield rule.at(
            dockerfile.span(flag.extent),
            f"this stage is always built for {flag.value}, whatever the build is for",
            help="leave the flag out and pass --platform to the build, or use $BUILDPLATFORM or a build argument",
        )
