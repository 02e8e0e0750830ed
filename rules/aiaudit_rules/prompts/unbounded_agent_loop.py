"""An agent or a tool loop ends only when the model says so.

## What it does
Flags loops in which a model's answer alone decides whether there is another round:

- agents and teams of libraries that have no cap: AutoGen teams without `max_turns` and without a termination
  condition, and caps that the program takes away (`max_iterations=None` for LangChain's AgentExecutor,
  `max_turns=None` for the OpenAI agents' Runner, `request_limit=None` for pydantic-ai);
- `while` loops and functions that call themselves around a model's call in a request or task, with no counter, no
  comparison of sizes and no deadline that ends them; a limit that is None wherever the program sets it ends nothing;
 - `while` loops there that look again and again whether a provider is done with a run, a batch or a file
   (`runs.retrieve`), with none of these and no deadline around them.

Not flagged: loops that wait for a message of a client or a queue in each round, `for` loops, and the defaults of
libraries that stop early by themselves (15 iterations, 10 turns, 20 steps).

## Why is this bad
A model that does not get what it wants calls the same tool again, with a longer conversation each time: the cost of a
run grows with the square of its rounds. Without a cap only the provider's rate limit or an empty account ends it.

## Example
```python
from fastapi import FastAPI
from openai import OpenAI

app = FastAPI()
client = OpenAI(timeout=20, max_retries=1)


def look_up(call):
    return {"role": "tool", "tool_call_id": call.id, "content": "42"}


@app.post("/run")
def run():
    messages = [{"role": "user", "content": "How many guests are there today?"}]
    while True:
        answer = client.chat.completions.create(
            model="gpt-4.1-mini", max_tokens=300, messages=messages, tools=[{"type": "function"}]
        )
        message = answer.choices[0].message
        if not message.tool_calls:
            return {"answer": message.content}
        messages.append(message)
        messages.extend(look_up(call) for call in message.tool_calls)
```

## Use instead
```python
from fastapi import FastAPI, HTTPException
from openai import OpenAI

app = FastAPI()
client = OpenAI(timeout=20, max_retries=1)
ROUNDS = 8


def look_up(call):
    return {"role": "tool", "tool_call_id": call.id, "content": "42"}


@app.post("/run")
def run():
    messages = [{"role": "user", "content": "How many guests are there today?"}]
    for _ in range(ROUNDS):
        answer = client.chat.completions.create(
            model="gpt-4.1-mini", max_tokens=300, messages=messages, tools=[{"type": "function"}]
        )
        message = answer.choices[0].message
        if not message.tool_calls:
            return {"answer": message.content}
        messages.append(message)
        messages.extend(look_up(call) for call in message.tool_calls)
    raise HTTPException(504, "no answer after eight rounds")
```

## References
- https://genai.owasp.org/llmrisk/llm102025-unbounded-consumption/
- https://genai.owasp.org/llmrisk/llm062025-excessive-agency/
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Confidence, Finding
from aiaudit.model.loops import AgentLoop
from aiaudit.rule import HIGH, Rule

rule = Rule(
    id="PRM301",
    name="unbounded-agent-loop",
    summary="An agent or a tool loop ends only when the model says so",
    severity=HIGH,
    since="0.1.0",
)


@rule.check(AgentLoop)
def unbounded_agent_loop(loop: AgentLoop) -> Iterator[Finding]:
    """One finding a loop."""
    if not loop.endless:
        return
    yield rule.at(
        loop.span,
        _message(loop),
        help=_remedy(loop),
        trace=loop.steps,
        confidence=Confidence.HIGH if loop.kind == "framework" else Confidence.MEDIUM,
    )


def _message(loop: AgentLoop) -> str:
    if loop.kind == "own":
        return f"this loop asks {loop.name} until the answer ends it: no number of rounds does"
    if loop.kind == "polling":
        what = f"this loop asks {loop.name} until the provider says that it is done"
        return f"{what}: no number of rounds and no time ends it"
    if loop.kind == "recursion":
        return f"{loop.name} asks a model and calls itself again: no number of rounds ends it"
    if loop.removed:
        return f"{loop.name} runs with {loop.parameter}=None: only the model's answer ends the loop"
    return f"{loop.name} sets no {loop.parameter}: {loop.source} runs until a model's answer ends the loop"


def _remedy(loop: AgentLoop) -> str:
    if loop.kind == "framework":
        return f"set {loop.parameter} to the most rounds that a good run needs, and handle the run that reaches it"
    if loop.kind == "polling":
        return "give up after a time (asyncio.timeout, a deadline in the loop), and cancel what runs there"
    return "loop over range(n) with the most rounds that a good run needs, and answer what there is after the last one"
