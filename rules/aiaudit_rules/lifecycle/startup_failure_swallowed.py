"""A failure to build something essential is swallowed.

## What it does
Flags `except` blocks around the making of models, clients, indexes, engines and schemas (at import, at startup, or in
the function that makes them) that neither raise nor exit, or not in production: they log, pass, or leave None behind.
The same goes for routes that are joined and migrations that are run in such a `try`, for the file of a model that is
not there (unless requests fill its place later), for data that is there and cannot be read, for calls of functions that
are defined nowhere, and for imports whose failure is passed over without a word although code that runs uses what they
import. Handlers of one expected error, retries in a loop, flags that later code asks for, fallbacks that make something
else, and checks before the real attempt are not flagged; nor are caches and telemetry, without which a service can
work. What the service may well do without has medium confidence: one of many items of a loop, a query that is run
beside the start, and what another handler of the same `try` says is not installed.

## Why is this bad
The service starts, reports healthy, and fails or answers nonsense on every request: the deployment that should have
been rolled back is live.

## Example
```python
from contextlib import asynccontextmanager

from fastapi import FastAPI
from sentence_transformers import SentenceTransformer

models = {}


@asynccontextmanager
async def lifespan(app):
    try:
        models["embedder"] = SentenceTransformer("all-MiniLM-L6-v2")
    except Exception as error:
        print("no embedder:", error)
    yield


app = FastAPI(lifespan=lifespan)
```

## Use instead
```python
from contextlib import asynccontextmanager

from fastapi import FastAPI
from sentence_transformers import SentenceTransformer

models = {}


@asynccontextmanager
async def lifespan(app):
    models["embedder"] = SentenceTransformer("all-MiniLM-L6-v2")
    yield


app = FastAPI(lifespan=lifespan)
```

## References
- https://12factor.net/disposability
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Confidence, Finding, Step
from aiaudit.model.startup import SwallowedFailure
from aiaudit.rule import HIGH, Rule

rule = Rule(
    id="LIF402",
    name="startup-failure-swallowed",
    summary="A failure to build something essential is swallowed",
    severity=HIGH,
    since="0.1.0",
)


@rule.check(SwallowedFailure)
def startup_failure_swallowed(failure: SwallowedFailure) -> Iterator[Finding]:
    """One finding a handler."""
    yield rule.at(
        failure.span,
        f"a failure of {failure.what} is swallowed here: {failure.outcome}",
        help="let it raise, so that the process exits and the deployment stops; catch only what you can repair",
        trace=(*failure.reach.steps(), Step(f"needs {failure.what}", failure.made)),
        confidence=Confidence.MEDIUM if failure.optional else None,
    )
