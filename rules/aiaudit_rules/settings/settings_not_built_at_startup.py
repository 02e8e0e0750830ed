"""Settings are first read when a request asks for them.

## What it does
Flags the making of a settings class (`pydantic-settings`) with required fields that requests alone reach: in a
dependency, behind `lru_cache`, in a function that a handler calls, while nothing at import or startup makes it. The
trace leads there from the route.

## Why is this bad
The class would refuse to be made without its fields, but nobody makes it: the service starts without its key, reports
healthy, takes over the traffic, and the first user gets the validation error.

## Example
```python
from functools import lru_cache

from fastapi import Depends, FastAPI
from pydantic import SecretStr
from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    database_url: SecretStr


@lru_cache
def get_settings():
    return Settings()


app = FastAPI()


@app.get("/length")
def length(settings: Settings = Depends(get_settings)):
    return len(settings.database_url)
```

## Use instead
```python
from contextlib import asynccontextmanager
from functools import lru_cache

from fastapi import Depends, FastAPI
from pydantic import SecretStr
from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    database_url: SecretStr


@lru_cache
def get_settings():
    return Settings()


@asynccontextmanager
async def lifespan(app):
    get_settings()
    yield


app = FastAPI(lifespan=lifespan)


@app.get("/length")
def length(settings: Settings = Depends(get_settings)):
    return len(settings.database_url)
```

## References
- https://fastapi.tiangolo.com/advanced/settings/
- https://12factor.net/config
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding, Step
from aiaudit.model.settings import SettingsClass
from aiaudit.rule import MEDIUM, Rule

rule = Rule(
    id="ENV104",
    name="settings-not-built-at-startup",
    summary="Settings are first read when a request asks for them",
    severity=MEDIUM,
    since="0.1.0",
)


@rule.check(SettingsClass)
def settings_not_built_at_startup(settings: SettingsClass) -> Iterator[Finding]:
    """Classes with required fields that only requests make."""
    late = settings.late_making
    required = [field.variable for field in settings.fields if field.required]
    if late is None or settings.is_made_early or not required:
        return
    call, reach = late
    missing = ", ".join(required[:2]) + (f" and {len(required) - 2} more" if len(required) > 2 else "")
    yield rule.at(
        call.span,
        f"{settings.name} is first made in {reach.entry.label}: the service starts without {missing}",
        help="make it at startup (at module level, or call its getter in the lifespan), so that the start fails",
        trace=(*reach.steps(), Step(f"makes {settings.name}", call.span)),
    )
