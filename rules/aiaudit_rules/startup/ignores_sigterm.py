"""The service does not end when it is told to.

## What it does
Boots the image, sends it its stop signal (SIGTERM, unless the image names another) when it is ready and idle, and
flags it where it still runs when the time to stop is over: the 10 seconds that Docker gives, or what a deploy file
says.

## Why is this bad
Every deployment, every scaling down and every move to another node waits for the whole grace period and then kills
the process in the middle of whatever it does: requests are cut, and nothing is flushed or closed. The usual cause is
a shell that runs as the first process and passes no signal on.

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
ENV PORT=8000
CMD uvicorn main:app --host 0.0.0.0 --port $PORT
```

What `aiaudit boot --format json` recorded of it (an excerpt):

```json
{"scenarios": [{
  "id": "stop", "action": "stop", "verdict": "IGNORES_STOP", "status": "fail",
  "reason": "still running 12.0 s after SIGTERM: its first process does not handle the signal",
  "stop": {"signal": "SIGTERM", "seconds": 12.0, "code": null}, "catches_stop": false
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
ENV PORT=8000
CMD exec uvicorn main:app --host 0.0.0.0 --port $PORT
```

```json
{"scenarios": [{
  "id": "stop", "action": "stop", "verdict": "STOPPED", "status": "pass",
  "reason": "ends 0.3 s after SIGTERM with code 0", "stop": {"signal": "SIGTERM", "seconds": 0.3, "code": 0},
  "catches_stop": true
}]}
```

## References
- https://docs.docker.com/reference/dockerfile/#shell-form-entrypoint-example
- https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination
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
    id="RUN301",
    name="ignores-sigterm",
    summary="The service does not end when it is told to",
    severity=HIGH,
    since="0.1.0",
)


@rule.observe("Boot")
def ignores_sigterm(boot: Boot) -> Iterator[Finding]:
    """The stop while nothing is going on; whether an init process helps was tried."""
    init = next(iter(boot.of("init")), None)
    for outcome in failed(boot, ("stop",), "IGNORES_STOP"):
        handled = outcome.observation.catches_stop if outcome.observation is not None else None
        if handled:
            help = "its first process takes the signal and does not end: end the loop or the thread that keeps it"
        else:
            help = "make the server the first process: the exec form of CMD, or `exec` before it in the shell"
        if init is not None and init.verdict == "STOPPED":
            help += f"; with an init process (tini, `docker run --init`) it {init.reason}"
        yield rule.at(start_of(boot), spoken(boot, f"the service is killed at every stop: {outcome.reason}"), help=help)
