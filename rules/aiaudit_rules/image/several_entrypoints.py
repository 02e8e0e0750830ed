"""A stage has several ENTRYPOINT instructions.

## What it does
Flags an ENTRYPOINT that a later one of the same stage replaces. A stage that is built on another may have one of its
own.

## Why is this bad
Only the last one counts; what the first one was for (an init, a migration, a change of user) does not happen.

## Example
```dockerfile
FROM python:3.13-slim
ENTRYPOINT ["tini", "--"]
ENTRYPOINT ["python", "-m", "app"]
```

## Use instead
```dockerfile
FROM python:3.13-slim
ENTRYPOINT ["tini", "--", "python", "-m", "app"]
```

## References
- https://docs.docker.com/reference/build-checks/multiple-instructions-disallowed/
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.image import Dockerfile
from aiaudit.rule import MEDIUM, Rule
from aiaudit_rules.image.replaced import replaced

rule = Rule(
    id="IMG621",
    name="several-entrypoints",
    summary="A stage has several ENTRYPOINT instructions",
    severity=MEDIUM,
    since="0.1.0",
    aliases=(
        "DL4004",
        "MultipleInstructionsDisallowed",
        "DS-0007",
        "6938958b",
        "multiple-entrypoint-instructions",
        "ID.20010",
        "MULTIPLE_INSTRUCTIONS",
    ),
)


@rule.check(Dockerfile)
def several_entrypoints(dockerfile: Dockerfile) -> Iterator[Finding]:
    """Those that have no effect."""
    for instruction, last in replaced(dockerfile, "ENTRYPOINT"):
        yield rule.at(
            dockerfile.span(instruction.extent),
            f"this ENTRYPOINT has no effect: the one in line {last.span.line} replaces it",
            help="keep the last one, and give it what the first one does",
            related=[last],
        )
