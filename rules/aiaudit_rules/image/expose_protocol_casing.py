"""EXPOSE names a protocol in capitals.

## What it does
Flags `EXPOSE 8000/TCP`.

## Why is this bad
Protocols are written in small letters everywhere else, and some tools compare them as they stand.

## Example
```dockerfile
FROM python:3.13-slim
EXPOSE 8000/TCP
```

## Use instead
```dockerfile
FROM python:3.13-slim
EXPOSE 8000/tcp
```

## References
- https://docs.docker.com/reference/build-checks/expose-proto-casing/
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.image import Dockerfile
from aiaudit.rule import LOW, Rule

rule = Rule(
    id="IMG640",
    name="expose-protocol-casing",
    summary="EXPOSE names a protocol in capitals",
    severity=LOW,
    since="0.1.0",
    aliases=("ExposeProtoCasing",),
    profile="pedantic",
)


@rule.check(Dockerfile)
def expose_protocol_casing(dockerfile: Dockerfile) -> Iterator[Finding]:
    """Protocols with a capital letter."""
    for placed in dockerfile.usage.placed("EXPOSE"):
        for word in placed.instruction.words:
            protocol = word.text.partition("/")[2]
            if "$" not in protocol and protocol != protocol.lower():
                yield rule.at(
                    dockerfile.span(word.extent),
                    f"`{protocol}` is not in small letters",
                    help=f"write {protocol.lower()}",
                )
