"""A RUN sets a password.

## What it does
Flags `chpasswd` in a RUN of a shipped stage. With a secret mount in the same RUN the password is not in the Dockerfile,
and the rule is silent.

## Why is this bad
The password stands in the image's history for everyone who can pull it, is the same in every container, and opens an
account that a service does not need.

## Example
```dockerfile
FROM python:3.13-slim
RUN echo 'app:secret' | chpasswd
```

## Use instead
```dockerfile
FROM python:3.13-slim
RUN useradd --uid 10001 app
```

## References
- https://docs.docker.com/build/building/secrets/
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.image import Dockerfile
from aiaudit.rule import MEDIUM, Rule
from aiaudit_rules.image.hygiene import is_beside_the_service

rule = Rule(
    id="IMG628",
    name="password-set-in-run",
    summary="A RUN sets a password",
    severity=MEDIUM,
    since="0.1.0",
    aliases=("CKV2_DOCKER_17",),
)


@rule.check(Dockerfile)
def password_set_in_run(dockerfile: Dockerfile) -> Iterator[Finding]:
    """Passwords of accounts."""
    if is_beside_the_service(dockerfile):
        return
    shipped = {id(stage) for stage in dockerfile.shipped}
    for call in dockerfile.usage.calls(["chpasswd"]):
        if id(call.run.layer.stage) not in shipped or any(mount.type == "secret" for mount in call.run.mounts):
            continue
        yield rule.at(
            dockerfile.span(call.command.extent),
            "every container of this image has an account with the same password, and the image's history shows it",
            help="leave the account without a password: services and `docker exec` need none",
        )
