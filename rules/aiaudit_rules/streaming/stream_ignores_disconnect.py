"""A stream's producer goes on when the client has left.

## What it does
Flags tasks and threads that ask a model and feed a route's stream through a queue or a callback
(`AsyncIteratorCallbackHandler`), where nothing ends them when the client goes away: no `cancel()` in a `finally`, no
`request.is_disconnected()`, no task group around both.

A generator that asks the model itself is not flagged: the server closes it, and that closes the model's stream.

## Why is this bad
Clients leave: they close the tab, press stop, lose the network. The server then drops the generator that takes the
words, but the task that makes them runs to the end: the whole answer is generated and paid for, and with a bounded
queue the task waits for ever and keeps its connection.

## Example
```python
import asyncio

from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from openai import AsyncOpenAI

app = FastAPI()
client = AsyncOpenAI(timeout=20, max_retries=1)


async def produce(queue):
    stream = await client.chat.completions.create(
        model="gpt-4.1-mini", max_tokens=800, stream=True, messages=[{"role": "user", "content": "A story, please"}]
    )
    async for chunk in stream:
        await queue.put(chunk.choices[0].delta.content or "")
    await queue.put(None)


async def tokens():
    queue = asyncio.Queue()
    producer = asyncio.create_task(produce(queue))
    while (text := await queue.get()) is not None:
        yield f"data: {text}\\n\\n"
    await producer


@app.get("/story")
async def story():
    return StreamingResponse(tokens(), media_type="text/event-stream")
```

## Use instead
```python
import asyncio

from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from openai import AsyncOpenAI

app = FastAPI()
client = AsyncOpenAI(timeout=20, max_retries=1)


async def produce(queue):
    stream = await client.chat.completions.create(
        model="gpt-4.1-mini", max_tokens=800, stream=True, messages=[{"role": "user", "content": "A story, please"}]
    )
    async for chunk in stream:
        await queue.put(chunk.choices[0].delta.content or "")
    await queue.put(None)


async def tokens():
    queue = asyncio.Queue()
    producer = asyncio.create_task(produce(queue))
    try:
        while (text := await queue.get()) is not None:
            yield f"data: {text}\\n\\n"
    finally:
        producer.cancel()


@app.get("/story")
async def story():
    return StreamingResponse(tokens(), media_type="text/event-stream")
```

## References
- https://www.starlette.io/requests/#body
- https://docs.python.org/3/library/asyncio-task.html#asyncio.Task.cancel
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.producers import LonelyProducer
from aiaudit.rule import MEDIUM, Rule

rule = Rule(
    id="STR103",
    name="stream-ignores-disconnect",
    summary="A stream's producer goes on when the client has left",
    severity=MEDIUM,
    since="0.1.0",
    profile="pedantic",
)


@rule.check(LonelyProducer)
def stream_ignores_disconnect(producer: LonelyProducer) -> Iterator[Finding]:
    """One finding a place that starts a producer."""
    yield rule.at(
        producer.call.span,
        f"{producer.route.label} streams what a task of its own produces, and nothing ends it when the client leaves",
        help="cancel the producer in a `finally` of the generator that takes its words",
        trace=producer.steps,
    )
