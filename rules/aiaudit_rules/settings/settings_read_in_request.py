"""A required setting is read, or found missing, only when a request comes.

## What it does
Flags lookups of required settings in code that requests alone reach: in a handler, a dependency, a middleware, a
task, or in a function or a lazily made object behind them. The trace leads there from the route. It does not matter
whether the lookup is checked: an error in a request is no start that fails. Settings that startup has required
already, and optional ones that only switch something on, are left alone.

## Why is this bad
Nobody sees that a setting is missing until the first user needs it: the deployment is long done, the previous version
is gone. The environment does not change while the process runs, so nothing is won by reading it late.

## Example
```python
import os

import httpx
from fastapi import FastAPI

app = FastAPI()
client = httpx.Client(timeout=10)


@app.get("/weather")
def weather():
    token = os.getenv("WEATHER_API_KEY")
    answer = client.get("https://weather.example/now", headers={"Authorization": f"Bearer {token}"})
    return answer.json()
```

## Use instead
```python
import os

import httpx
from fastapi import FastAPI

TOKEN = os.environ["WEATHER_API_KEY"]
app = FastAPI()
client = httpx.Client(timeout=10, headers={"Authorization": f"Bearer {TOKEN}"})


@app.get("/weather")
def weather():
    return client.get("https://weather.example/now").json()
```

## References
- https://12factor.net/config
- https://docs.pydantic.dev/latest/concepts/pydantic_settings/
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.settings import COMPARISON, Setting
from aiaudit.rule import MEDIUM, Rule
from aiaudit_rules.settings.shared import confidence_of, consequence

rule = Rule(
    id="ENV103",
    name="settings-read-in-request",
    summary="A required setting is read, or found missing, only when a request comes",
    severity=MEDIUM,
    since="0.1.0",
)


@rule.check(Setting)
def settings_read_in_request(setting: Setting) -> Iterator[Finding]:
    """Lookups that only requests reach."""
    reach = setting.in_request
    if reach is None:
        return
    reason = f" ({setting.reason})" if setting.reason else ""
    if setting.need == COMPARISON and setting.default == "empty":
        told = consequence(setting)
    else:
        told = f"the service starts without it, and requests fail later{reason}"
    yield rule.at(
        setting.span,
        f"{setting.name} is read in {reach.entry.label}: {told}",
        help="read it once at startup, into settings that refuse to be made without it",
        trace=setting.steps,
        confidence=confidence_of(setting),
    )
