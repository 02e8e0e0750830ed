"""Nothing checks that the server answers.

## What it does
Flags an image whose server listens on the network when neither the image has a HEALTHCHECK nor a deploy file of the
repository checks the service: `healthcheck:` in compose, a probe in Kubernetes. Kubernetes, Cloud Run, Fly, Render,
Railway, App Runner and the like ignore HEALTHCHECK, so a repository that deploys to one of these is left alone, and so
is `HEALTHCHECK NONE`, which is a decision. Inherited checks count.

## Why is this bad
Docker and compose then take "the process exists" for "the service works": a server that hangs, or that waits for ever
for its model, stays in place, `depends_on: condition: service_healthy` cannot wait for it, and Swarm sends traffic to
it from the first moment.

## Example
```dockerfile
FROM python:3.13-slim
USER 1000
CMD ["uvicorn", "app.main:app", "--host", "0.0.0.0"]
```

## Use instead
```dockerfile
FROM python:3.13-slim
USER 1000
HEALTHCHECK --interval=15s --timeout=3s --start-period=30s \\
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health', timeout=2)"]
CMD ["uvicorn", "app.main:app", "--host", "0.0.0.0"]
```

## References
- https://docs.docker.com/reference/dockerfile/#healthcheck
- https://docs.docker.com/compose/how-tos/startup-order/
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.image import Image, Listening, served
from aiaudit.model.image.platforms import has_own_checks
from aiaudit.model.image.starts import is_checked_by_port, starts
from aiaudit.rule import LOW, Rule
from aiaudit_rules.image.hygiene import is_beside_the_service

rule = Rule(
    id="IMG404",
    name="no-healthcheck",
    summary="Nothing checks that the server answers",
    severity=LOW,
    since="0.1.0",
    aliases=("DL3057", "DS-0026", "CKV_DOCKER_2", "b03a748a", "CIS-DI-0006"),
)


@rule.check(Image)
def no_healthcheck(image: Image) -> Iterator[Finding]:
    """The final stage."""
    stage = image.final
    if stage.healthcheck is not None or is_beside_the_service(image) or not stage.lineage[0].base_is_known:
        return
    listening = served(image)
    if not listening or has_own_checks(image.service):
        return
    deployed = starts(image)[1:]
    if any(start.is_checked for start in deployed):
        return
    if not deployed and any(is_checked_by_port(image.service, item.port.text or "") for item in listening):
        return  # most likely this very image, under a name that only its maintainers know
    where = sorted({start.path for start in deployed})
    yield rule.at(
        image.span(stage.start.words[0].extent),
        f"nothing checks that {_what(listening[0])} answers: no HEALTHCHECK in the image"
        + (f", no healthcheck in {where[0]}" if where else ""),
        help="add a HEALTHCHECK that asks a route which answers only when the service can work",
    )


def _what(item: Listening) -> str:
    name = item.starter.partition(".")[0] or item.server.program
    return f"{name} on port {item.port.text}" if item.port.number is not None else name
