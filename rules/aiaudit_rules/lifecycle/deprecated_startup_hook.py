"""A startup or shutdown hook is written in the form that lifespans have replaced.

## What it does
Flags `@app.on_event("startup")` and `"shutdown"`, `add_event_handler(...)`, and the arguments `on_startup` and
`on_shutdown` of FastAPI and Starlette. The severity is high where the application has a `lifespan` as well, because the
framework then skips the hook without a word, and where the pinned Starlette (1.0 and above) has the form no more.

## Why is this bad
With a lifespan the hook never runs: clients, models and connections that it was to make are missing, and nothing says
so. Without one it works today, with a warning at every start, and stops working with an upgrade. A lifespan also keeps
what it makes in one scope and closes it when the start fails half-way.

## Example
```python
from fastapi import FastAPI

app = FastAPI()


@app.on_event("startup")
async def load():
    app.state.words = ["a", "b"]


@app.get("/words")
def words():
    return app.state.words
```

## Use instead
```python
from contextlib import asynccontextmanager

from fastapi import FastAPI


@asynccontextmanager
async def lifespan(app):
    app.state.words = ["a", "b"]
    yield


app = FastAPI(lifespan=lifespan)


@app.get("/words")
def words():
    return app.state.words
```

## References
- https://fastapi.tiangolo.com/advanced/events/#alternative-events-deprecated
- https://www.starlette.io/release-notes/
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding, Step
from aiaudit.model.hooks import OldHook
from aiaudit.rule import HIGH, MEDIUM, Rule

rule = Rule(
    id="LIF401",
    name="deprecated-startup-hook",
    summary="A startup or shutdown hook is written in the form that lifespans have replaced",
    severity=MEDIUM,
    since="0.1.0",
)


@rule.check(OldHook)
def deprecated_startup_hook(hook: OldHook) -> Iterator[Finding]:
    """One finding a hook."""
    if hook.lifespan is not None:
        said = f"{hook.form} never runs: the application has a lifespan, and then its hooks are skipped"
    elif hook.removed:
        said = f"{hook.form} fails: starlette {hook.removed} has no such hooks any more"
    else:
        said = f"{hook.form} is deprecated, and skipped as soon as the application gets a lifespan"
    yield rule.at(
        hook.span,
        said,
        help="move it into the lifespan: what stands before the yield runs at startup, what follows at shutdown",
        severity=HIGH if hook.lifespan is not None or hook.removed else MEDIUM,
        trace=[Step("the lifespan", hook.lifespan)] if hook.lifespan is not None else [],
    )
