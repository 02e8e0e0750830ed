"""A time-out is switched off.

## What it does
Flags `timeout=None`, `timeout=0` where that means none, `httpx.Timeout(None)` and `ClientTimeout(total=None)` on a
server path, unless a deadline stands around the calls.

## Why is this bad
The library had a limit and the code took it away: the call now waits for ever.

## Example
```python
import httpx
from fastapi import FastAPI

app = FastAPI()
client = httpx.AsyncClient(timeout=None)


@app.get("/rates")
async def rates():
    return (await client.get("https://rates.example.com/today")).json()
```

## Use instead
```python
import httpx
from fastapi import FastAPI

app = FastAPI()
client = httpx.AsyncClient(timeout=httpx.Timeout(5, read=30))


@app.get("/rates")
async def rates():
    return (await client.get("https://rates.example.com/today")).json()
```

## References
- https://www.python-httpx.org/advanced/timeouts/
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.timeouts import Wait
from aiaudit.rule import HIGH, Rule
from aiaudit_rules.timeouts.shared import remedy

rule = Rule(
    id="TMO103",
    name="timeout-disabled",
    summary="A time-out is switched off",
    severity=HIGH,
    since="0.1.0",
)


@rule.check(Wait)
def timeout_disabled(wait: Wait) -> Iterator[Finding]:
    """Explicit None, or zero where it means none."""
    if wait.state != "disabled":
        return
    yield rule.at(
        wait.known.call.span,
        f"{wait.known.name} is told to wait for ever: its time-out is switched off",
        help=remedy(wait),
        trace=wait.trace,
    )
