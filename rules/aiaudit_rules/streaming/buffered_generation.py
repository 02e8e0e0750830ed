"""A route waits for a whole generation that could be streamed.

## What it does
Flags generation calls whose full answer a route returns in one piece, where the library streams. Not flagged: routes
that stream in some branch or have a streaming twin, structured answers (`response_format`, tools, a form without a
text of prose), short answers (a small output cap), many answers at once, and work put off to a queue. Chains, query
engines and graphs count where a model of theirs writes prose, and requests to the API of a model whose payload is
written down. One finding a route: at the generation, or at the handler's call where several routes wait for the same
one.

## Why is this bad
A model writes some tens of tokens a second. Who waits for the last one sees nothing for ten or twenty seconds, takes it
for a crash and tries again; streamed, the first words come within a second.

## Example
```python
from fastapi import FastAPI
from openai import OpenAI

app = FastAPI()
client = OpenAI(timeout=20, max_retries=1)


@app.get("/story")
def story():
    answer = client.chat.completions.create(
        model="gpt-4.1-mini", max_tokens=800, messages=[{"role": "user", "content": "A story, please"}]
    )
    return {"story": answer.choices[0].message.content}
```

## Use instead
```python
from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from openai import OpenAI

app = FastAPI()
client = OpenAI(timeout=20, max_retries=1)


def tokens():
    for chunk in client.chat.completions.create(
        model="gpt-4.1-mini", max_tokens=800, stream=True, messages=[{"role": "user", "content": "A story, please"}]
    ):
        yield f"data: {chunk.choices[0].delta.content or ''}\\n\\n"


@app.get("/story")
def story():
    return StreamingResponse(tokens(), media_type="text/event-stream")
```

## References
- https://developer.mozilla.org/en-US/docs/Web/API/Server-sent_events/Using_server-sent_events
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Confidence, Finding
from aiaudit.model.streaming import BufferedAnswer
from aiaudit.rule import LOW, Rule

rule = Rule(
    id="STR101",
    name="buffered-generation",
    summary="A route waits for a whole generation that could be streamed",
    severity=LOW,
    since="0.1.0",
    confidence=Confidence.MEDIUM,
)


@rule.check(BufferedAnswer)
def buffered_generation(answer: BufferedAnswer) -> Iterator[Finding]:
    """One finding a route."""
    yield rule.at(
        answer.call.span,
        f"{answer.route.label} waits for the whole answer of {answer.known.name}, which can stream",
        help="stream the tokens (server-sent events) and close the stream when the client goes away",
        trace=answer.trace,
    )
