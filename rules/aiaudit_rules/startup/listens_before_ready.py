"""The server listens long before the application behind it is loaded.

## What it does
Boots the image and compares when its port takes connections with when the first response comes. Flags more than 1.5
seconds between the two, when that is half of the whole start or more: on a busy machine everything takes longer.

## Why is this bad
A check of the port alone (the default on Cloud Run, of Knative and of many load balancers) passes at once: traffic
goes to a process that is still importing, waits in the backlog and times out. If the application then cannot be
loaded at all, the port was open all the same. gunicorn binds before its workers load the application: measured, 0.4
to 0.6 s against 3 to 6 s.

## Example
```python
# file: main.py
from fastapi import FastAPI

app = FastAPI()


@app.get("/healthz")
def healthz():
    return {"status": "ok"}
```

```dockerfile
FROM python:3.11-slim
WORKDIR /srv
COPY main.py .
USER 1000
CMD ["gunicorn", "-k", "uvicorn_worker.UvicornWorker", "-b", "0.0.0.0:8000", "main:app"]
```

What `aiaudit boot --format json` recorded of it (an excerpt):

```json
{"scenarios": [{
  "id": "baseline", "verdict": "READY", "status": "pass", "reason": "ready after 5.2 s (/healthz)",
  "t_ready": 5.2, "t_serving": 5.2, "ready_port": 8000,
  "listeners": [{"host": "0.0.0.0", "port": 8000, "seconds": 0.4}]
}]}
```

## Use instead
```python
# file: main.py
from fastapi import FastAPI

app = FastAPI()


@app.get("/healthz")
def healthz():
    return {"status": "ok"}
```

```dockerfile
FROM python:3.11-slim
WORKDIR /srv
COPY main.py .
USER 1000
CMD ["gunicorn", "--preload", "-k", "uvicorn_worker.UvicornWorker", "-b", "0.0.0.0:8000", "main:app"]
```

```json
{"scenarios": [{
  "id": "baseline", "verdict": "READY", "status": "pass", "reason": "ready after 5.3 s (/healthz)",
  "t_ready": 5.3, "t_serving": 5.3, "ready_port": 8000,
  "listeners": [{"host": "0.0.0.0", "port": 8000, "seconds": 4.9}]
}]}
```

## References
- https://docs.gunicorn.org/en/stable/settings.html#preload-app
- https://cloud.google.com/run/docs/configuring/healthchecks
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from aiaudit.finding import Finding
from aiaudit.rule import LOW, MEDIUM, Rule
from aiaudit_rules.startup.shared import start_of

if TYPE_CHECKING:
    from aiaudit.boot.record import Boot

rule = Rule(
    id="RUN202",
    name="listens-before-ready",
    summary="The server listens long before the application is loaded",
    severity=MEDIUM,
    since="0.1.0",
)

# Seconds between the first connection and the first response that are usual, and a usual part of the whole start.
_USUAL, _USUAL_PART = 1.5, 0.5


@rule.observe("Boot")
def listens_before_ready(boot: Boot) -> Iterator[Finding]:
    """The boot with everything set, if it gets ready at all."""
    seen = boot.baseline.observation if boot.baseline is not None else None
    if seen is None or seen.ready is None:
        return
    answered = seen.serving if seen.serving is not None else seen.ready
    listening = [one.seconds for one in seen.listeners if one.port == seen.ready_port or not seen.ready_port]
    if not listening or answered - min(listening) <= max(_USUAL, _USUAL_PART * answered):
        return
    places = [endpoint.span.path for endpoint in boot.plan.endpoints if endpoint.span is not None]
    is_asked = any(not path.endswith(".py") for path in places)  # by a check that the Dockerfile or a deploy file has
    preload = "start gunicorn with --preload, which loads the application before it listens, and "
    remedy = f"{preload if boot.plan.server == 'gunicorn' else ''}let the orchestrator ask a health route, not the port"
    yield rule.at(
        start_of(boot),
        f"port {seen.ready_port or boot.plan.ports[0]} takes connections after {min(listening):.1f} s, but the first "
        f"response comes after {answered:.1f} s",
        help=remedy,
        severity=LOW if is_asked else MEDIUM,
    )
