"""A time-out is set where the library drops it.

## What it does
Flags time-outs that bound nothing: `session.timeout = 5` on a `requests.Session`, which has no such setting;
`timeout=` of openai before 1.0, which is not the one of the request; fields that `ChatOllama` does not have and leaves
out in silence; the time-out of an HTTP client that is passed to an SDK which sends its own with every request.

## Why is this bad
The code looks bounded and is not: reviewers see a time-out, and the call waits for as long as the library likes.

## Example
```python
import httpx
from fastapi import FastAPI
from openai import OpenAI

app = FastAPI()
client = OpenAI(http_client=httpx.Client(timeout=5.0), max_retries=1)


@app.get("/models")
def models():
    return [model.id for model in client.models.list()]
```

## Use instead
```python
import httpx
from fastapi import FastAPI
from openai import OpenAI

app = FastAPI()
client = OpenAI(http_client=httpx.Client(), timeout=5.0, max_retries=1)


@app.get("/models")
def models():
    return [model.id for model in client.models.list()]
```

## References
- https://github.com/openai/openai-python#timeouts
- https://requests.readthedocs.io/en/latest/user/advanced/#timeouts
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.timeouts import Wait
from aiaudit.rule import MEDIUM, Rule
from aiaudit_rules.timeouts.shared import explanation, remedy, waits_for

rule = Rule(
    id="TMO106",
    name="ignored-timeout",
    summary="A time-out is set where the library drops it",
    severity=MEDIUM,
    since="0.1.0",
)


@rule.check(Wait)
def ignored_timeout(wait: Wait) -> Iterator[Finding]:
    """Time-outs that look set."""
    if wait.state != "ignored":
        return
    yield rule.at(
        wait.place,
        f"{wait.known.name} drops the time-out that is set here and waits {waits_for(wait)}: {explanation(wait)}",
        help=remedy(wait),
        trace=wait.trace,
    )
