"""Something outside the application ends requests earlier than the code inside gives up.

## What it does
Puts the time-outs around an application beside those in it: gunicorn's worker time-out (for synchronous workers, and
for what blocks the event loop of asynchronous ones), nginx's read time-out of the location that forwards to it, the
annotation of an ingress, Heroku's router, Cloud Run, App Runner, Lambda and API Gateway. Flags a limit that is shorter
than a call which a request waits for, retries and deadlines counted. A limit of two minutes or more is held against
those waits alone whose length the program sets itself.

Both sides must be known to belong together: the server's command names the module that serves the route, the proxy
names the compose service or the port that the server listens on.

## Why is this bad
The client gets an error page after the shorter time, while the code waits on and pays for an answer that nobody reads;
a worker that is killed takes all its other requests with it. And the error says nothing of the call that was slow.

## Example
```python
from fastapi import FastAPI
from openai import AsyncOpenAI

app = FastAPI()
client = AsyncOpenAI(timeout=90, max_retries=1)


@app.get("/models")
async def models():
    return [model.id async for model in client.models.list()]
```

```yaml
services:
  api:
    image: python:3.12-slim
    working_dir: /srv
    command: uvicorn app.main:app --host 0.0.0.0
    volumes: [".:/srv"]
  proxy:
    image: nginx:1.29
    volumes: ["./nginx.conf:/etc/nginx/conf.d/default.conf:ro"]
```

```nginx
# file: nginx.conf
server {
    location / {
        proxy_pass http://api:8000;
        proxy_read_timeout 60s;
    }
}
```

## Use instead
```python
from fastapi import FastAPI
from openai import AsyncOpenAI

app = FastAPI()
client = AsyncOpenAI(timeout=20, max_retries=1)


@app.get("/models")
async def models():
    return [model.id async for model in client.models.list()]
```

```yaml
services:
  api:
    image: python:3.12-slim
    working_dir: /srv
    command: uvicorn app.main:app --host 0.0.0.0
    volumes: [".:/srv"]
  proxy:
    image: nginx:1.29
    volumes: ["./nginx.conf:/etc/nginx/conf.d/default.conf:ro"]
```

```nginx
# file: nginx.conf
server {
    location / {
        proxy_pass http://api:8000;
        proxy_read_timeout 60s;
    }
}
```

## References
- https://docs.gunicorn.org/en/stable/settings.html#timeout
- https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_read_timeout
- https://cloud.google.com/run/docs/configuring/request-timeout
- https://devcenter.heroku.com/articles/request-timeout
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.ladder import InvertedLadder
from aiaudit.model.timeouts import describe
from aiaudit.rule import HIGH, Rule

rule = Rule(
    id="TMO201",
    name="timeout-ladder-inverted",
    summary="Something outside the application ends requests earlier than the code inside gives up",
    severity=HIGH,
    since="0.1.0",
)


@rule.check(InvertedLadder)
def timeout_ladder_inverted(ladder: InvertedLadder) -> Iterator[Finding]:
    """The outer limit, and the longest wait inside it."""
    rung, wait = ladder.rung, ladder.wait
    also = f", and {ladder.more} more calls wait longer than that" if ladder.more else ""
    yield rule.at(
        rung.span,
        f"{rung.name} ends {wait.reach.entry.label} after {rung.seconds:g} s ({rung.origin}), but"
        f" {wait.known.name} waits {describe(wait.seconds)}{also}: {rung.outcome}",
        help=rung.remedy,
        trace=ladder.trace,
    )
