"""The server is told to skip the application's startup code.

## What it does
Flags `uvicorn --lifespan off`, `granian --interface asginl` and `uvicorn.run(..., lifespan="off")` in what the image
starts, when the code that the image carries has startup code: a `lifespan`, `on_startup`, `@app.on_event("startup")`.
An application without any loses nothing and is left alone.

## Why is this bad
Models are not loaded, clients and pools are not opened, required settings are not checked, and nothing says so: the
server reports that it is up, and the first requests fail one by one, or build what startup should have built. Shutdown
code does not run either. A check that the lifespan makes never fails the start.

## Example
```dockerfile
FROM python:3.13-slim
WORKDIR /srv
COPY app app
USER 1000
HEALTHCHECK CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/', timeout=2)"]
CMD ["uvicorn", "app.main:app", "--host", "0.0.0.0", "--lifespan", "off"]
```

```python
# file: app/main.py
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI


@asynccontextmanager
async def lifespan(app: FastAPI):
    async with httpx.AsyncClient(timeout=10) as app.state.client:
        yield


app = FastAPI(lifespan=lifespan)
```

## Use instead
```dockerfile
FROM python:3.13-slim
WORKDIR /srv
COPY app app
USER 1000
HEALTHCHECK CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/', timeout=2)"]
CMD ["uvicorn", "app.main:app", "--host", "0.0.0.0", "--lifespan", "on"]
```

```python
# file: app/main.py
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI


@asynccontextmanager
async def lifespan(app: FastAPI):
    async with httpx.AsyncClient(timeout=10) as app.state.client:
        yield


app = FastAPI(lifespan=lifespan)
```

## References
- https://www.uvicorn.org/settings/#implementation
- https://fastapi.tiangolo.com/advanced/events/
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding, Step
from aiaudit.model.image import Image, Server
from aiaudit.model.image.launches import launches
from aiaudit.model.image.lifespans import startup_code
from aiaudit.rule import HIGH, Rule
from aiaudit.span import Span
from aiaudit_rules.image.hygiene import is_beside_the_service

rule = Rule(
    id="IMG408",
    name="lifespan-disabled",
    summary="The server is told to skip the application's startup code",
    severity=HIGH,
    since="0.1.0",
)


@rule.check(Image)
def lifespan_disabled(image: Image) -> Iterator[Finding]:
    """The servers that the image starts by itself."""
    if is_beside_the_service(image):
        return
    for server in image.servers:
        written = _switched_off(image, server)
        skipped = startup_code(image) if written is not None else None
        if written is None or skipped is None:
            continue
        label, span = skipped
        yield rule.at(
            server.span,
            f"{written[0]} skips {label}: the service starts without what it sets up and without its checks",
            help="leave the option out: the default runs startup code where there is any",
            trace=[Step(written[0], written[1]), Step(label, span)],
        )


def _switched_off(image: Image, server: Server) -> tuple[str, Span] | None:
    """How and where the lifespan is switched off."""
    if server.option("--lifespan") == "off":
        return f"{server.program} --lifespan off", server.span
    if server.program == "granian" and server.option("--interface") == "asginl":
        return "granian --interface asginl", server.span
    for launch in launches(image, server):
        value = launch.call.keyword("lifespan")
        if launch.name == "uvicorn.run" and value is not None and value[0] == "const" and value[2] == "off":
            return 'uvicorn.run(..., lifespan="off")', launch.call.span
    return None
