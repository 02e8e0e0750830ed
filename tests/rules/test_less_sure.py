"""Findings about lifecycles of which a rule is less sure: the same code once so and once so that a reader agrees."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from aiaudit.finding import Confidence
from tests.support import audit_folder, write_tree

HIGH, MEDIUM = Confidence.HIGH, Confidence.MEDIUM


def confidences(folder: Path, rule: str, text: str) -> list[Confidence]:
    """How sure a rule is of what it finds in one module."""
    write_tree(folder, {"main.py": dedent(text)})
    return [reported.finding.confidence for reported in audit_folder(folder, select=(rule,)).findings]


@pytest.mark.parametrize(
    ("make", "expected"),
    [("sse_client('http://tools/sse')", MEDIUM), ("httpx.AsyncClient(timeout=5)", HIGH)],
)
def test_sessions_with_servers_of_tools(tmp_path: Path, make: str, expected: Confidence) -> None:
    """Such a session ends in the task that has begun it; a client of HTTP can be shared."""
    text = f"""
        import httpx
        from fastapi import FastAPI
        from mcp.client.sse import sse_client

        app = FastAPI()


        @app.get("/tools")
        async def tools():
            async with {make} as made:
                return str(made)
        """

    assert confidences(tmp_path, "LIF101", text) == [expected]


ASKING = """
import asyncio
import subprocess

from fastapi import FastAPI

app = FastAPI()


class Git:
    def __init__(self):
        self.version = None

    def run(self):
        {guard}:
            self.version = subprocess.run(["git", "--version"], check=True, timeout=5)
        return self.version


git = Git()


@app.get("/version")
async def version():
    return git.run()
"""


@pytest.mark.parametrize(("guard", "expected"), [("if self.version is None", MEDIUM), ("if True", HIGH)])
def test_what_is_asked_once(tmp_path: Path, guard: str, expected: Confidence) -> None:
    """An answer that is remembered makes one request wait, and no other."""
    assert confidences(tmp_path, "LIF301", ASKING.format(guard=guard)) == [expected]


HANDED = """
import time

import somewhere
from fastapi import FastAPI

app = FastAPI()


async def wait(name):
    time.sleep(1)
    return name


@app.get("/wait")
{kind}def waiting():
    somewhere.listen(wait)
    return "listening"
"""


@pytest.mark.parametrize(("kind", "expected"), [("", MEDIUM), ("async ", HIGH)])
def test_a_coroutine_in_the_hands_of_a_library(tmp_path: Path, kind: str, expected: Confidence) -> None:
    """Handed over by a coroutine, it runs on the same event loop; by plain code, only the library knows on which."""
    assert confidences(tmp_path, "LIF301", HANDED.format(kind=kind)) == [expected]


STARTING = """
import asyncpg
from contextlib import asynccontextmanager
from fastapi import FastAPI
from openai import OpenAI

NAMES = ("one", "two")
clients = {{}}


async def prepare(pool):
    await pool.execute("update pages set shown = true")


@asynccontextmanager
async def lifespan(app):
    pool = await asyncpg.create_pool("postgresql://database/app", command_timeout=5, timeout=5)
    {start}
    yield


app = FastAPI(lifespan=lifespan)
"""


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ("try:\n        clients['one'] = OpenAI()\n    except Exception:\n        print('none')", HIGH),
        (
            "for name in NAMES:\n        try:\n            clients[name] = OpenAI()\n"
            "        except Exception:\n            print('none')",
            MEDIUM,
        ),
        ("try:\n        await prepare(pool)\n    except Exception:\n        print('not prepared')", MEDIUM),
        (
            "try:\n        clients['one'] = OpenAI()\n    except ImportError:\n        print('not installed')\n"
            "    except Exception:\n        print('none')",
            MEDIUM,
        ),
    ],
)
def test_what_a_start_may_do_without(tmp_path: Path, start: str, expected: Confidence) -> None:
    """One client of several, a step of work, or what need not be installed."""
    assert expected in confidences(tmp_path, "LIF402", STARTING.format(start=start))


FILLING = """
from celery import Celery
from fastapi import FastAPI
from langchain_community.vectorstores import FAISS
from langchain_core.embeddings import DeterministicFakeEmbedding

work = Celery("work", broker="redis://broker/0")
app = FastAPI()
embeddings = DeterministicFakeEmbedding(size=8)


{decorator}
def fill(text: str):
    {work}
"""


@pytest.mark.parametrize(
    "work", ["FAISS.from_texts([text], embeddings)", "FAISS.load_local('index', embeddings).add_texts([text])"]
)
@pytest.mark.parametrize(("decorator", "expected"), [("@work.task", MEDIUM), ('@app.post("/fill")', HIGH)])
def test_jobs_that_fill_an_index(tmp_path: Path, decorator: str, work: str, expected: Confidence) -> None:
    """To fill an index may be what a job is for; a request waits for it."""
    assert confidences(tmp_path, "LIF104", FILLING.format(decorator=decorator, work=work)) == [expected]


POOLED = """
import os

import psycopg
from fastapi import FastAPI
from psycopg_pool import ConnectionPool

app = FastAPI()
pool = ConnectionPool("host=database", open=False)
is_pooled = bool(os.environ["POOL"])


def connection():
    if is_pooled:
        return {other}
    else:
        return psycopg.connect("host=database", connect_timeout=5)


@app.get("/pages")
def pages():
    return connection().execute("select count(*) from pages").fetchone()
"""


@pytest.mark.parametrize(("other", "expected"), [("pool.getconn()", MEDIUM), ("None", HIGH)])
def test_the_branch_that_goes_without_a_pool(tmp_path: Path, other: str, expected: Confidence) -> None:
    """Who has switched a pool off has been asked already."""
    assert confidences(tmp_path, "LIF105", POOLED.format(other=other)) == [expected]


RECORDING = """
import os

from fastapi import FastAPI

app = FastAPI()
folder = os.environ["FOLDER"]


@app.post("/pages/{{name}}")
def page(name: str, text: str):
    if not {test}:
        return "nothing"
    with open(f"{{folder}}/{{name}}", "w") as file:
        file.write(text)
    return "written"
"""


@pytest.mark.parametrize(("test", "expected"), [("os.getenv('RECORD')", MEDIUM), ("text", HIGH)])
def test_files_that_a_variable_switches_on(tmp_path: Path, test: str, expected: Confidence) -> None:
    """What is only written where operators ask for it is theirs to look after."""
    assert confidences(tmp_path, "LIF202", RECORDING.format(test=test)) == [expected]
