"""An HTTP call may wait for ever.

## What it does
Flags HTTP calls and sessions, sockets, mail and RPC connections on a server path that have no time-out, or one of at
least 300 seconds: `requests` and `urllib` have none by default, `aiohttp` has 300 s, `httpx` has 5 s and is right.

## Why is this bad
One upstream that accepts the connection and never answers takes a worker thread or a connection out of service, for
ever.

## Example
```python
import requests
from fastapi import FastAPI

app = FastAPI()


@app.get("/rates")
def rates():
    return requests.get("https://rates.example.com/today").json()
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

## References
- https://requests.readthedocs.io/en/latest/user/advanced/#timeouts
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.addresses import STORES
from aiaudit.model.timeouts import Wait
from aiaudit.rule import HIGH, Rule
from aiaudit_rules.timeouts.shared import MODELS, explanation, is_local, is_unbounded, lack, remedy, waits_for

rule = Rule(
    id="TMO101",
    name="http-without-timeout",
    summary="An HTTP call may wait for ever",
    severity=HIGH,
    since="0.1.0",
    aliases=("S113", "B113"),
)


@rule.check(Wait)
def http_without_timeout(wait: Wait) -> Iterator[Finding]:
    """Network calls to whatever is neither a model nor a data store."""
    if wait.entry.purpose in (*MODELS, *STORES) or is_local(wait) or not is_unbounded(wait):
        return
    yield rule.at(
        wait.known.call.span,
        f"{wait.known.name} {lack(wait)} and waits {waits_for(wait)}: {explanation(wait)}",
        help=remedy(wait, "2-10 s"),
        trace=wait.trace,
    )
