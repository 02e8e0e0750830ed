"""When a client is made, in the words of the finding."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import audit_folder

HEAD = """
from fastapi import FastAPI, WebSocket
from openai import AsyncOpenAI

app = FastAPI()


async def said(number):
    return [m.id async for m in AsyncOpenAI(timeout=20, max_retries=1).models.list()][:number]


@app.websocket("/ws")
async def talk(websocket: WebSocket):
    await websocket.accept()
"""


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("    await websocket.send_json(await said(1))", "connection"),
        ("    while True:\n        await websocket.send_json(await said(await websocket.receive_json()))", "message"),
        ("    async for text in websocket.iter_text():\n        await said(len(text))", "message"),
    ],
)
def test_sockets(tmp_path: Path, body: str, words: str) -> None:
    """A socket is opened once, and what stands in its loop happens for every message."""
    (tmp_path / "main.py").write_text(HEAD + body + "\n")

    (found,) = audit_folder(tmp_path, select=("client-per-request",)).findings

    assert found.finding.message.startswith(f"AsyncOpenAI is built on every {words} to WEBSOCKET /ws (")


def test_a_queued_job(tmp_path: Path) -> None:
    """What a worker does for a request does not happen in it."""
    (tmp_path / "main.py").write_text(
        """
from celery import Celery
from fastapi import FastAPI
from openai import OpenAI

app = FastAPI()
worker = Celery("jobs", broker="redis://queue:6379/0")


def sum_up(number):
    return [m.id for m in OpenAI(timeout=20, max_retries=1).models.list()][:number]


@worker.task(name="summary")
def summary(number):
    return sum_up(number)


@app.post("/summaries")
def ask(number: int):
    return {"id": summary.delay(number).id}
"""
    )

    (found,) = audit_folder(tmp_path, select=("client-per-request",)).findings

    assert found.finding.message.startswith("OpenAI is built on every run of summary(), which POST /summaries queues (")


def test_a_tool_that_a_route_comes_by_as_well(tmp_path: Path) -> None:
    """A route is named rather than a tool, though the way from the tool is shorter."""
    (tmp_path / "main.py").write_text(
        """
from fastapi import FastAPI
from langchain_core.tools import tool
from openai import OpenAI

app = FastAPI()
found = {}


def names():
    return [m.id for m in OpenAI(timeout=20, max_retries=1).models.list()]


def sorted_names():
    return sorted(names())


@tool
def models() -> list[str]:
    \"\"\"The names of all models.\"\"\"
    return names()


found["models"] = models


@app.get("/models")
def listed():
    return sorted_names()
"""
    )

    (made,) = audit_folder(tmp_path, select=("client-per-request",)).findings

    assert made.finding.message.startswith("OpenAI is built on every GET /models (")
