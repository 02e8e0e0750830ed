"""ONBUILD holds an instruction that it may not hold.

## What it does
Flags ONBUILD with ONBUILD, FROM or MAINTAINER behind it.

## Why is this bad
The builder refuses the file.

## Example
```dockerfile
FROM python:3.13-slim
ONBUILD ONBUILD RUN python -V
```

## Use instead
```dockerfile
FROM python:3.13-slim
ONBUILD RUN python -V
```

## References
- https://docs.docker.com/reference/dockerfile/#onbuild
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.image import Dockerfile
from aiaudit.rule import HIGH, Rule

rule = Rule(
    id="IMG618",
    name="forbidden-onbuild-trigger",
    summary="ONBUILD holds an instruction that it may not hold",
    severity=HIGH,
    since="0.1.0",
    aliases=("DL3043", "ONBUILD_CHAINING_DISALLOWED", "ONBUILD_TRIGGER_DISALLOWED"),
)


@rule.check(Dockerfile)
def forbidden_onbuild_trigger(dockerfile: Dockerfile) -> Iterator[Finding]:
    """Triggers that the builder refuses."""
    for placed in dockerfile.usage.placed("ONBUILD"):
        trigger = placed.instruction.trigger
        if trigger is not None and trigger.keyword in ("ONBUILD", "FROM", "MAINTAINER"):
            yield rule.at(
                dockerfile.span(trigger.extent),
                f"{trigger.keyword} is not allowed behind ONBUILD",
                help="use an instruction that the child image can run, such as COPY or RUN",
            )
