"""A secret is baked into the image.

## What it does
Flags credentials in ENV, ARG, LABEL, RUN and CMD of a Dockerfile: provider's keys, literals with entropy, passwords,
URLs with a password. Guessable passwords get medium severity. Placeholders are reported by `placeholder-secret`; a
dummy that only one RUN command gets (`RUN SECRET_KEY=build manage.py collectstatic`) is fine.

## Why is this bad
Every layer and the image's configuration can be read by whoever can pull the image, `docker history` shows ARG and
RUN, and deleting a file or unsetting a variable in a later layer does not remove the earlier one.

## Example
```dockerfile
FROM python:3.12-slim
ENV OPENAI_API_KEY=9f3Kd72LmQ0xZtVb58RnWy1cHs64JpGe
```

## Use instead
```dockerfile
FROM python:3.12-slim
WORKDIR /srv
COPY requirements.txt .
RUN --mount=type=secret,id=pip_index,env=PIP_INDEX_URL pip install --no-cache-dir -r requirements.txt
```

## References
- https://docs.docker.com/reference/build-checks/secrets-used-in-arg-or-env/
- https://docs.docker.com/build/building/secrets/
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.secrets import IMAGE, Secret
from aiaudit.rule import CRITICAL, Rule

rule = Rule(
    id="KEY106",
    name="secret-in-image",
    summary="A secret is baked into the image",
    severity=CRITICAL,
    since="0.1.0",
    aliases=("SecretsUsedInArgOrEnv", "DL3064", "DS-0031", "CIS-DI-0010"),
)


@rule.check(Secret)
def secret_in_image(secret: Secret) -> Iterator[Finding]:
    """Credentials in the instructions of a Dockerfile."""
    if secret.place != IMAGE:
        return
    yield rule.at(
        secret.span,
        f"{secret.title}{secret.bound} in {secret.where} stays readable in the image",
        help="pass it when the container starts, or with RUN --mount=type=secret while building",
        severity=secret.severity,
        confidence=secret.confidence,
        related=secret.related,
    )
