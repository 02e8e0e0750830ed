"""A model call may wait for minutes or for ever.

## What it does
Flags clients and calls of language models, embeddings and agents on a server path whose effective time-out is none or
at least 300 seconds in the worst case, retries counted. The effective time-out is that of the call, else of the client,
else of the HTTP client inside it, else of the library; a deadline around the call (`asyncio.timeout`, `wait_for`, a
middleware that bounds every request, a time limit that arq or Celery is given for the job) counts as well.
A client that no code uses waits for nothing.

## Why is this bad
A provider that hangs holds the request, its connection and its worker for as long. The OpenAI SDK waits 3 x 600 s; the
LangChain wrappers and google-genai pass no time-out at all. A handful of such requests stops a service.

## Example
```python
from fastapi import FastAPI
from openai import OpenAI

app = FastAPI()
client = OpenAI()


@app.get("/models")
def models():
    return [model.id for model in client.models.list()]
```

## Use instead
```python
from fastapi import FastAPI
from openai import OpenAI

app = FastAPI()
client = OpenAI(timeout=20, max_retries=1)


@app.get("/models")
def models():
    return [model.id for model in client.models.list()]
```

## References
- https://github.com/openai/openai-python#timeouts
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.timeouts import Wait
from aiaudit.rule import HIGH, Rule
from aiaudit_rules.timeouts.shared import MODELS, explanation, is_unbounded, lack, remedy, waits_for

rule = Rule(
    id="TMO102",
    name="llm-without-timeout",
    summary="A model call may wait for minutes or for ever",
    severity=HIGH,
    since="0.1.0",
)


@rule.check(Wait)
def llm_without_timeout(wait: Wait) -> Iterator[Finding]:
    """Models, embeddings, agents."""
    if wait.entry.purpose not in MODELS or wait.forgotten or not is_unbounded(wait):
        return
    yield rule.at(
        wait.known.call.span,
        f"{wait.known.name} {lack(wait)} and waits {waits_for(wait)}: {explanation(wait)}",
        help=remedy(wait, "10-60 s"),
        trace=wait.trace,
    )
