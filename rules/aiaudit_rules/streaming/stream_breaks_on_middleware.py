"""A middleware holds the pieces of a stream back.

## What it does
Flags middleware on the way of a route that streams a model's words:

- GZip compression of a stream: Starlette lets server-sent events (`text/event-stream`) through since 0.46 and
  compresses all other streams; before, and in Django, it compresses every stream. The compressor keeps small pieces
  until it has enough of them.
- middleware and hooks of the program that read the whole body of an answer (`response.body_iterator`, `get_data()`)
  without looking whether it is a stream.

A `BaseHTTPMiddleware` that passes the answer on is not flagged: it lets each piece through.

## Why is this bad
Everything on the server streams, and the user still sees nothing for twenty seconds and then all of it: the tokens
wait in the middleware. It does not show in tests of the route alone.

## Example
```python
from fastapi import FastAPI
from fastapi.middleware.gzip import GZipMiddleware
from fastapi.responses import StreamingResponse
from openai import OpenAI

app = FastAPI()
app.add_middleware(GZipMiddleware)
client = OpenAI(timeout=20, max_retries=1)


def tokens():
    for chunk in client.chat.completions.create(
        model="gpt-4.1-mini", max_tokens=800, stream=True, messages=[{"role": "user", "content": "A story, please"}]
    ):
        yield chunk.choices[0].delta.content or ""


@app.get("/story")
def story():
    return StreamingResponse(tokens(), media_type="text/plain")
```

## Use instead
```python
from fastapi import FastAPI
from fastapi.middleware.gzip import GZipMiddleware
from fastapi.responses import StreamingResponse
from openai import OpenAI

app = FastAPI()
app.add_middleware(GZipMiddleware)
client = OpenAI(timeout=20, max_retries=1)


def tokens():
    for chunk in client.chat.completions.create(
        model="gpt-4.1-mini", max_tokens=800, stream=True, messages=[{"role": "user", "content": "A story, please"}]
    ):
        yield f"data: {chunk.choices[0].delta.content or ''}\\n\\n"


@app.get("/story")
def story():
    return StreamingResponse(tokens(), media_type="text/event-stream")
```

## References
- https://www.starlette.io/middleware/#gzipmiddleware
- https://docs.djangoproject.com/en/stable/ref/request-response/#streaminghttpresponse-objects
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.buffering import HeldStream
from aiaudit.rule import MEDIUM, Rule

rule = Rule(
    id="STR102",
    name="stream-breaks-on-middleware",
    summary="A middleware holds the pieces of a stream back",
    severity=MEDIUM,
    since="0.1.0",
)


@rule.check(HeldStream)
def stream_breaks_on_middleware(held: HeldStream) -> Iterator[Finding]:
    """One finding a middleware."""
    yield rule.at(
        held.span,
        f"{held.name} {held.how}; {held.route.label} streams",
        help="send server-sent events (text/event-stream) that the middleware lets pass, or leave streams out of it",
        trace=held.steps,
    )
