"""The base image is made for another platform than the stage.

## What it does
Flags a FROM whose constant `--platform` names another architecture or system than the image's own name does: the
architecture repositories of the official images (`arm64v8/`, `amd64/`, `i386/`, ...) and Windows images. Images whose
name says nothing are left alone: what they hold is only known to the registry.

## Why is this bad
The builder pulls an image that the platform cannot run: the build stops at the first RUN with `exec format error`, or
goes on under emulation and ships a binary of the wrong kind.

## Example
```dockerfile
FROM --platform=linux/amd64 arm64v8/python:3.13-slim
```

## Use instead
```dockerfile
FROM --platform=linux/amd64 python:3.13-slim
```

## References
- https://docs.docker.com/reference/build-checks/invalid-base-image-platform/
- https://github.com/docker-library/official-images#architectures-other-than-amd64
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.image import Dockerfile, Stage
from aiaudit.model.image.origins import reference
from aiaudit.rule import HIGH, Rule
from aiaudit.sources.dockerfile.references import is_windows

rule = Rule(
    id="IMG604",
    name="base-image-of-other-platform",
    summary="The base image is made for another platform than the stage",
    severity=HIGH,
    since="0.1.0",
    aliases=("InvalidBaseImagePlatform", "tally/platform-mismatch"),
)

# The repositories of the official images for one architecture, and its name in a platform.
_ARCHITECTURES = {
    "amd64": "amd64",
    "arm32v5": "arm",
    "arm32v6": "arm",
    "arm32v7": "arm",
    "arm64v8": "arm64",
    "i386": "386",
    "mips64le": "mips64le",
    "ppc64le": "ppc64le",
    "riscv64": "riscv64",
    "s390x": "s390x",
}


@rule.check(Dockerfile)
def base_image_of_other_platform(dockerfile: Dockerfile) -> Iterator[Finding]:
    """Stages whose base says that it is for something else."""
    for stage in dockerfile.stages:
        asked = stage.facts.platform or ""
        if stage.parent is not None or not asked or "$" in asked or "$" in stage.base:
            continue
        system, _, architecture = asked.lower().partition("/")
        made_for = _made_for(stage)
        if made_for and made_for not in (architecture.partition("/")[0], system):
            yield rule.at(
                dockerfile.span(stage.start.words[0].extent),
                f"{stage.base} is made for {made_for}, this stage is built for {asked}",
                help="take the image of the platform that the stage is built for",
            )


def _made_for(stage: Stage) -> str:
    base = reference(stage.base)
    if is_windows(stage.base, None):
        return "windows"
    return _ARCHITECTURES.get(base.name.partition("/")[0], "") if "/" in base.name else ""
