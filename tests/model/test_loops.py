"""Loops around models: what ends them, which graphs go round, and whose default the number of steps is."""

from __future__ import annotations

from pathlib import Path
from textwrap import indent

import pytest

from aiaudit.model.knowledge.schema import INFINITE
from aiaudit.model.loops import agent_loops, endless_retries
from aiaudit.model.service import Service
from tests.model.linked import service_of

HEAD = """
import asyncio
import time
from fastapi import FastAPI
from openai import OpenAI

app = FastAPI()
client = OpenAI(timeout=20, max_retries=1)


def ask(messages):
    return client.chat.completions.create(model="gpt-4.1-mini", max_tokens=100, messages=messages).choices[0].message

"""
GRAPH = """
from fastapi import FastAPI
from langchain_openai import ChatOpenAI
from langgraph.graph import END, START, StateGraph

app = FastAPI()
llm = ChatOpenAI(model="gpt-4.1-mini", max_tokens=100, timeout=20, max_retries=1)


def work(state):
    return {"messages": [llm.invoke(state["messages"])]}


def check(state):
    return "work"

"""


def _with_loop(folder: Path, loop: str) -> Service:
    """A service with a route whose handler holds a loop."""
    body = indent(loop, "    ")
    return service_of(folder, {"main.py": f'{HEAD}\n@app.get("/run")\ndef run():\n    messages = []\n{body}\n'})


@pytest.mark.parametrize(
    "loop",
    [
        "while True:\n    messages.append(ask(messages))\n    if not messages[-1].tool_calls:\n        return messages",
        "answer = ask(messages)\nwhile answer.tool_calls:\n    answer = ask(messages)\nreturn answer",
    ],
)
def test_loops_that_the_model_ends(loop: str, tmp_path: Path) -> None:
    service = _with_loop(tmp_path, loop)

    (found,) = agent_loops(service)

    assert (found.kind, found.rounds) == ("own", INFINITE)


@pytest.mark.parametrize(
    "loop",
    [
        "rounds = 0\nwhile True:\n    said = ask(messages)\n    rounds += 1\n    if rounds == 5:\n        break",
        "while len(messages) < 9:\n    said = ask(messages)",
        "left = 5\nwhile left:\n    said = ask(messages)\n    left -= 1",
        "end = time.time() + 9\nwhile True:\n    said = ask(messages)\n    if time.time() > end:\n        break",
        "while True:\n    time.sleep(60)\n    said = ask(messages)\n    if said.content:\n        break",
        "while app.running:\n    ask(messages)",
    ],
)
def test_loops_that_something_else_ends(loop: str, tmp_path: Path) -> None:
    service = _with_loop(tmp_path, loop)

    assert agent_loops(service) == []
    assert endless_retries(service) == []


@pytest.mark.parametrize(
    ("edges", "goes_round"),
    [
        ('graph.add_edge("work", END)', False),
        ('graph.add_edge("work", "work")', True),
        ('graph.add_conditional_edges("work", check)', True),
        ('graph.add_conditional_edges("work", check, {"work": "work", "end": END})', True),
        ('graph.add_conditional_edges("work", lambda state: END if len(state) > 3 else "work", ["work", END])', False),
    ],
)
def test_graphs_that_come_back(edges: str, goes_round: bool, tmp_path: Path) -> None:
    main = f"""{GRAPH}
graph = StateGraph(dict)
graph.add_node("work", work)
graph.add_edge(START, "work")
{edges}
built = graph.compile()


@app.get("/run")
def run():
    return built.invoke({{"messages": []}})
"""
    found = agent_loops(service_of(tmp_path, {"main.py": main}))

    assert [loop.rounds for loop in found] == ([10007] if goes_round else [])


def test_the_locked_version_decides_on_the_steps(tmp_path: Path) -> None:
    main = f"""{GRAPH}
from langgraph.prebuilt import create_react_agent

agent = create_react_agent(llm, [check])


@app.get("/run")
def run():
    return agent.invoke({{"messages": []}})
"""
    service = service_of(tmp_path, {"main.py": main, "requirements.txt": "langgraph==0.6.11\n"})

    assert [loop.rounds for loop in agent_loops(service)] == [25]
