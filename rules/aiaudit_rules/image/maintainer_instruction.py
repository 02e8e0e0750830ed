"""MAINTAINER is used.

## What it does
Flags every MAINTAINER.

## Why is this bad
It has been deprecated since Docker 1.13: tools that read labels do not see it.

## Example
```dockerfile
FROM python:3.13-slim
MAINTAINER someone@example.com
```

## Use instead
```dockerfile
FROM python:3.13-slim
LABEL org.opencontainers.image.authors="someone@example.com"
```

## References
- https://docs.docker.com/reference/build-checks/maintainer-deprecated/
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.image import Dockerfile
from aiaudit.rule import LOW, Rule

rule = Rule(
    id="IMG619",
    name="maintainer-instruction",
    summary="MAINTAINER is used",
    severity=LOW,
    since="0.1.0",
    aliases=(
        "DL4000",
        "MaintainerDeprecated",
        "DS-0022",
        "CKV_DOCKER_6",
        "99614418",
        "maintainer-is-deprecated",
        "deprecated_in_1.13",
        "ID.20008",
        "DEPRECATED_MAINTAINER",
    ),
    profile="pedantic",
)


@rule.check(Dockerfile)
def maintainer_instruction(dockerfile: Dockerfile) -> Iterator[Finding]:
    """Every such instruction."""
    for placed in dockerfile.usage.placed("MAINTAINER"):
        yield rule.at(
            dockerfile.span(placed.instruction.extent),
            "MAINTAINER is deprecated",
            help='write LABEL org.opencontainers.image.authors="..."',
        )
