"""A model is loaded inside a request.

## What it does
Flags the loading of model weights, tokenizers and pipelines on the path of a request, a websocket or a task, each
time anew. The trace leads from the route to the load. A request that only puts a model where the others find it (a
reload) is not flagged.

## Why is this bad
Loading takes seconds to minutes and doubles the memory while it lasts; with two requests at once, twice. A model that
is loaded from a hub also makes each request depend on that hub.

## Example
```python
from fastapi import FastAPI
from sentence_transformers import SentenceTransformer

app = FastAPI()


@app.get("/dimension")
def dimension():
    model = SentenceTransformer("all-MiniLM-L6-v2")
    return model.get_sentence_embedding_dimension()
```

## Use instead
```python
from fastapi import FastAPI
from sentence_transformers import SentenceTransformer

app = FastAPI()
model = SentenceTransformer("all-MiniLM-L6-v2")


@app.get("/dimension")
def dimension():
    return model.get_sentence_embedding_dimension()
```

## References
- https://fastapi.tiangolo.com/advanced/events/
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.resources import Resource
from aiaudit.rule import CRITICAL, Rule
from aiaudit_rules.lifecycle.shared import built_each_time, confidence_of, occasion, price, trace_of

rule = Rule(
    id="LIF102",
    name="model-load-per-request",
    summary="A model is loaded inside a request",
    severity=CRITICAL,
    since="0.1.0",
)


@rule.check(Resource)
def model_load_per_request(resource: Resource) -> Iterator[Finding]:
    """Model loads."""
    reach = built_each_time(resource, ("model-load",))
    if reach is None:
        return
    yield rule.at(
        resource.call.span,
        f"{resource.name} loads a model {occasion(reach, resource.call)}{price(resource)}",
        help="load it once at startup (in the lifespan or at module level) and share it; readiness waits for it",
        trace=trace_of(resource, reach),
        confidence=confidence_of(resource, reach),
    )
