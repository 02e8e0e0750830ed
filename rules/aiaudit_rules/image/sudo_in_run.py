"""RUN uses sudo.

## What it does
Flags `sudo` in a RUN of a shipped stage. Development containers are left alone.

## Why is this bad
RUN is root until a USER says otherwise, so that sudo does nothing there. Behind a USER it works only because the user
may become root without a password, and so may whoever gets into the container.

## Example
```dockerfile
FROM python:3.13-slim
RUN sudo mkdir /data
```

## Use instead
```dockerfile
FROM python:3.13-slim
RUN mkdir /data
```

## References
- https://docs.docker.com/build/building/best-practices/#user
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.image import Dockerfile
from aiaudit.model.image.origins import default_user
from aiaudit.rule import LOW, Rule
from aiaudit_rules.image.hygiene import is_beside_the_service

rule = Rule(
    id="IMG627",
    name="sudo-in-run",
    summary="RUN uses sudo",
    severity=LOW,
    since="0.1.0",
    aliases=(
        "DL3004",
        "DS-0010",
        "CKV2_DOCKER_1",
        "8ada6e80",
        "no-sudo-in-dockerfile",
        "DKL-DI-0001",
        "sudo_usage",
    ),
)


@rule.check(Dockerfile)
def sudo_in_run(dockerfile: Dockerfile) -> Iterator[Finding]:
    """The first sudo of each RUN."""
    if is_beside_the_service(dockerfile):
        return
    shipped = {id(stage) for stage in dockerfile.shipped}
    seen: set[int] = set()
    for call in dockerfile.usage.calls(["sudo"]):
        run = call.run
        if id(run.layer.stage) not in shipped or id(run) in seen:
            continue
        seen.add(id(run))
        user = run.layer.user.partition(":")[0] or default_user(run.layer.stage)
        if user in ("root", "0"):
            message = "sudo is not needed: RUN is root here"
        elif user is None:
            message = "sudo is not needed, or the base image's user may become root without a password"
        else:
            message = f"{user} may become root without a password"
        yield rule.at(
            dockerfile.span(call.written.extent),
            message,
            help="leave sudo out; where another user is set, do this between `USER root` and `USER ...`",
        )
