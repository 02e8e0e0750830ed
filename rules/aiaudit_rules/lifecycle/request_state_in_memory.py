"""Requests keep state in the memory of one process.

## What it does
Flags code of a request that puts what the request brings (messages, sessions, jobs, uploads, counters) into something
that lives as long as the process: a dict or list of a module, an attribute of an object made once, `app.state`, an
index in memory. Another request has to read it. One finding a function and owner; the trace leads from the route to
the write, and names a place that reads. Graphs of LangGraph whose checkpointer saves in memory (`MemorySaver`) count,
where requests run them, name a thread that others can name as well, and no other checkpointer takes its place; so do
objects made once that remember what is said through them: memories of LangChain, chats of the Gemini SDKs.

Caches are left alone (what is made where it was missing and could be made again, and what is called a cache), and so
are entries that the same request takes back, itself or in a `finally` of those who have it put there, lazily made
objects, what a logger or metrics keep, and connections, tasks and locks, which no other process could use.

What a library runs at a moment of its own (a tool that an agent is given, a listener) has medium confidence. So have
counts, sets of which the code only asks whether something is in them, to spare itself work, and entries that no request
brings under names that are not made for them.

## Why is this bad
A second worker or replica does not see it: users lose their conversation from one request to the next, jobs are "not
found", limits multiply. A restart or deployment loses all of it, nothing ever removes what nobody fetches, and
handlers in threads change it without a lock.

## Example
```python
from fastapi import FastAPI

app = FastAPI()
jobs = {}


@app.post("/jobs/{job}")
def submit(job: str, text: str):
    jobs[job] = {"text": text, "done": False}
    return {"id": job}


@app.get("/jobs/{job}")
def status(job: str):
    return jobs[job]
```

## Use instead
```python
import os

import redis
from fastapi import FastAPI

app = FastAPI()
store = redis.Redis.from_url(os.environ["REDIS_URL"], socket_timeout=2, socket_connect_timeout=2)


@app.post("/jobs/{job}")
def submit(job: str, text: str):
    store.hset(f"job:{job}", mapping={"text": text, "done": 0})
    store.expire(f"job:{job}", 86400)
    return {"id": job}


@app.get("/jobs/{job}")
def status(job: str):
    return store.hgetall(f"job:{job}")
```

## References
- https://12factor.net/processes
- https://fastapi.tiangolo.com/deployment/concepts/#memory
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding, Step
from aiaudit.model.kept import KeptState
from aiaudit.rule import MEDIUM, Rule

rule = Rule(
    id="LIF201",
    name="request-state-in-memory",
    summary="Requests keep state in the memory of one process",
    severity=MEDIUM,
    since="0.1.0",
)

DEEDS = {
    "entry": "puts an entry into",
    "growth": "adds to",
    "count": "counts in",
    "value": "sets",
    "index": "indexes into",
    "thread": "keeps its threads in",
    "turns": "keeps its conversation in",
}


@rule.check(KeptState)
def request_state_in_memory(state: KeptState) -> Iterator[Finding]:
    """One finding a function and owner."""
    names = ", ".join(state.names[:3]) + (f" and {len(state.names) - 3} more" if len(state.names) > 3 else "")
    label = state.reach.entry.label
    steps = [*state.reach.steps(), Step(f"{DEEDS[state.how]} {state.names[0]}", state.writes[0])]
    yield rule.at(
        state.writes[0],
        f"{label} {DEEDS[state.how]} {names}, which only this process has",
        help="keep it in a store that all processes share (database, Redis), with an expiry",
        trace=[*steps, state.read] if state.read is not None else steps,
        related=[Step("writes as well", span) for span in state.writes[1:]],
        confidence=state.confidence,
    )
