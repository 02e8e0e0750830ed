"""The image exposes SSH.

## What it does
Flags `EXPOSE 22` in a shipped stage.

## Why is this bad
A container with an SSH server has a second way in, with keys and passwords of its own, that no `docker exec` permission
guards and that nobody patches.

## Example
```dockerfile
FROM python:3.13-slim
EXPOSE 22
```

## Use instead
```dockerfile
FROM python:3.13-slim
EXPOSE 8000
```

## References
- https://docs.docker.com/reference/cli/docker/container/exec/
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.image import Dockerfile
from aiaudit.rule import MEDIUM, Rule
from aiaudit_rules.image.hygiene import is_beside_the_service

rule = Rule(
    id="IMG641",
    name="ssh-port-exposed",
    summary="The image exposes SSH",
    severity=MEDIUM,
    since="0.1.0",
    aliases=("DS-0004", "CKV_DOCKER_1", "5907595b"),
)


@rule.check(Dockerfile)
def ssh_port_exposed(dockerfile: Dockerfile) -> Iterator[Finding]:
    """Port 22."""
    if is_beside_the_service(dockerfile):
        return
    shipped = {id(stage) for stage in dockerfile.shipped}
    for placed in dockerfile.usage.placed("EXPOSE"):
        if placed.layer is None or id(placed.layer.stage) not in shipped:
            continue
        for word in placed.instruction.words:
            if word.text in ("22", "22/tcp"):
                yield rule.at(
                    dockerfile.span(word.extent),
                    "port 22 is SSH: a second way into the container",
                    help="leave the SSH server out; use `docker exec` or `kubectl exec`",
                )
