"""A request's list decides how many model calls run at the same time.

## What it does
Flags model calls that are started together, one for each item of a list in the request, where nothing limits the
number of items: `asyncio.gather(*(ask(text) for text in body.texts))`, tasks started in a loop, `abatch` of
LangChain.

These limits count: `max_length` on the list, a comparison of its length, a slice, a semaphore or limiter inside of
what is started, and `max_concurrency` in the configuration of a batch. Pools with a fixed number of workers are not
flagged.

## Why is this bad
One request with a thousand items becomes a thousand calls in the same second: the provider answers 429 to all other
users of the account, connections and memory run out, and the bill is a thousand times that of a question.

## Example
```python
import asyncio

from fastapi import FastAPI
from openai import AsyncOpenAI
from pydantic import BaseModel, StringConstraints
from typing import Annotated

app = FastAPI()
client = AsyncOpenAI(timeout=20, max_retries=1)


class Order(BaseModel):
    subjects: list[Annotated[str, StringConstraints(max_length=100)]]


async def motto(subject):
    answer = await client.chat.completions.create(
        model="gpt-4.1-mini", max_tokens=50, messages=[{"role": "user", "content": f"A motto on {subject}"}]
    )
    return answer.choices[0].message.content


@app.post("/mottos")
async def mottos(order: Order):
    return await asyncio.gather(*(motto(subject) for subject in order.subjects))
```

## Use instead
```python
import asyncio

from fastapi import FastAPI
from openai import AsyncOpenAI
from pydantic import BaseModel, Field, StringConstraints
from typing import Annotated

app = FastAPI()
client = AsyncOpenAI(timeout=20, max_retries=1)


class Order(BaseModel):
    subjects: list[Annotated[str, StringConstraints(max_length=100)]] = Field(max_length=10)


async def motto(subject):
    answer = await client.chat.completions.create(
        model="gpt-4.1-mini", max_tokens=50, messages=[{"role": "user", "content": f"A motto on {subject}"}]
    )
    return answer.choices[0].message.content


@app.post("/mottos")
async def mottos(order: Order):
    return await asyncio.gather(*(motto(subject) for subject in order.subjects))
```

## References
- https://docs.python.org/3/library/asyncio-sync.html#semaphore
- https://genai.owasp.org/llmrisk/llm102025-unbounded-consumption/
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.flow.fanout import FanOut
from aiaudit.rule import MEDIUM, Rule

rule = Rule(
    id="PRM304",
    name="unbounded-fan-out",
    summary="A request's list decides how many model calls run at the same time",
    severity=MEDIUM,
    since="0.1.0",
)


@rule.check(FanOut)
def unbounded_fan_out(fan_out: FanOut) -> Iterator[Finding]:
    """One finding a place that starts the calls."""
    yield rule.at(
        fan_out.call.span,
        f"{fan_out.number.description} decides how many calls of {fan_out.model} run at once: its length has no limit",
        help="limit the list, `Field(max_length=10)`, and let a semaphore admit a few calls at a time",
        trace=fan_out.steps,
    )
