"""A stage downloads with both wget and curl.

## What it does
Flags the first use of the second of the two in a stage that runs both. Installing one is no use of it.

## Why is this bad
One of them does it all; the other is one more package with its own vulnerabilities.

## Example
```dockerfile
FROM python:3.13-slim
RUN curl -fsSLO https://example.com/a && wget -q https://example.com/b
```

## Use instead
```dockerfile
FROM python:3.13-slim
RUN curl -fsSLO https://example.com/a && curl -fsSLO https://example.com/b
```

## References
- https://github.com/hadolint/hadolint/wiki/DL4001
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding, Step
from aiaudit.model.image import Dockerfile
from aiaudit.rule import LOW, Rule

rule = Rule(
    id="IMG671",
    name="wget-and-curl",
    summary="A stage downloads with both wget and curl",
    severity=LOW,
    since="0.1.0",
    aliases=("DL4001", "DS-0014", "fc775e75", "use-either-wget-or-curl"),
    profile="pedantic",
)


@rule.check(Dockerfile)
def wget_and_curl(dockerfile: Dockerfile) -> Iterator[Finding]:
    """One finding a stage."""
    for stage in dockerfile.stages:
        found = [
            next((call for call in dockerfile.usage.calls([name]) if call.run.layer.stage is stage), None)
            for name in ("curl", "wget")
        ]
        if None in found:
            continue
        first, second = sorted((call for call in found if call), key=lambda call: call.command.extent)
        yield rule.at(
            dockerfile.span(second.command.extent),
            f"{second.program} is used here and {first.program} in line {first.command.extent.line}",
            help=f"use {first.program} for both",
            related=[Step(f"{first.program} is used here", dockerfile.span(first.command.extent))],
        )
