"""A service traces nothing.

## What it does
Flags web applications in whose program and requirements no library for traces or errors is found (OpenTelemetry,
Sentry, Datadog, Logfire, LangSmith, Langfuse and others).

## Why is this bad
A request of an AI service passes retrieval, several model calls and tools. Without a trace a slow or wrong answer
cannot be followed to the step that made it so.

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
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor

app = FastAPI()
FastAPIInstrumentor.instrument_app(app)


@app.get("/healthz")
def healthz():
    return {"status": "ok"}
```

## References
- https://opentelemetry.io/docs/languages/python/
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Confidence, Finding
from aiaudit.model.observation import Observation
from aiaudit.rule import LOW, Rule

rule = Rule(
    id="OBS103",
    name="no-tracing",
    summary="A service traces nothing",
    severity=LOW,
    since="0.1.0",
    confidence=Confidence.MEDIUM,
    profile="pedantic",
)


@rule.check(Observation)
def no_tracing(observed: Observation) -> Iterator[Finding]:
    """Applications without a library for it."""
    if observed.has_tracing:
        return
    yield rule.at(
        observed.application.call.callee_span,
        "no traces: nothing in the program or its requirements follows a request through its steps",
        help="instrument the application with OpenTelemetry, or the model calls with LangSmith or Langfuse",
    )
