"""The image has no HEALTHCHECK.

## What it does
Flags an image without HEALTHCHECK (inherited ones count, `NONE` too) that is not known to start a server; for images
that do, `no-healthcheck` looks at the deploy files as well.

## Why is this bad
Docker takes "the process exists" for "it works". A worker that hangs stays in place. Kubernetes ignores HEALTHCHECK, so
that teams which deploy there alone leave this rule off.

## Example
```dockerfile
FROM python:3.13-slim
CMD ["celery", "-A", "app", "worker"]
```

## Use instead
```dockerfile
FROM python:3.13-slim
HEALTHCHECK CMD ["celery", "-A", "app", "inspect", "ping"]
CMD ["celery", "-A", "app", "worker"]
```

## References
- https://docs.docker.com/reference/dockerfile/#healthcheck
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.image import Image, served
from aiaudit.rule import LOW, Rule
from aiaudit_rules.image.hygiene import is_beside_the_service

rule = Rule(
    id="IMG684",
    name="healthcheck-missing",
    summary="The image has no HEALTHCHECK",
    severity=LOW,
    since="0.1.0",
    aliases=(
        "DL3057",
        "DS-0026",
        "CKV_DOCKER_2",
        "b03a748a",
        "CIS-DI-0006",
    ),
    profile="pedantic",
)


@rule.check(Image)
def healthcheck_missing(image: Image) -> Iterator[Finding]:
    """The final stage of an image without a server."""
    stage = image.final
    if stage.healthcheck is not None or is_beside_the_service(image) or served(image):
        return
    yield rule.at(
        image.span(stage.start.words[0].extent),
        "nothing tells whether what this image runs still works",
        help="add a HEALTHCHECK, or `HEALTHCHECK NONE` where the platform looks after it",
    )
