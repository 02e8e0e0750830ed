"""EXPOSE has an address or a port of the host.

## What it does
Flags EXPOSE with a colon: `8000:8000`, `127.0.0.1:80:80`.

## Why is this bad
EXPOSE only documents ports of the container. The part before the colon is dropped, so that the binding to 127.0.0.1
that somebody relies on is not there.

## Example
```dockerfile
FROM python:3.13-slim
EXPOSE 127.0.0.1:8000:8000
```

## Use instead
```dockerfile
FROM python:3.13-slim
EXPOSE 8000
```

## References
- https://docs.docker.com/reference/build-checks/expose-invalid-format/
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.image import Dockerfile
from aiaudit.rule import MEDIUM, Rule

rule = Rule(
    id="IMG639",
    name="expose-with-address",
    summary="EXPOSE has an address or a port of the host",
    severity=MEDIUM,
    since="0.1.0",
    aliases=("ExposeInvalidFormat", "expose_host_port"),
)


@rule.check(Dockerfile)
def expose_with_address(dockerfile: Dockerfile) -> Iterator[Finding]:
    """Ports with more than a number."""
    for placed in dockerfile.usage.placed("EXPOSE"):
        for word in placed.instruction.words:
            if ":" in word.text and "$" not in word.text:
                port = word.text.rpartition(":")[2]
                yield rule.at(
                    dockerfile.span(word.extent),
                    f"EXPOSE takes {port} alone and drops what stands before it",
                    help=f"write EXPOSE {port}; publish it with `docker run -p` or in the deploy file",
                )
