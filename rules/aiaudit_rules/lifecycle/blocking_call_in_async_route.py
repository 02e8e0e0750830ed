"""A blocking call runs on the event loop.

## What it does
Flags calls that wait for the network, the disk, a process or a model in the calling thread, reached from `async def`
code of a request without off-loading, or from a plain handler of Litestar without `sync_to_thread=True`: synchronous
SDK clients, `requests`, `time.sleep`, synchronous database sessions, model inference. The finding stands at the call
inside the coroutine; the trace goes on to what blocks. Calls on one data store in one function make one finding.
Tasks that startup leaves on the event loop (`asyncio.create_task(watch())`) run beside the requests and count as well.
Coroutines that have an event loop to themselves keep nobody waiting and are not flagged: asynchronous views of Flask,
and what plain code starts with `asyncio.run`.
Searches of an index in memory (FAISS) have medium confidence: they reach no network, and take milliseconds unless the
index is large. So has what a call comes to that takes one of many ways, most of which do not block, what is done once
and remembered, and a coroutine that plain code hands to a library.

## Why is this bad
An event loop runs one thing at a time. While such a call waits, the worker answers nobody: no other request, no health
probe, no token of a running stream. A model call of 20 seconds stops the service for 20 seconds.

## Example
```python
import requests
from fastapi import FastAPI

app = FastAPI()


@app.get("/rates")
async def rates():
    return requests.get("https://rates.example.com/today", timeout=5).json()
```

## Use instead
```python
import requests
from fastapi import FastAPI

app = FastAPI()


@app.get("/rates")
def rates():
    return requests.get("https://rates.example.com/today", timeout=5).json()
```

A plain `def` handler runs in a thread of the pool. Inside a coroutine use the asynchronous client of the SDK, or
`await asyncio.to_thread(...)`.

## References
- https://fastapi.tiangolo.com/async/
- https://docs.python.org/3/library/asyncio-dev.html#running-blocking-code
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Confidence, Finding, Step
from aiaudit.model.blocking import BlockingCall
from aiaudit.rule import HIGH, Rule

rule = Rule(
    id="LIF301",
    name="blocking-call-in-async-route",
    summary="A blocking call runs on the event loop",
    severity=HIGH,
    since="0.1.0",
    aliases=("ASYNC210", "ASYNC212", "ASYNC220", "ASYNC251"),
)


@rule.check(BlockingCall)
def blocking_call_in_async_route(blocking: BlockingCall) -> Iterator[Finding]:
    """One finding a call inside a coroutine."""
    entry = blocking.reach.entry
    loop = f"the event loop of {entry.label}" if entry.kind == "request" else "the event loop that serves all requests"
    if blocking.loop is not None:
        message = f"the loop waits for each piece of {blocking.name}, which blocks {loop}"
    elif blocking.path:
        called = blocking.call.name or "call"
        message = f"{called}() ends in {blocking.name}, which blocks {loop}"
    else:
        message = f"{blocking.name} blocks {loop}"
    if blocking.more:
        count = len(blocking.more)
        message += f", and so {'does 1 more call' if count == 1 else f'do {count} more calls'} in the same function"
    # Which loop a library runs a coroutine on that it is handed, only the library knows.
    is_doubtful = blocking.known.entry.brief or blocking.reach.is_on_unknown_loop or blocking.rare
    yield rule.at(
        blocking.place,
        message,
        help="await an asynchronous client, off-load with asyncio.to_thread, or make the handler a plain def",
        trace=blocking.trace,
        related=[Step("blocks as well", call.span) for call in blocking.more],
        confidence=Confidence.MEDIUM if is_doubtful else None,
    )
