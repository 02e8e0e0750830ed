"""A conversation grows without limit and goes to a model whole.

## What it does
Flags lists that outlive a request (of a module, on the application's state, on a shared object), are appended to while
serving, and reach a model call whole; and memory objects that keep every turn. What counts as a window: a slice, a
pop, a check of the length, a `deque` with `maxlen`, `trim_messages`, and the memory classes that have one.

## Why is this bad
Each turn costs the tokens of all turns before it: the price of a conversation grows with its square. In the end the
context of the model overflows and every further request fails; a list shared by all users fails for all of them.

## Example
```python
from fastapi import FastAPI
from openai import OpenAI

app = FastAPI()
client = OpenAI(timeout=20, max_retries=1)
history = []


@app.post("/chat")
def chat(mood: int):
    history.append({"role": "user", "content": f"My mood is {mood}"})
    answer = client.chat.completions.create(model="gpt-4.1-mini", max_tokens=100, messages=history)
    history.append({"role": "assistant", "content": answer.choices[0].message.content})
    return history[-1]["content"]
```

## Use instead
```python
from fastapi import FastAPI
from openai import OpenAI

app = FastAPI()
client = OpenAI(timeout=20, max_retries=1)
history = []


@app.post("/chat")
def chat(mood: int):
    history.append({"role": "user", "content": f"My mood is {mood}"})
    answer = client.chat.completions.create(model="gpt-4.1-mini", max_tokens=100, messages=history[-8:])
    history.append({"role": "assistant", "content": answer.choices[0].message.content})
    return history[-1]["content"]
```

## References
- https://python.langchain.com/docs/how_to/trim_messages/
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.histories import GrowingHistory
from aiaudit.rule import HIGH, Rule

rule = Rule(
    id="PRM102",
    name="unbounded-history",
    summary="A conversation grows without limit and goes to a model whole",
    severity=HIGH,
    since="0.1.0",
)


@rule.check(GrowingHistory)
def unbounded_history(history: GrowingHistory) -> Iterator[Finding]:
    """One finding a list or memory object."""
    if history.known is None:
        message = f"{history.what} keeps every turn and sends all of them with each prompt"
    else:
        message = f"{history.what} grows with every request and goes to {history.known.name} whole"
    yield rule.at(
        history.span,
        message,
        help="send a window (the last turns, or a token budget), and drop or summarise what is older",
        trace=history.trace,
    )
