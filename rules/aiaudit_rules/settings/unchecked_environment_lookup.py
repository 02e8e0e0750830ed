"""A required setting is looked up in the environment and nobody checks that it is there.

## What it does
Flags `os.getenv("X")`, `os.environ.get("X")` and the same through own helper functions where the value is needed (a
key, token, secret or password that is used; an address, name or credential that a client of a database, queue or
store gets) and nothing stops the start without it. What counts as a check: raising, `sys.exit()` or `assert` when it
is missing, at import or startup and not swallowed; `os.environ["X"]`; a settings class that requires it; an operation
that fails for None at once (`int(...)`, a method call); a client built at startup that refuses to be made without it;
a question that startup asks a server with it and whose refusal it does not catch (`client.models.list()`, a request
and `raise_for_status()`); the shell script that the image starts with, where it exits without the variable
(`: "${X:?}"`, `[ -z "$X" ]`). Settings that are used only where a test has found them (`if KEY: ...`), knobs with
defaults, and what no server code uses are left alone.

## Why is this bad
The service starts, passes its health check, takes traffic, and fails in the middle of a request, often after work
that cost money, with an error that names a client library instead of the variable. A start that fails is seen at
once, by the deployment, before any user is.

## Example
```python
import os

import pymysql
from fastapi import FastAPI

app = FastAPI()
DB_PASSWORD = os.getenv("DB_PASSWORD")


@app.get("/items")
def items():
    connection = pymysql.connect(host="db", user="api", password=DB_PASSWORD, connect_timeout=5, read_timeout=5)
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM items LIMIT 100")
        return cursor.fetchall()
```

## Use instead
```python
import os

import pymysql
from fastapi import FastAPI

app = FastAPI()
DB_PASSWORD = os.environ["DB_PASSWORD"]


@app.get("/items")
def items():
    connection = pymysql.connect(host="db", user="api", password=DB_PASSWORD, connect_timeout=5, read_timeout=5)
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM items LIMIT 100")
        return cursor.fetchall()
```

A settings class (`pydantic-settings`) with fields that have no default reports all missing ones at once.

## References
- https://12factor.net/config
- https://docs.pydantic.dev/latest/concepts/pydantic_settings/
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.settings import Setting
from aiaudit.rule import HIGH, Rule
from aiaudit_rules.settings.shared import confidence_of, consequence

rule = Rule(
    id="ENV101",
    name="unchecked-environment-lookup",
    summary="A required setting is looked up and nobody checks that it is there",
    severity=HIGH,
    since="0.1.0",
)


@rule.check(Setting)
def unchecked_environment_lookup(setting: Setting) -> Iterator[Finding]:
    """Lookups without a default, outside of requests."""
    if setting.is_field or setting.default != "none" or setting.in_request is not None:
        return
    yield rule.at(
        setting.span,
        f"{setting.name} may be missing: {consequence(setting)}",
        help=f'fail at startup without it: os.environ["{setting.name}"], a settings class that requires it, or a check',
        trace=setting.steps,
        confidence=confidence_of(setting),
    )
