"""EXPOSE names a port that does not exist.

## What it does
Flags a port of EXPOSE, or an end of a range, that is not between 0 and 65535.

## Why is this bad
The builder refuses the file, or the port is never published.

## Example
```dockerfile
FROM python:3.13-slim
EXPOSE 80000
```

## Use instead
```dockerfile
FROM python:3.13-slim
EXPOSE 8000
```

## References
- https://docs.docker.com/reference/dockerfile/#expose
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.image import Dockerfile
from aiaudit.rule import MEDIUM, Rule

rule = Rule(
    id="IMG638",
    name="port-out-of-range",
    summary="EXPOSE names a port that does not exist",
    severity=MEDIUM,
    since="0.1.0",
    aliases=(
        "DL3011",
        "DS-0008",
        "71bf8cf8",
        "invalid-port",
        "invalid_port",
        "INVALID_PORT",
    ),
)


@rule.check(Dockerfile)
def port_out_of_range(dockerfile: Dockerfile) -> Iterator[Finding]:
    """Numbers that are no ports."""
    for placed in dockerfile.usage.placed("EXPOSE"):
        for word in placed.instruction.words:
            for end in word.text.partition("/")[0].split("-"):
                if end.isdigit() and int(end) > 65535:
                    yield rule.at(
                        dockerfile.span(word.extent),
                        f"{end} is no port: the last one is 65535",
                        help="correct the number",
                    )
                    break
