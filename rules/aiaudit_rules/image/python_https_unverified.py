"""Python does not verify certificates.

## What it does
Flags `PYTHONHTTPSVERIFY=0` in ENV, ARG and RUN.

## Why is this bad
Older interpreters and those of some distributions then accept any certificate in every https request, also in those of
the running service: keys and prompts go to whoever answers.

## Example
```dockerfile
FROM python:3.13-slim
ENV PYTHONHTTPSVERIFY=0
```

## Use instead
```dockerfile
FROM python:3.13-slim
ENV SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
```

## References
- https://peps.python.org/pep-0493/
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.image import Dockerfile
from aiaudit.rule import HIGH, Rule
from aiaudit_rules.image.switches import switched_off

rule = Rule(
    id="IMG664",
    name="python-https-unverified",
    summary="Python does not verify certificates",
    severity=HIGH,
    since="0.1.0",
    aliases=("CKV2_DOCKER_5",),
)


@rule.check(Dockerfile)
def python_https_unverified(dockerfile: Dockerfile) -> Iterator[Finding]:
    """Places that switch it off."""
    for name, value, extent in switched_off(dockerfile, "PYTHONHTTPSVERIFY"):
        yield rule.at(
            dockerfile.span(extent),
            f"{name}={value}: https requests accept any certificate",
            help="install the missing authority (ca-certificates, SSL_CERT_FILE) instead",
        )
