"""A network client is built inside a request.

## What it does
Flags the construction of an API, HTTP, vector store or storage client on the path of a request, a websocket or a
task: in the handler, in a dependency, or in any function, method or constructor that the handler reaches. The trace
leads from the route to the construction. A client built with the caller's own credentials cannot be shared: not
flagged; nor is one that a scheduler's job builds, or a request whose work it is to replace the one that the others
use. Where the construction was measured and takes less than 10 ms of CPU (`boto3.client`, `requests.Session`), the
severity is medium: what is lost then are the warm connections.

## Why is this bad
Each construction builds a connection pool and a TLS context, throws away the warm connections of the one before, and
pays a new handshake on its first call; sockets pile up where nothing closes them. Errors in its configuration show up
in the first request instead of at startup.

## Example
```python
from fastapi import FastAPI
from openai import AsyncOpenAI

app = FastAPI()


@app.post("/title")
async def title():
    client = AsyncOpenAI(timeout=20, max_retries=1)
    answer = await client.chat.completions.create(
        model="gpt-4.1-mini", max_tokens=20, messages=[{"role": "user", "content": "A title, please"}]
    )
    return answer.choices[0].message.content
```

## Use instead
```python
from fastapi import FastAPI
from openai import AsyncOpenAI

app = FastAPI()
client = AsyncOpenAI(timeout=20, max_retries=1)


@app.post("/title")
async def title():
    answer = await client.chat.completions.create(
        model="gpt-4.1-mini", max_tokens=20, messages=[{"role": "user", "content": "A title, please"}]
    )
    return answer.choices[0].message.content
```

Better still, build it in the lifespan and keep it on `app.state`, so that it is closed on shutdown.

## References
- https://fastapi.tiangolo.com/advanced/events/
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.resources import Resource
from aiaudit.rule import HIGH, Rule
from aiaudit_rules.lifecycle.shared import (
    STORES,
    built_each_time,
    confidence_of,
    made,
    occasion,
    price,
    severity_of,
    trace_of,
)

rule = Rule(
    id="LIF101",
    name="client-per-request",
    summary="A network client is built inside a request",
    severity=HIGH,
    since="0.1.0",
)


@rule.check(Resource)
def client_per_request(resource: Resource) -> Iterator[Finding]:
    """Network clients that are no data stores."""
    reach = built_each_time(resource, ("network-client",))
    if reach is None or resource.entry.purpose in STORES:
        return
    yield rule.at(
        resource.call.span,
        f"{resource.name} is {made(resource)} {occasion(reach, resource.call)}{price(resource)}",
        help="build it once at startup (in the lifespan, kept on app.state, or at module level) and share it",
        trace=trace_of(resource, reach),
        confidence=confidence_of(resource, reach),
        severity=severity_of(resource),
    )
