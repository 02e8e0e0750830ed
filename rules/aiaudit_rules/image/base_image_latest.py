"""A base image is the latest one.

## What it does
Flags a FROM whose tag is `latest` (or says so in part, as `latest-gpu`) and that has no digest, and images of Python
whose tag names a flavour alone: `python:slim` is the latest Python as well. Build arguments count with their defaults;
a default that is `latest` may be another one in real builds, so confidence is lower there.

## Why is this bad
`latest` moves: the same commit gives another interpreter, distribution or CUDA version next month, caches and
rollbacks stop meaning anything, and nobody can tell which one a running image was built from.

## Example
```dockerfile
FROM python:latest
USER 1000
CMD ["python", "-c", "print('ready')"]
```

## Use instead
```dockerfile
FROM python:3.13-slim
USER 1000
CMD ["python", "-c", "print('ready')"]
```

## References
- https://docs.docker.com/build/building/best-practices/#pin-base-image-versions
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Confidence, Finding
from aiaudit.model.image import Image
from aiaudit.model.image.origins import Reference, reference
from aiaudit.rule import MEDIUM, Rule
from aiaudit_rules.image.hygiene import is_beside_the_service

rule = Rule(
    id="IMG302",
    name="base-image-latest",
    summary="A base image is the latest one",
    severity=MEDIUM,
    since="0.1.0",
    aliases=(
        "DL3007",
        "DS-0001",
        "CKV_DOCKER_7",
        "f45ea400",
        "avoid-latest-version",
        "DKL-DI-0006",
        "latest_tag",
        "ID.20006",
    ),
)

_PYTHON = ("python", "pypy")


@rule.check(Image)
def base_image_latest(image: Image) -> Iterator[Finding]:
    """Stages that start from a moving image."""
    if is_beside_the_service(image):
        return
    for stage in image.stages:
        if stage.parent is not None:
            continue
        base = reference(stage.base)
        if base.digest or not _moves(base):
            continue
        by_default = "$" in stage.facts.base
        yield rule.at(
            image.span(stage.start.words[0].extent),
            f"{base.last}:{base.tag} moves: the same commit gives another image tomorrow"
            + (" (that is the default of a build argument)" if by_default else ""),
            help=f"name a version, such as {base.last}:<version>, or add a digest",
            confidence=Confidence.MEDIUM if by_default else None,
        )


def _moves(base: Reference) -> bool:
    """Whether a tag is the latest one, or names no version of the Python that the image is for."""
    if "latest" in base.tag.split("-"):
        return True
    is_flavour = bool(base.tag) and "$" not in base.tag and not any(map(str.isdigit, base.tag))
    return base.last in _PYTHON and is_flavour
