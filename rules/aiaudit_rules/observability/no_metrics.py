"""A service counts and times nothing.

## What it does
Flags web applications in whose program and requirements no library for metrics is found (Prometheus, OpenTelemetry,
StatsD, Datadog, New Relic, Logfire and others).

## Why is this bad
Without counts and durations nobody sees that answers take twice as long since yesterday, that one in ten fails, or how
many requests an instance bears; capacity and time-outs are guessed.

## Example
```python
from fastapi import FastAPI

app = FastAPI()


@app.get("/healthz")
def healthz():
    return {"status": "ok"}
```

## Use instead
```python
from fastapi import FastAPI
from prometheus_fastapi_instrumentator import Instrumentator

app = FastAPI()
Instrumentator().instrument(app).expose(app)


@app.get("/healthz")
def healthz():
    return {"status": "ok"}
```

## References
- https://prometheus.io/docs/practices/instrumentation/
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Confidence, Finding
from aiaudit.model.observation import Observation
from aiaudit.rule import LOW, Rule

rule = Rule(
    id="OBS102",
    name="no-metrics",
    summary="A service counts and times nothing",
    severity=LOW,
    since="0.1.0",
    confidence=Confidence.MEDIUM,
    profile="pedantic",
)


@rule.check(Observation)
def no_metrics(observed: Observation) -> Iterator[Finding]:
    """Applications without a library for it."""
    if observed.has_metrics:
        return
    yield rule.at(
        observed.application.call.callee_span,
        "no metrics: nothing in the program or its requirements counts or times requests",
        help="expose metrics with prometheus-fastapi-instrumentator, OpenTelemetry or your platform's library",
    )
