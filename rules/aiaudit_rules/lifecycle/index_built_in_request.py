"""An index is built or opened inside a request.

## What it does
Flags vector indexes and stores that a request builds (`from_documents`, `from_texts`, an index of FAISS that is filled
where it is made) or opens from disk (`load_local`, `read_index`, `PersistentClient`) each time, and what was pickled
for the service (unless it is asked as a model: then LIF102 tells it). An empty index, and one that is only written to
disk, is not flagged, nor is a file that is read once and deleted. What a worker's job puts into an index, or takes
out of its store, has medium confidence: that may be what the job is for.

## Why is this bad
Opening an index reads all of it; building one embeds the whole corpus. Both belong before the first request, in a
startup step or a job, and the result is shared.

## Example
```python
import faiss
from fastapi import FastAPI

app = FastAPI()


@app.get("/size")
def size():
    return faiss.read_index("data/corpus.faiss").ntotal
```

## Use instead
```python
import faiss
from fastapi import FastAPI

app = FastAPI()
index = faiss.read_index("data/corpus.faiss")


@app.get("/size")
def size():
    return index.ntotal
```

## References
- https://fastapi.tiangolo.com/advanced/events/
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Confidence, Finding
from aiaudit.model.contexts import Reach
from aiaudit.model.resources import Resource
from aiaudit.rule import HIGH, MEDIUM, Rule
from aiaudit_rules.lifecycle.shared import built_each_time, confidence_of, is_of_job, occasion, price, trace_of

rule = Rule(
    id="LIF104",
    name="index-built-in-request",
    summary="An index, or data stored for the service, is built or read inside a request",
    severity=HIGH,
    since="0.1.0",
)


@rule.check(Resource)
def index_built_in_request(resource: Resource) -> Iterator[Finding]:
    """Indexes and the data beside them."""
    reach = built_each_time(resource, ("index-load", "data-load"))
    if reach is None:
        return
    is_data = resource.entry.cost == "data-load"
    does = "reads stored data" if is_data else "builds or opens an index"
    yield rule.at(
        resource.call.span,
        f"{resource.name} {does} {occasion(reach, resource.call)}{price(resource)}",
        help="read it once at startup, and share it"
        if is_data
        else "build the index in a job, open it once at startup, and share the handle",
        trace=trace_of(resource, reach),
        severity=MEDIUM if is_data else None,
        confidence=Confidence.MEDIUM if _is_job_of_filling(resource, reach) else confidence_of(resource, reach),
    )


def _is_job_of_filling(resource: Resource, reach: Reach) -> bool:
    """Whether a worker puts documents into an index, or takes one out of its store: that may be what the job is for."""
    return resource.call.name.startswith(("from_", "afrom_", "load_")) and is_of_job(reach)
