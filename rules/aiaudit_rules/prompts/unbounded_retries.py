"""A failing model call is repeated without end.

## What it does
Flags attempts that go on until one succeeds, around a call of a model or of another service: tenacity's `retry`
without `stop`, `backoff` without `max_tries` and `max_time`, `retrying` without a stop, `while True` loops that catch
the failure and try again, and functions that call themselves from their own `except`.

Retries that the SDKs make by themselves are limited; the rules about time-outs count them.

## Why is this bad
While a provider is down or refuses the key, each request stays in the loop for ever: it holds its worker, its
connection and its client, and sends call after call into the outage. Calls that fail after the model has answered (a
parse error, a refused tool) are paid for each time.

## Example
```python
from fastapi import FastAPI
from openai import OpenAI
from tenacity import retry, wait_exponential

app = FastAPI()
client = OpenAI(timeout=20, max_retries=0)


@retry(wait=wait_exponential(max=10))
def ask():
    return client.chat.completions.create(
        model="gpt-4.1-mini", max_tokens=50, messages=[{"role": "user", "content": "A motto, please"}]
    )


@app.get("/motto")
def motto():
    return ask().choices[0].message.content
```

## Use instead
```python
from fastapi import FastAPI
from openai import OpenAI
from tenacity import retry, stop_after_attempt, wait_exponential

app = FastAPI()
client = OpenAI(timeout=20, max_retries=0)


@retry(stop=stop_after_attempt(3), wait=wait_exponential(max=10))
def ask():
    return client.chat.completions.create(
        model="gpt-4.1-mini", max_tokens=50, messages=[{"role": "user", "content": "A motto, please"}]
    )


@app.get("/motto")
def motto():
    return ask().choices[0].message.content
```

## References
- https://tenacity.readthedocs.io/en/latest/#stopping
- https://sre.google/sre-book/addressing-cascading-failures/
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.loops import EndlessRetry
from aiaudit.rule import MEDIUM, Rule

rule = Rule(
    id="PRM303",
    name="unbounded-retries",
    summary="A failing model call is repeated without end",
    severity=MEDIUM,
    since="0.1.0",
)


@rule.check(EndlessRetry)
def unbounded_retries(retry: EndlessRetry) -> Iterator[Finding]:
    """One finding a decorator, loop or recursion."""
    without = f" without {retry.parameter}" if retry.parameter else ""
    yield rule.at(
        retry.span,
        f"{retry.how}{without} repeats {retry.name} until it succeeds: nothing limits the attempts",
        help="stop after a few attempts and within the time that the client waits, then answer with the failure",
        trace=retry.steps,
    )
