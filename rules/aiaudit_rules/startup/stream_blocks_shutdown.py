"""One open stream keeps the service from ending.

## What it does
Boots the image, opens a request to a route that streams a model's answer (a stub of the API keeps the answer going),
sends the stop signal and flags the service where it still runs when the time to stop is over, although it ends in
time when nothing is open.

## Why is this bad
A chat answer or a server-sent event channel is always open somewhere. Each deployment then waits for the whole grace
period and ends with SIGKILL, which cuts every other request as well. uvicorn waits for open responses without a limit
unless it is given one: measured, it was alive after 12 s, and gone after 5.3 s with `--timeout-graceful-shutdown 5`.

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
CMD ["uvicorn", "main:app", "--host", "0.0.0.0"]
```

What `aiaudit boot --format json` recorded of it (an excerpt):

```json
{"scenarios": [{
  "id": "stop-stream", "action": "stop-stream", "verdict": "STREAM_BLOCKS_STOP", "status": "fail",
  "reason": "with an open stream, still running 12.0 s after SIGTERM: its first process handles the signal",
  "stop": {"signal": "SIGTERM", "seconds": 12.0, "code": null, "stream": "open"}
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
CMD ["uvicorn", "main:app", "--host", "0.0.0.0", "--timeout-graceful-shutdown", "5"]
```

```json
{"scenarios": [{
  "id": "stop-stream", "action": "stop-stream", "verdict": "STOPPED", "status": "pass",
  "reason": "with an open stream, ends 5.3 s after SIGTERM with code 0; the stream was cut",
  "stop": {"signal": "SIGTERM", "seconds": 5.3, "code": 0, "stream": "cut"}
}]}
```

## References
- https://uvicorn.dev/settings/#timeouts
- https://docs.gunicorn.org/en/stable/settings.html#graceful-timeout
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from aiaudit.finding import Finding
from aiaudit.rule import MEDIUM, Rule
from aiaudit_rules.startup.shared import failed, spoken, start_of

if TYPE_CHECKING:
    from aiaudit.boot.record import Boot

rule = Rule(
    id="RUN302",
    name="stream-blocks-shutdown",
    summary="One open stream keeps the service from ending",
    severity=MEDIUM,
    since="0.1.0",
)

_OPTIONS = {
    "uvicorn": "--timeout-graceful-shutdown with some seconds less than the grace period",
    "gunicorn": "--graceful-timeout with some seconds less than the grace period",
    "hypercorn": "--graceful-timeout with some seconds less than the grace period",
}


@rule.observe("Boot")
def stream_blocks_shutdown(boot: Boot) -> Iterator[Finding]:
    """The stop with an open stream, where the one without does end."""
    if any(failed(boot, ("stop",), "IGNORES_STOP")):
        return
    for outcome in failed(boot, ("stop-stream",), "STREAM_BLOCKS_STOP"):
        option = _OPTIONS.get(boot.plan.server, "")
        yield rule.at(
            start_of(boot),
            spoken(boot, f"an open stream keeps the service alive until it is killed: {outcome.reason}"),
            help=f"start the server with {option}" if option else "end streams when the stop signal comes",
        )
