"""The arithmetic of time-outs: who sets them, what they come to."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from aiaudit.model.timeouts import Wait, waits
from tests.model.linked import service_of

HEAD = """\
import asyncio
import os

import httpx
from elsewhere import make_client
from fastapi import FastAPI
from openai import AsyncOpenAI, OpenAI
from pydantic import Field
from pydantic_settings import BaseSettings

app = FastAPI()


class Settings(BaseSettings):
    limit: float = Field(default=50)


def setting(name: str, default: int) -> int:
    return int(os.getenv(name, default))


LIMIT = setting("LIMIT", 25)
PORT = setting("PORT", 8000)
"""


def waits_in(folder: Path, body: str, name: str = "openai.OpenAI") -> list[Wait]:
    """The waits of one library in a program."""
    return [w for w in waits(service_of(folder, {"main.py": HEAD + body})) if w.entry.path == name]


@pytest.mark.parametrize(
    ("construction", "state", "seconds"),
    [
        ("OpenAI()", "default", 1802),
        ("OpenAI(max_retries=0)", "default", 600),
        ("OpenAI(max_retries=5)", "default", 3600),
        ("OpenAI(timeout=30)", "set", 90),
        ("OpenAI(timeout=30, max_retries=0)", "set", 30),
        ("OpenAI(timeout=httpx.Timeout(20, connect=2), max_retries=1)", "set", 40),
        ("OpenAI(timeout=None)", "disabled", math.inf),
        ("OpenAI(timeout=httpx.Timeout(None))", "disabled", math.inf),
        ("OpenAI(**{'timeout': 10, 'max_retries': 0})", "set", 10),
        ("OpenAI(timeout=httpx.Timeout(20, read=60), max_retries=0)", "set", 60),
        ("OpenAI(timeout=httpx.Timeout(None, read=60), max_retries=0)", "set", 60),
        ("OpenAI(timeout=httpx.Timeout(20, read=None), max_retries=0)", "disabled", math.inf),
        ("OpenAI(timeout=2 * 30, max_retries=0)", "set", 60),
        ("OpenAI(timeout=int(os.getenv('LIMIT', '40')), max_retries=0)", "set", 40),
        ("OpenAI(timeout=float(os.environ.get('LIMIT', 40)), max_retries=0)", "set", 40),
        ("OpenAI(timeout=os.getenv('LIMIT') or 40, max_retries=0)", "set", 40),
        ("OpenAI(timeout=Settings().limit, max_retries=0)", "set", 50),
        ("OpenAI(timeout=setting('LIMIT', 35), max_retries=0)", "set", 35),
        ("OpenAI(timeout=LIMIT, max_retries=0)", "set", 25),
        ("OpenAI(http_client=httpx.Client(timeout=20), max_retries=1)", "set", 40),
        ("OpenAI(http_client=httpx.Client(timeout=5))", "ignored", 1802),
        ("OpenAI(http_client=httpx.Client())", "default", 1802),
        ("OpenAI(http_client=make_client())", "set", None),
    ],
)
def test_what_a_construction_comes_to(tmp_path: Path, construction: str, state: str, seconds: float | None) -> None:
    """Time-out times attempts, from the call or the library."""
    (wait,) = waits_in(tmp_path, f"client = {construction}")

    assert (wait.state, wait.seconds) == (state, seconds)


@pytest.mark.parametrize(
    "call",
    [
        "client.models.list(timeout=5)",
        "await asyncio.wait_for(client.models.list(), timeout=5)",
        "async with asyncio.timeout(5):\n        client.models.list()",
    ],
)
def test_a_bound_at_every_call_is_enough(tmp_path: Path, call: str) -> None:
    """A client without a time-out whose every call has one, or stands under a deadline, waits for nothing else."""
    body = f"client = AsyncOpenAI()\n@app.get('/')\nasync def a():\n    {call}\n"

    assert waits_in(tmp_path, body, "openai.AsyncOpenAI") == []


def test_methods_of_an_answer_are_no_uses_of_the_client(tmp_path: Path) -> None:
    """What is done with the answer waits for nothing."""
    body = (
        "client = AsyncOpenAI()\n@app.get('/')\nasync def a():\n"
        "    answer = await client.models.retrieve('x', timeout=5)\n    return answer.id.startswith('x')\n"
    )

    assert waits_in(tmp_path, body, "openai.AsyncOpenAI") == []


def test_a_deadline_of_all_callers_is_enough(tmp_path: Path) -> None:
    """The deadline may stand in the functions that call."""
    body = (
        "client = AsyncOpenAI()\nasync def ask():\n    return await client.models.list()\n"
        "@app.get('/')\nasync def a():\n    return await asyncio.wait_for(ask(), 5)\n"
    )

    assert waits_in(tmp_path, body, "openai.AsyncOpenAI") == []


def test_a_time_out_that_nobody_can_see_is_not_missing(tmp_path: Path) -> None:
    """Options that come from elsewhere may hold it."""
    assert waits_in(tmp_path, "import settings\nclient = OpenAI(**settings.load())") == []


def test_answers_are_no_uses_of_the_session_that_got_them(tmp_path: Path) -> None:
    """`session.get` bounds itself; what is read out of its answer waits for nothing of its own."""
    files = {
        "main.py": """
            import aiohttp
            from fastapi import FastAPI

            app = FastAPI()


            @app.get("/rates")
            async def rates():
                async with aiohttp.ClientSession() as session:
                    async with session.get("https://rates.example.com", timeout=5) as response:
                        response.raise_for_status()
                        return await response.json()
        """
    }

    assert waits(service_of(tmp_path, files)) == []


@pytest.mark.parametrize(
    ("construction", "state", "seconds"),
    [
        ("cohere.ClientV2()", "default", 300),
        ("cohere.ClientV2(timeout=60)", "set", 60),
    ],
)
def test_time_outs_that_are_not_retried_count_once(
    construction: str, state: str, seconds: float, tmp_path: Path
) -> None:
    """cohere tries again after refused connections and busy servers, never after a time-out."""
    (found,) = waits_in(tmp_path, f"import cohere\n\nclient = {construction}\n", "cohere.ClientV2")
    assert (found.state, found.seconds, found.attempts) == (state, seconds, 1)
