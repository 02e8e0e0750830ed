"""A stage has several CMD instructions.

## What it does
Flags a CMD that a later one of the same stage replaces. A stage that is built on another may have one of its own.

## Why is this bad
Only the last one counts. Readers take the first one for what the container runs, or take both for a sequence: the
migration in the first CMD never runs.

## Example
```dockerfile
FROM python:3.13-slim
CMD ["python", "-m", "alembic", "upgrade", "head"]
CMD ["python", "-m", "app"]
```

## Use instead
```dockerfile
FROM python:3.13-slim
CMD ["sh", "-c", "python -m alembic upgrade head && exec python -m app"]
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
    id="IMG620",
    name="several-commands",
    summary="A stage has several CMD instructions",
    severity=MEDIUM,
    since="0.1.0",
    aliases=(
        "DL4003",
        "MultipleInstructionsDisallowed",
        "DS-0016",
        "41c195f4",
        "ID.20011",
        "MULTIPLE_INSTRUCTIONS",
    ),
)


@rule.check(Dockerfile)
def several_commands(dockerfile: Dockerfile) -> Iterator[Finding]:
    """Those that have no effect."""
    for instruction, last in replaced(dockerfile, "CMD"):
        yield rule.at(
            dockerfile.span(instruction.extent),
            f"this CMD has no effect: the one in line {last.span.line} replaces it",
            help="keep the last one; to run one program before another, start both from a script",
            related=[last],
        )
