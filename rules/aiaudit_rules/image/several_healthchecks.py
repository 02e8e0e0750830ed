"""A stage has several HEALTHCHECK instructions.

## What it does
Flags a HEALTHCHECK that a later one of the same stage replaces. A stage that is built on another may have one of its
own.

## Why is this bad
Only the last one counts: a second port or process that the first one was to watch is not watched.

## Example
```dockerfile
FROM python:3.13-slim
HEALTHCHECK CMD ["python", "-m", "app.check", "8000"]
HEALTHCHECK CMD ["python", "-m", "app.check", "9000"]
```

## Use instead
```dockerfile
FROM python:3.13-slim
HEALTHCHECK CMD ["python", "-m", "app.check", "8000", "9000"]
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
    id="IMG622",
    name="several-healthchecks",
    summary="A stage has several HEALTHCHECK instructions",
    severity=MEDIUM,
    since="0.1.0",
    aliases=("DL3012", "MultipleInstructionsDisallowed", "DS-0023", "MULTIPLE_INSTRUCTIONS"),
)


@rule.check(Dockerfile)
def several_healthchecks(dockerfile: Dockerfile) -> Iterator[Finding]:
    """Those that have no effect."""
    for instruction, last in replaced(dockerfile, "HEALTHCHECK"):
        yield rule.at(
            dockerfile.span(instruction.extent),
            f"this HEALTHCHECK has no effect: the one in line {last.span.line} replaces it",
            help="keep one check that tests everything",
            related=[last],
        )
