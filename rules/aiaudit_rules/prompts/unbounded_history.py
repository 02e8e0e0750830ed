"""A conversation is sent to the model whole and grows without limit.

## What it does
Flags conversations that a model gets from their first turn on, with nothing that limits their number of turns:

- lists that live longer than a request (module variables, attributes of long-lived objects, a socket's connection) and
  that requests add to: the finding stands at the addition;
- lists of messages in a request's body without a maximum number of items;
- memory objects that keep every turn, such as `ConversationBufferMemory`, sessions of openai-agents that outlive a
  request and that runs are given (without `session_settings`), and graphs whose checkpointer stores each
  thread while nothing trims it (one with a new random id for each request is never gone on with);
- queries that read all stored messages of a conversation, written `SELECT`s without a `LIMIT` and `find` of MongoDB
  included;
- conversations that a request loads from a store, adds to and stores again, also where another service of the
  repository gets them.

A window (`history[-20:]`, `deque(maxlen=20)`, a windowed or token-limited memory), a check of the length, `max_length`
on the list, `trim_messages` and a `LIMIT` in the query all count, also in a method of a query set or manager of one's
own. A window that keeps the last message whatever its size counts here; the size of that message is unbounded-input's.

## Why is this bad
Every turn pays for all turns before it, so the cost of a conversation grows with its square; in the end it exceeds the
model's context window and every further request fails. A list in a module is shared by all users on top of that.

## Example
```python
from fastapi import FastAPI
from openai import AsyncOpenAI
from pydantic import BaseModel, Field

app = FastAPI()
client = AsyncOpenAI(timeout=20, max_retries=1)
history: list[dict[str, str]] = []


class ChatRequest(BaseModel):
    message: str = Field(max_length=4000)


@app.post("/chat")
async def chat(request: ChatRequest):
    history.append({"role": "user", "content": request.message})
    answer = await client.chat.completions.create(model="gpt-4.1-mini", max_tokens=300, messages=history)
    return {"answer": answer.choices[0].message.content}
```

## Use instead
```python
from collections import deque

from fastapi import FastAPI
from openai import AsyncOpenAI
from pydantic import BaseModel, Field

app = FastAPI()
client = AsyncOpenAI(timeout=20, max_retries=1)
history: deque[dict[str, str]] = deque(maxlen=20)


class ChatRequest(BaseModel):
    message: str = Field(max_length=4000)


@app.post("/chat")
async def chat(request: ChatRequest):
    history.append({"role": "user", "content": request.message})
    answer = await client.chat.completions.create(model="gpt-4.1-mini", max_tokens=300, messages=list(history))
    return {"answer": answer.choices[0].message.content}
```

## References
- https://docs.langchain.com/oss/python/langchain/short-term-memory
- https://genai.owasp.org/llmrisk/llm102025-unbounded-consumption/
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Confidence, Finding
from aiaudit.model.flow import GrowingConversation
from aiaudit.rule import HIGH, Rule

rule = Rule(
    id="PRM102",
    name="unbounded-history",
    summary="A conversation is sent to the model whole and grows without limit",
    severity=HIGH,
    since="0.1.0",
)

_MESSAGES = {
    "kept": "{what} grows with every request and goes whole to {where}",
    "client": "{what} may hold any number of turns, and all of them go to {where}",
    "memory": "{what} keeps every turn and sends all of them to {where}",
    "stored": "all stored {what} rows of a conversation go to {where}",
}
_REMEDIES = {
    "kept": "keep a window: a deque with maxlen, or history[-20:] in the call",
    "client": "limit the list, `Field(max_length=40)`, or send its last turns alone",
    "memory": "use a memory with a window or a token limit, or trim the messages before the model gets them",
    "stored": "read the last turns alone: order by time, descending, with a limit",
}


@rule.check(GrowingConversation)
def unbounded_history(history: GrowingConversation) -> Iterator[Finding]:
    """One finding a place where a conversation grows."""
    yield rule.at(
        history.span,
        _MESSAGES[history.kind].format(what=history.what, where=history.where),
        help=_REMEDIES[history.kind],
        trace=history.steps,
        confidence=Confidence.HIGH if history.kind == "kept" else Confidence.MEDIUM,
    )
