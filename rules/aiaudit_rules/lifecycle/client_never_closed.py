"""A client or pool that lives as long as the service is never closed.

## What it does
Flags asynchronous clients and connection pools made at import or startup whose `close`, `aclose`, `dispose` or
`disconnect` nothing in the program calls or hands on, and which no `with` closes.

## Why is this bad
At shutdown requests under way are cut off instead of being finished, servers keep connections until they time out, and
event loops complain about sockets and tasks that were left behind. With a reload or many short-lived workers the
database runs out of connections.

## Example
```python
import httpx
from fastapi import FastAPI

client = httpx.AsyncClient(timeout=10)
app = FastAPI()


@app.get("/rates")
async def rates():
    return (await client.get("https://rates.example.com/today")).json()
```

## Use instead
```python
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI, Request


@asynccontextmanager
async def lifespan(app):
    async with httpx.AsyncClient(timeout=10) as client:
        app.state.client = client
        yield


app = FastAPI(lifespan=lifespan)


@app.get("/rates")
async def rates(request: Request):
    return (await request.app.state.client.get("https://rates.example.com/today")).json()
```

## References
- https://fastapi.tiangolo.com/advanced/events/
- https://www.python-httpx.org/async/#opening-and-closing-clients
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.closing import UnclosedClient
from aiaudit.rule import LOW, Rule

rule = Rule(
    id="LIF403",
    name="client-never-closed",
    summary="A client or pool that lives as long as the service is never closed",
    severity=LOW,
    since="0.1.0",
    profile="pedantic",
)


@rule.check(UnclosedClient)
def client_never_closed(unclosed: UnclosedClient) -> Iterator[Finding]:
    """One finding a construction."""
    resource = unclosed.resource
    yield rule.at(
        resource.call.span,
        f"{resource.name} is made once and never closed",
        help="make it in the lifespan with async with, or close it after the yield",
        trace=resource.early.steps() if resource.early is not None else (),
    )
