"""A label key is not as keys should be.

## What it does
Flags label keys that do not begin and end with a small letter or digit (the first one a letter), hold other characters
than small letters, digits, `.`, `-`, `_` and `/`, repeat a separator, or begin with a reserved namespace
(`com.docker.`, `io.docker.`, `org.dockerproject.`).

## Why is this bad
Tools filter images by labels and agree on this form; reserved namespaces are Docker's own.

## Example
```dockerfile
FROM python:3.13-slim
LABEL com.docker.title="api"
```

## Use instead
```dockerfile
FROM python:3.13-slim
LABEL org.opencontainers.image.title="api"
```

## References
- https://docs.docker.com/engine/manage-resources/labels/
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.image import Dockerfile
from aiaudit.patterns import regex
from aiaudit.rule import LOW, Rule

rule = Rule(
    id="IMG676",
    name="label-key-invalid",
    summary="A label key is not as keys should be",
    severity=LOW,
    since="0.1.0",
    aliases=("DL3048",),
    profile="pedantic",
)

_KEY = regex(r"[a-z](?:[a-z0-9]|[./_-](?=[a-z0-9]))*")
_RESERVED = ("com.docker.", "io.docker.", "org.dockerproject.")


@rule.check(Dockerfile)
def label_key_invalid(dockerfile: Dockerfile) -> Iterator[Finding]:
    """Every such key."""
    for placed in dockerfile.usage.placed("LABEL"):
        for pair in placed.instruction.pairs:
            if pair.key.startswith(_RESERVED):
                message = f"{pair.key} is in a namespace of Docker's own"
            elif not _KEY.fullmatch(pair.key):
                message = f"{pair.key!r} is no key of small letters, digits and single separators"
            else:
                continue
            yield rule.at(
                dockerfile.span(pair.extent), message, help="use org.opencontainers.image.* or a domain of your own"
            )
