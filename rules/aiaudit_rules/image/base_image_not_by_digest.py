"""A base image is named by its tag alone.

## What it does
Flags a FROM without a digest (`@sha256:...`). Earlier stages of the same file, `scratch`, and images that a variable
without default hides are left alone.

## Why is this bad
A tag is a name that its owner may move: the same commit gives other bytes when the image is rebuilt, for security
fixes or by an attacker who got hold of the account. A digest names the bytes. It has a price: somebody (Renovate,
Dependabot) must move it, or the fixes stay out; that is why this rule is part of the pedantic profile.

## Example
```dockerfile
FROM python:3.13-slim
USER 1000
CMD ["python", "-c", "print('ready')"]
```

## Use instead
```dockerfile
FROM python:3.13-slim@sha256:8f3aba466a471c0ab903dbd7cb979abd4bda370b04789d25440cc90372b50e04
USER 1000
CMD ["python", "-c", "print('ready')"]
```

## References
- https://docs.docker.com/build/building/best-practices/#pin-base-image-versions
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.image import Dockerfile
from aiaudit.model.image.origins import reference
from aiaudit.rule import LOW, Rule

rule = Rule(
    id="IMG303",
    name="base-image-not-by-digest",
    summary="A base image is named by its tag alone",
    severity=LOW,
    since="0.1.0",
    aliases=("dockerfile-source-not-pinned",),
    profile="pedantic",
)


@rule.check(Dockerfile)
def base_image_not_by_digest(image: Dockerfile) -> Iterator[Finding]:
    """Every stage that starts from an image outside of the file."""
    for stage in image.stages:
        if stage.parent is not None or stage.base in ("", "scratch") or not stage.base_is_known:
            continue
        base = reference(stage.base)
        if base.digest:
            continue
        yield rule.at(
            image.span(stage.start.words[0].extent),
            f"{stage.base} is a name that may move, not an image",
            help=f"add the digest: {base.last}:{base.tag or '<version>'}@sha256:..., and let a bot move it",
        )
