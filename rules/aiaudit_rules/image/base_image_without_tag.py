"""A base image has no tag.

## What it does
Flags a FROM whose image has neither a tag nor a digest. Build arguments count with their defaults, and so does an
argument without a default that only adds something to a name (`python$VARIANT`), with less confidence. An image that a
variable hides is left alone, and so are `scratch` and earlier stages of the same file.

## Why is this bad
Without a tag the builder takes `latest`, whatever that is on the day of the build: the same commit gives another
interpreter and another distribution next month, and nobody can tell which one a running image was built from.

## Example
```dockerfile
FROM python
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
from aiaudit.model.image.origins import reference
from aiaudit.rule import MEDIUM, Rule
from aiaudit.sources.dockerfile.expand import expand
from aiaudit_rules.image.hygiene import is_beside_the_service

rule = Rule(
    id="IMG301",
    name="base-image-without-tag",
    summary="A base image has no tag",
    severity=MEDIUM,
    since="0.1.0",
    aliases=("DL3006", "DS-0001", "CKV_DOCKER_7", "9efb0b2d", "missing-image-version", "missing_tag"),
)


@rule.check(Image)
def base_image_without_tag(image: Image) -> Iterator[Finding]:
    """Stages that start from an outside image without tag and digest."""
    if is_beside_the_service(image):
        return
    for stage in image.stages:
        if stage.parent is not None or stage.base in ("", "scratch"):
            continue
        name = stage.base
        if not stage.base_is_known and "$" in name.rpartition("/")[2]:
            name = expand(name, lambda _: None, keep_unset=False).text
            if not name.rpartition("/")[2][:1].isalnum() or not name[-1:].isalnum():
                continue
        base = reference(name)
        if base.tag or base.digest:
            continue
        yield rule.at(
            image.span(stage.start.words[0].extent),
            f"{base.last} has no tag: every build takes what `latest` is on that day",
            help=f"name a version, such as {base.last}:<version>, or a digest",
            confidence=None if stage.base_is_known else Confidence.MEDIUM,
        )
