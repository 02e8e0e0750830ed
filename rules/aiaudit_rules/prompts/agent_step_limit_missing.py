"""An agent graph may take thousands of steps.

## What it does
Flags runs of agent graphs whose step limit is left to a default so high that it limits nothing: LangGraph stops after
10 007 steps (25 in releases before that changed), an agent of LangChain's `create_agent` after 9 999. Only graphs
that can come back to a node count: prebuilt agents with tools, and own graphs whose edges lead round with no routing
function that compares a counter or looks at the remaining steps.

A `recursion_limit` in the configuration of the run or of the graph (`with_config`), middleware that counts the calls,
and the variable `LANGGRAPH_DEFAULT_RECURSION_LIMIT` in a deploy file count as limits.

## Why is this bad
Each step asks a model with the whole conversation so far. A graph that two nodes keep tossing back and forth runs into
the thousands before the library stops it: hours of waiting and a bill, for one request.

## Example
```python
from fastapi import FastAPI
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from langgraph.prebuilt import create_react_agent

app = FastAPI()
llm = ChatOpenAI(model="gpt-4.1-mini", max_tokens=300, timeout=20, max_retries=1)


@tool
def stock(article: str) -> int:
    \"\"\"How many of an article there are.\"\"\"
    return 42


agent = create_react_agent(llm, [stock])


@app.get("/stock")
def answer():
    return agent.invoke({"messages": [("user", "How many chairs are left?")]})["messages"][-1].content
```

## Use instead
```python
from fastapi import FastAPI
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from langgraph.prebuilt import create_react_agent

app = FastAPI()
llm = ChatOpenAI(model="gpt-4.1-mini", max_tokens=300, timeout=20, max_retries=1)


@tool
def stock(article: str) -> int:
    \"\"\"How many of an article there are.\"\"\"
    return 42


agent = create_react_agent(llm, [stock])


@app.get("/stock")
def answer():
    question = {"messages": [("user", "How many chairs are left?")]}
    return agent.invoke(question, config={"recursion_limit": 12})["messages"][-1].content
```

## References
- https://docs.langchain.com/oss/python/langgraph/graph-api#recursion-limit
- https://genai.owasp.org/llmrisk/llm102025-unbounded-consumption/
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.loops import AgentLoop
from aiaudit.rule import MEDIUM, Rule

rule = Rule(
    id="PRM302",
    name="agent-step-limit-missing",
    summary="An agent graph may take thousands of steps",
    severity=MEDIUM,
    since="0.1.0",
)

# The most rounds for which a library's own default still is a limit: haystack's agents stop after 100.
AFFORDABLE = 100


@rule.check(AgentLoop)
def agent_step_limit_missing(loop: AgentLoop) -> Iterator[Finding]:
    """One finding a graph, at its first run."""
    if loop.endless or loop.rounds <= AFFORDABLE:
        return
    yield rule.at(
        loop.span,
        f"{loop.name} may take {loop.rounds:.0f} steps: the default {loop.parameter} of {loop.source}",
        help=f"set {loop.parameter} in the run's configuration to the most steps that a good run needs",
        trace=loop.steps,
    )
