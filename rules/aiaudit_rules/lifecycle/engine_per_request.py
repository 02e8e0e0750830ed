"""A database engine, pool or connection is built inside a request.

## What it does
Flags engines, connection pools and bare connections of databases, caches and queues that a request makes anew. A
session taken from a shared engine is right and not flagged, nor is a database whose address and password come with the
request. A connection that is made where the other branch takes one out of a pool has medium confidence.

## Why is this bad
A pool that lives for one request pools nothing: each request pays connection, authentication and TLS, and under load
the server runs out of connections.

## Example
```python
from fastapi import FastAPI
from sqlalchemy import create_engine, text

app = FastAPI()


@app.get("/users")
def users():
    engine = create_engine("postgresql+psycopg://db/app?connect_timeout=5")
    with engine.connect() as connection:
        return connection.execute(text("select count(*) from users")).scalar()
```

## Use instead
```python
from fastapi import FastAPI
from sqlalchemy import create_engine, text

app = FastAPI()
engine = create_engine("postgresql+psycopg://db/app?connect_timeout=5")


@app.get("/users")
def users():
    with engine.connect() as connection:
        return connection.execute(text("select count(*) from users")).scalar()
```

## References
- https://docs.sqlalchemy.org/en/20/core/connections.html#basic-usage
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.resources import Resource
from aiaudit.rule import HIGH, Rule
from aiaudit_rules.lifecycle.shared import STORES, built_each_time, confidence_of, made, occasion, price, trace_of

rule = Rule(
    id="LIF105",
    name="engine-per-request",
    summary="A database engine, pool or connection is built inside a request",
    severity=HIGH,
    since="0.1.0",
)


@rule.check(Resource)
def engine_per_request(resource: Resource) -> Iterator[Finding]:
    """Pools, and clients of data stores."""
    reach = built_each_time(resource, ("connection-pool", "network-client"))
    if reach is None or (resource.entry.cost == "network-client" and resource.entry.purpose not in STORES):
        return
    yield rule.at(
        resource.call.span,
        f"{resource.name} is {made(resource)} {occasion(reach, resource.call)}{price(resource)}",
        help="build one engine or pool at startup and take connections or sessions from it",
        trace=trace_of(resource, reach),
        confidence=confidence_of(resource, reach),
    )
