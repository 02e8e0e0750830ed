"""COPY or ADD gives files to a user.

## What it does
Flags `--chown` on COPY and ADD, unless it names root.

## Why is this bad
What the service's user owns, an attacker in the service can change: its own code, and what the next start runs. Files
that are only read may stay root's.

## Example
```dockerfile
FROM python:3.13-slim
COPY --chown=app:app src /app/src
```

## Use instead
```dockerfile
FROM python:3.13-slim
COPY src /app/src
```

## References
- https://docs.kics.io/latest/queries/dockerfile-queries/aa93e17f-b6db-4162-9334-c70334e7ac28/
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.image import Dockerfile
from aiaudit.rule import LOW, Rule

rule = Rule(
    id="IMG626",
    name="ownership-given-by-copy",
    summary="COPY or ADD gives files to a user",
    severity=LOW,
    since="0.1.0",
    aliases=("aa93e17f",),
    profile="pedantic",
)


@rule.check(Dockerfile)
def ownership_given_by_copy(dockerfile: Dockerfile) -> Iterator[Finding]:
    """Every such flag."""
    for placed in dockerfile.usage.placed("COPY", "ADD"):
        for flag in placed.instruction.flags:
            if flag.name == "chown" and (flag.value or "").partition(":")[0] not in ("root", "0", ""):
                yield rule.at(
                    dockerfile.span(flag.extent),
                    f"these files become writable for {flag.value}",
                    help="leave the flag out for what the service only reads",
                )
