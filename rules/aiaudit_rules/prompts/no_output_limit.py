"""A generation without a limit on its output.

## What it does
Flags generation calls, or the model objects that make them, that set no maximum number of output tokens under any of
its names in that library, where the library has no cap of its own. Requests over plain HTTP to the APIs of OpenAI (and
of the many that speak like it), Gemini and Ollama count as well, and so do, with less confidence, those to an address
that only the environment or a setting tells, with turns (`role` and `content`) or a prompt and a model. Caps that
count: the parameter at the call, at the model object, in a configuration object or dict passed along; the defaults of
transformers (20), its pipelines (256), vLLM (16), OpenAI's completions that are no chats (16) and others. A cap that
only one branch of a condition puts into the options of the call is none for the other; that it is left out where its
own value is missing decides nothing.

## Why is this bad
Output tokens are the expensive ones and the slow ones. Without a cap one request may run to the model's maximum: tens
of thousands of tokens, minutes of waiting, and a bill that a user decides.

## Example
```python
from fastapi import FastAPI
from openai import OpenAI

app = FastAPI()
client = OpenAI(timeout=20, max_retries=1)


@app.get("/motto")
def motto():
    answer = client.chat.completions.create(
        model="gpt-4.1-mini", stream=False, messages=[{"role": "user", "content": "A motto, please"}]
    )
    return answer.choices[0].message.content
```

## Use instead
```python
from fastapi import FastAPI
from openai import OpenAI

app = FastAPI()
client = OpenAI(timeout=20, max_retries=1)


@app.get("/motto")
def motto():
    answer = client.chat.completions.create(
        model="gpt-4.1-mini", max_tokens=50, messages=[{"role": "user", "content": "A motto, please"}]
    )
    return answer.choices[0].message.content
```

## References
- https://platform.openai.com/docs/api-reference/chat/create
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Confidence, Finding
from aiaudit.model.outputs import UncappedOutput
from aiaudit.rule import HIGH, Rule

rule = Rule(
    id="PRM201",
    name="no-output-limit",
    summary="A generation without a limit on its output",
    severity=HIGH,
    since="0.1.0",
)


@rule.check(UncappedOutput)
def no_output_limit(uncapped: UncappedOutput) -> Iterator[Finding]:
    """One finding a generation or model object."""
    parameter = uncapped.parameters[0]
    sets = f"a limit under a condition alone: without {parameter}" if uncapped.sometimes else f"no {parameter}:"
    yield rule.at(
        uncapped.call.span,
        f"{uncapped.name} sets {sets} an answer may run to the model's maximum ({uncapped.source} sets none)",
        help=f"set {parameter} to the longest answer that you want to pay and wait for",
        trace=uncapped.trace,
        confidence=Confidence.MEDIUM if uncapped.sometimes or uncapped.draws or uncapped.guessed else None,
    )
