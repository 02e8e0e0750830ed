"""A resource is built by the first request that needs it.

## What it does
Flags clients, models, indexes and pools that are built once and kept (a None check, `lru_cache`, `cached_property`, a
lazy singleton) where only requests reach the construction and nothing at import or startup does. A second object of a
class that a request makes and keeps, while startup has made a first one, is flagged where it is made. Not flagged:
what only a scheduler's jobs and listeners use, and clients with credentials that come with the request. What is kept
under a key, one for each model or index that is asked for, has medium confidence: the start may know none of them.

## Why is this bad
The service reports ready and is not: the first user waits for the load, concurrent first requests may load twice, and a
wrong key or a missing file shows up in production traffic instead of stopping the deployment.

## Example
```python
from functools import lru_cache

from fastapi import FastAPI
from openai import OpenAI

app = FastAPI()


@lru_cache
def get_client():
    return OpenAI(timeout=20, max_retries=1)


@app.get("/models")
def models():
    return [model.id for model in get_client().models.list()]
```

## Use instead
```python
from contextlib import asynccontextmanager
from functools import lru_cache

from fastapi import FastAPI
from openai import OpenAI


@lru_cache
def get_client():
    return OpenAI(timeout=20, max_retries=1)


@asynccontextmanager
async def lifespan(app):
    get_client()
    yield


app = FastAPI(lifespan=lifespan)


@app.get("/models")
def models():
    return [model.id for model in get_client().models.list()]
```

## References
- https://fastapi.tiangolo.com/advanced/events/
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Confidence, Finding, Step
from aiaudit.model.resources import Resource, SecondInstance
from aiaudit.rule import MEDIUM, Rule
from aiaudit_rules.lifecycle.shared import confidence_of, made, price, trace_of

rule = Rule(
    id="LIF103",
    name="lazy-first-request",
    summary="A resource is built by the first request that needs it",
    severity=MEDIUM,
    since="0.1.0",
)

_SHOWN = 3


@rule.check(Resource)
def lazy_first_request(resource: Resource) -> Iterator[Finding]:
    """Kept resources that nothing touches before the first request."""
    reach = resource.first_request
    if reach is None or not resource.expensive or resource.per_request is not None or resource.early is not None:
        return
    if resource.belongs_to_caller:
        return  # nobody has the credentials before
    yield rule.at(
        resource.call.span,
        f"{resource.name} is first {made(resource)} when a request asks for it: {reach.entry.label}{price(resource)}",
        help="build it at startup (call its getter in the lifespan), so that no request waits for it",
        trace=trace_of(resource, reach),
        confidence=confidence_of(resource, reach),
    )


@rule.check(SecondInstance)
def second_instance(instance: SecondInstance) -> Iterator[Finding]:
    """Another object of a class, whose first one startup has made."""
    known = list(dict.fromkeys(resource.name for resource in instance.resources))
    names = ", ".join(known) if len(known) <= _SHOWN else f"{', '.join(known[:_SHOWN])} or {len(known) - _SHOWN} more"
    is_chosen = any(r.first_request is not None and r.first_request.is_one_of_many for r in instance.resources)
    yield rule.at(
        instance.call.span,
        f"{instance.name} is built a second time when a request asks for it: {instance.reach.entry.label} makes "
        f"another {names}",
        help="share the instance that startup has made",
        trace=(*instance.reach.steps(), Step(f"builds {names}", instance.resources[0].call.span)),
        confidence=Confidence.MEDIUM if is_chosen else None,
    )
