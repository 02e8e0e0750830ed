"""A shipped service has no route that a probe can ask.

## What it does
Flags web applications of a repository with a Dockerfile none of whose routes is there to be asked for
health: `/health`, `/healthz`, `/live`, `/ready`, `/ping`, `/status` and the like, under any prefix. A route for the
bare root counts as one. Applications that another one mounts are left alone. One that each object of a class makes for
itself, for callbacks say, has medium confidence where another application of the repository can be asked.

## Why is this bad
The orchestrator, the load balancer and the uptime check have nothing to ask: traffic goes to instances that still load
their model, and to those that hang. A probe of the port alone tells that a process listens, not that it answers.

## Example
```python
from fastapi import FastAPI

app = FastAPI()


@app.get("/rates/{currency}")
def rate(currency: str):
    return {"rate": len(currency)}
```

```dockerfile
FROM python:3.12-slim
WORKDIR /srv
COPY main.py .
USER 1000
CMD ["uvicorn", "main:app", "--host", "0.0.0.0"]
```

## Use instead
```python
from fastapi import FastAPI

app = FastAPI()


@app.get("/healthz")
def healthz():
    return {"status": "ok"}


@app.get("/rates/{currency}")
def rate(currency: str):
    return {"rate": len(currency)}
```

```dockerfile
FROM python:3.12-slim
WORKDIR /srv
COPY main.py .
USER 1000
CMD ["uvicorn", "main:app", "--host", "0.0.0.0"]
```

## References
- https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Confidence, Finding
from aiaudit.model.observation import Observation
from aiaudit.rule import LOW, Rule

rule = Rule(
    id="OBS101",
    name="no-health-route",
    summary="A shipped service has no route that a probe can ask",
    severity=LOW,
    since="0.1.0",
)


@rule.check(Observation)
def no_health_route(observed: Observation) -> Iterator[Finding]:
    """Applications that are shipped without one."""
    if not observed.is_shipped or observed.has_health:
        return
    said = (
        f"none of the application's {observed.routes} routes is there"
        if observed.routes > 1
        else "the only route is not there"
    )
    yield rule.at(
        observed.application.call.callee_span,
        f"{said} for a health probe",
        help="add a route such as GET /healthz that answers at once, and GET /readyz that asks what the service needs",
        confidence=Confidence.MEDIUM if observed.is_side_door else None,
    )
