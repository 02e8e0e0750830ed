"""A database, cache, vector store or queue client may wait for ever.

## What it does
Flags clients, pools and connections of data stores on a server path whose queries nothing bounds: no command or socket
time-out, and none in the library.

## Why is this bad
A stuck query or a half-open connection holds a request and a pool slot until the pool is empty; then every request
waits.

## Example
```python
import pymysql
from fastapi import FastAPI

app = FastAPI()
connection = pymysql.connect(host="db", user="app", database="app")


@app.get("/users")
def users():
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from users")
        return cursor.fetchone()
```

## Use instead
```python
import pymysql
from fastapi import FastAPI

app = FastAPI()
connection = pymysql.connect(host="db", user="app", database="app", read_timeout=10, write_timeout=10)


@app.get("/users")
def users():
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from users")
        return cursor.fetchone()
```

## References
- https://www.postgresql.org/docs/current/runtime-config-client.html#GUC-STATEMENT-TIMEOUT
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.addresses import STORES
from aiaudit.model.timeouts import Wait
from aiaudit.rule import MEDIUM, Rule
from aiaudit_rules.timeouts.shared import explanation, is_unbounded, remedy, waits_for

rule = Rule(
    id="TMO105",
    name="datastore-without-timeout",
    summary="A data store client may wait for ever",
    severity=MEDIUM,
    since="0.1.0",
)


@rule.check(Wait)
def datastore_without_timeout(wait: Wait) -> Iterator[Finding]:
    """Data stores."""
    if wait.entry.purpose not in STORES or not is_unbounded(wait):
        return
    queries = "" if wait.entry.purpose == "queue" else " for its queries"
    yield rule.at(
        wait.known.call.span,
        f"{wait.known.name} sets no time-out{queries} and waits {waits_for(wait)}: {explanation(wait)}",
        help=remedy(wait, "5-30 s"),
        trace=wait.trace,
    )
