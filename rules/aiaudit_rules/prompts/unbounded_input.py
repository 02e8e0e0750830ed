"""Request text of any length reaches a model.

## What it does
Follows the text of requests (fields of body models, query parameters, forms, JSON bodies, messages of sockets,
uploads, pages behind addresses that the client gives) to the calls of language, embedding, reranking and speech models,
and flags a call that such text reaches with nothing on its way that limits its length. The trace leads from the field
to the call.

These bounds count: `max_length` on the schema, the query, the form or the serializer field, also through `Annotated`;
validators and checks in code that refuse or cut what is too long, by characters or by tokens; slices and helpers that
cut; a closed list of values; truncation by the tokenizer; a limit on request bodies of at most 1 MiB (64 MiB for
uploads) in the framework's settings or in a middleware. `max_length` on a list limits the number of its items, not
their size. Splitting a text into pieces bounds each piece, not their number: such a call is reported with less
confidence. Where one call asks one model out of a table of many, the first says how many others the same text may go
to, and those have medium confidence.

## Why is this bad
Whoever sends the request decides what it costs: providers bill every input token, a megabyte of text is about a quarter
of a million of them, and most servers take bodies of any size. Local models run out of memory or block for minutes on
what one client sends.

## Example
```python
from fastapi import FastAPI
from openai import AsyncOpenAI
from pydantic import BaseModel

app = FastAPI()
client = AsyncOpenAI(timeout=20, max_retries=1)


class ChatRequest(BaseModel):
    message: str


@app.post("/chat")
async def chat(request: ChatRequest):
    answer = await client.chat.completions.create(
        model="gpt-4.1-mini", max_tokens=300, messages=[{"role": "user", "content": request.message}]
    )
    return {"answer": answer.choices[0].message.content}
```

## Use instead
```python
from fastapi import FastAPI
from openai import AsyncOpenAI
from pydantic import BaseModel, Field

app = FastAPI()
client = AsyncOpenAI(timeout=20, max_retries=1)


class ChatRequest(BaseModel):
    message: str = Field(max_length=4000)


@app.post("/chat")
async def chat(request: ChatRequest):
    answer = await client.chat.completions.create(
        model="gpt-4.1-mini", max_tokens=300, messages=[{"role": "user", "content": request.message}]
    )
    return {"answer": answer.choices[0].message.content}
```

## References
- https://docs.pydantic.dev/latest/concepts/fields/
- https://fastapi.tiangolo.com/tutorial/query-params-str-validations/
- https://genai.owasp.org/llmrisk/llm102025-unbounded-consumption/
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Confidence, Finding, Step
from aiaudit.model.flow import Flow
from aiaudit.rule import HIGH, Rule

rule = Rule(
    id="PRM101",
    name="unbounded-input",
    summary="Request text of any length reaches a model",
    severity=HIGH,
    since="0.1.0",
)

_SHOWN, _LONG = 5, 14


@rule.check(Flow)
def unbounded_input(flow: Flow) -> Iterator[Finding]:
    """One finding a model call: the nearest source in the message, the others related."""
    yield rule.at(
        flow.call.call.span,
        f"{flow.source.description} reaches {flow.call.name} {_or_another(flow)}{_unbounded(flow)}",
        help=_remedy(flow),
        trace=flow.steps,
        related=[
            *(Step(f"{other.description} reaches it, too", other.span) for other in flow.others[:_SHOWN]),
            *(Step(f"or {other.name}", other.call.span) for other in flow.alternatives),
        ],
        confidence=_confidence(flow),
    )


def _or_another(flow: Flow) -> str:
    """That the text goes to one model of several, by the name of the call that chooses."""
    if not flow.alternatives or flow.chosen is None:
        return ""
    count = len(flow.alternatives)
    return f"(or {'another call' if count == 1 else f'one of {count} other calls'} behind {flow.chosen.name}()) "


def _unbounded(flow: Flow) -> str:
    """What is missing, with how much the server takes where that is known."""
    if flow.cut:
        return "in pieces: each is short, their number has no bound"
    if flow.source.many:
        return "item by item: each is bounded, their number is not"
    return f"with no bound on its length{flow.accepted}"


def _remedy(flow: Flow) -> str:
    source = flow.source
    if source.kind == "upload":
        return "refuse files above a size that you can afford to embed or to send, before reading them"
    if source.kind == "fetched":
        return "cut what was fetched to a number of characters that you can afford"
    if flow.cut:
        return "refuse what makes more pieces than you can afford, before the call"
    if source.many:
        return f"limit the number of items as well: `{source.field}: list[...] = Field(max_length=20)`"
    if source.owner:
        return f"set a limit that you can afford: `{source.field}: str = Field(max_length=4000)`"
    if source.description.startswith("argument") and flow.source.field:
        return f"set a limit that you can afford: `{source.field}: Annotated[str, Field(max_length=4000)]`"
    if source.description.startswith("parameter"):
        return f"set a limit that you can afford: `{source.field}: Annotated[str, Query(max_length=4000)]`"
    return "check the length and refuse or cut what is longer than you can afford before the call"


def _confidence(flow: Flow) -> Confidence:
    """Pieces, uploads and encoders that cut by themselves are a matter of taste; long ways may be none; and of the
    models that one call chooses from, one is enough to look at."""
    affordable = flow.cut or flow.source.kind != "text" or flow.source.many or flow.truncates
    if affordable or flow.instead_of is not None or len(flow.steps) > _LONG:
        return Confidence.MEDIUM
    return Confidence.HIGH
