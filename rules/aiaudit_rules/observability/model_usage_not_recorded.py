"""Nobody looks at what the calls of a model cost.

## What it does
Flags web applications that generate with a model in requests while the program never reads the usage of an answer
(`usage`, `usage_metadata`, token counts, a usage callback) and uses no library that records it.

## Why is this bad
Tokens are the bill. Who does not record them per route and user learns from the invoice that a prompt has grown, that
a loop repeats itself, or that somebody uses the service as a free model.

## Example
```python
from fastapi import FastAPI
from openai import OpenAI

app = FastAPI()
client = OpenAI(timeout=20, max_retries=1)


@app.post("/title")
def title():
    answer = client.chat.completions.create(
        model="gpt-4.1-mini", max_tokens=20, messages=[{"role": "user", "content": "A title, please"}]
    )
    return answer.choices[0].message.content
```

## Use instead
```python
import logging

from fastapi import FastAPI
from openai import OpenAI

app = FastAPI()
client = OpenAI(timeout=20, max_retries=1)


@app.post("/title")
def title():
    answer = client.chat.completions.create(
        model="gpt-4.1-mini", max_tokens=20, messages=[{"role": "user", "content": "A title, please"}]
    )
    logging.info("title used %s tokens", answer.usage.total_tokens)
    return answer.choices[0].message.content
```

## References
- https://opentelemetry.io/docs/specs/semconv/gen-ai/
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Confidence, Finding, Step
from aiaudit.model.observation import Observation
from aiaudit.rule import LOW, Rule

rule = Rule(
    id="OBS104",
    name="model-usage-not-recorded",
    summary="Nobody looks at what the calls of a model cost",
    severity=LOW,
    since="0.1.0",
    confidence=Confidence.MEDIUM,
    profile="pedantic",
)


@rule.check(Observation)
def model_usage_not_recorded(observed: Observation) -> Iterator[Finding]:
    """Applications that generate and record nothing."""
    known = observed.generation
    if known is None or observed.has_usage:
        return
    yield rule.at(
        known.call.callee_span,
        f"nobody reads how many tokens {known.name} has used",
        help="log or count usage with each answer, per route and user, or use a library that records it",
        trace=[Step("the application", observed.application.call.callee_span)],
    )
