"""The service gets ready and listens on the loopback interface alone.

## What it does
Boots the image and looks at its listening sockets from inside the container. Flags a service that answers its health
route there and listens on 127.0.0.1 or ::1 only.

## Why is this bad
Nothing outside of the container can connect: published ports, the orchestrator's probes, the proxy in the next
container all find nobody, while the service's own log says that it runs.

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
CMD ["uvicorn", "main:app", "--port", "8000"]
```

What `aiaudit boot --format json` recorded of it (an excerpt):

```json
{"scenarios": [{
  "id": "baseline", "status": "fail", "verdict": "BOUND_TO_LOOPBACK",
  "reason": "ready after 1.4 s (/healthz), but listens on 127.0.0.1:8000 alone", "t_ready": 1.4
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
CMD ["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "8000"]
```

```json
{"scenarios": [{
  "id": "baseline", "verdict": "READY", "status": "pass", "reason": "ready after 1.4 s (/healthz)",
  "t_ready": 1.4
}]}
```

## References
- https://uvicorn.dev/settings/#socket-binding
- https://cloud.google.com/run/docs/container-contract#port
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from aiaudit.finding import Finding
from aiaudit.rule import HIGH, Rule
from aiaudit_rules.startup.shared import failed, spoken, start_of

if TYPE_CHECKING:
    from aiaudit.boot.record import Boot

rule = Rule(
    id="RUN203",
    name="bound-to-loopback",
    summary="The service listens on the loopback interface alone",
    severity=HIGH,
    since="0.1.0",
)


@rule.observe("Boot")
def bound_to_loopback(boot: Boot) -> Iterator[Finding]:
    """The boot with everything set."""
    for outcome in failed(boot, ("baseline",), "BOUND_TO_LOOPBACK"):
        yield rule.at(
            start_of(boot),
            spoken(boot, f"nothing outside of the container can connect: {outcome.reason}"),
            help='listen on all interfaces of the container: --host 0.0.0.0, --bind 0.0.0.0:8000, host="0.0.0.0"',
        )
