"""Whose methods and attributes they are: those of the class that is called on, not of its brothers and sisters."""

from __future__ import annotations

from pathlib import Path

import pytest

from aiaudit.model.blocking import blocking_calls
from aiaudit.model.observation import observations
from tests.model.linked import outside_paths, service_of, side_of, value_of

RECORDS = """
import time

from fastapi import FastAPI

app = FastAPI()


class Record:
    @classmethod
    async def read(cls, key) -> "Record":
        return await database.find(cls, key)

    @classmethod
    async def all(cls) -> list["Record"]:
        return await database.all(cls)

    def shown(self):
        return {{}}


class User(Record):
    pass


class Server(Record):
    def shown(self):
        time.sleep(1)
        return {{}}


SERVER = Server()


@app.get("/one")
async def one(key: str):
    found = await {asked}
    return {given}
"""


@pytest.mark.parametrize(
    ("asked", "given", "blocks"),
    [
        ("User.read(key)", "found.shown()", False),
        ("Server.read(key)", "found.shown()", True),
        ("Record.read(key)", "found.shown()", True),  # it may be of either class
        ("User.all()", "[record.shown() for record in found]", False),
        ("Server.all()", "[record.shown() for record in found]", True),
    ],
)
def test_a_class_method_gives_its_own_class(tmp_path: Path, asked: str, given: str, blocks: bool) -> None:
    """What a base class says to give of itself is of the class that was asked."""
    found = list(blocking_calls(service_of(tmp_path, {"main.py": RECORDS.format(asked=asked, given=given)})))

    assert bool(found) is blocks


SISTERS = """
import httpx
import openai


class Base:
    pass


class First(Base):
    def __init__(self):
        self.client = openai.OpenAI()


class Second(Base):
    def __init__(self):
        self.client = httpx.Client()


class Heir(Second):
    pass


class Both(First, Second):
    pass


first = First().client
heir = Heir().client
"""


def test_attributes_of_a_sister_are_not_ones_own(tmp_path: Path) -> None:
    """Two classes that only have a base in common; an heir has what its base sets."""
    apart = side_of(tmp_path, {"main.py": SISTERS.replace("class Both(First, Second):", "class Both:")})
    assert outside_paths(value_of(apart, "main.py", "first")) == {"openai.OpenAI()"}
    assert outside_paths(value_of(apart, "main.py", "heir")) == {"httpx.Client()"}


def test_attributes_of_a_sister_with_an_heir_in_common(tmp_path: Path) -> None:
    """An object may be of both classes where a third one derives from them."""
    side = side_of(tmp_path, {"main.py": SISTERS})

    assert outside_paths(value_of(side, "main.py", "first")) == {"openai.OpenAI()", "httpx.Client()"}


def test_a_package_hides_the_module_of_its_name(tmp_path: Path) -> None:
    """Python finds the package first; a folder without `__init__.py` comes after the module."""
    main = "from fastapi import FastAPI\nimport providers\nimport tools\napp = FastAPI()\n"
    files = {"main.py": main, "providers.py": "", "providers/__init__.py": "", "tools.py": "", "tools/more.py": ""}
    side = side_of(tmp_path, files)

    assert {module.path for module in side.program.modules} == {"main.py", "providers/__init__.py", "tools.py"}


CHECKED = """
import socket

from fastapi import FastAPI

app = FastAPI()


def check(url, resolve=True):
    if not resolve:
        return url
    return socket.getaddrinfo(url, 443)


def plain(url):
    return check(url, resolve=False)


def through(url):
    return plain(url)


def thorough(url):
    return check(url)


def both(url):
    plain(url)
    return thorough(url)


@app.post("/check")
async def checked(url: str):
    return {asked}(url)
"""


@pytest.mark.parametrize(
    ("asked", "blocks"), [("plain", False), ("through", False), ("thorough", True), ("both", True), ("check", True)]
)
def test_branches_that_a_call_further_on_does_not_take(tmp_path: Path, asked: str, blocks: bool) -> None:
    """A flag that leads past what blocks counts wherever on the way it is passed, and for that call alone."""
    found = list(blocking_calls(service_of(tmp_path, {"main.py": CHECKED.format(asked=asked)})))

    assert bool(found) is blocks


RESET = """
from fastapi import FastAPI
from qdrant_client import QdrantClient

app = FastAPI()


class Memory:
    def __init__(self):
        self.store = QdrantClient("http://store:6333")

    def reset(self):
        {before}
        self.store = QdrantClient("http://store:6333")
        {behind}


memory = Memory()


@app.post("/reset")
def reset():
    memory.reset()
"""


@pytest.mark.parametrize(
    ("before", "behind", "expected"),
    [
        ("self.store.delete_collection('all')", "pass", False),  # leaves what it made to those who follow
        ("pass", "self.store.get_collections()", True),
        ("for _ in range(3):\\n            self.store.close()", "pass", False),
    ],
)
def test_what_is_put_in_the_place_of_something_used_before(
    tmp_path: Path, before: str, behind: str, expected: bool
) -> None:
    """An object that is emptied and made anew is there for others; one that the request goes on with is its own."""
    code = RESET.format(before=before.replace("\\n", "\n"), behind=behind)
    side = side_of(tmp_path, {"main.py": code})

    assert any(resource.per_request is not None for resource in side.resources) is expected


GUARDED = """
from fastapi import FastAPI
from openai import OpenAI

app = FastAPI()


class Settings:
    def __init__(self):
        self.url = None
{stored}

settings = Settings()


class Row:
    def fill(self):
        self.url = "https://example.com"


class Loader:
    def load(self):
        if settings.url:
            return None
        else:
            return OpenAI(timeout=20)


@app.get("/")
def get():
    Loader().load()
"""
FILLING = """
    def fill(self):
        self.url = "https://example.com"
"""


@pytest.mark.parametrize(("stored", "expected"), [("", False), (FILLING, True)])
def test_a_guard_is_filled_by_its_own_kind(tmp_path: Path, stored: str, expected: bool) -> None:
    """A test of an attribute guards what fills it: a method of its class, not of any with such an attribute."""
    side = side_of(tmp_path, {"main.py": GUARDED.format(stored=stored)})

    assert [made.guard.keeps for made in side.resources if made.name == "OpenAI"] == [expected]


SIGNED = """
import inspect

import requests
from fastapi import FastAPI

app = FastAPI()


def fetch():
    return requests.get("https://example.com")


@app.get("/")
def get():
    return {asked}
"""


@pytest.mark.parametrize(("asked", "reached"), [("str(inspect.signature(fetch))", False), ("unknown.run(fetch)", True)])
def test_what_is_only_looked_at_does_not_run(tmp_path: Path, asked: str, reached: bool) -> None:
    """The signature of a function is read without calling it."""
    side = side_of(tmp_path, {"main.py": SIGNED.format(asked=asked)})
    fetch = next(function for function in side.program.functions if function.name == "fetch")

    assert (side.contexts.in_request(fetch) is not None) is reached


BOTS = {
    "bot.py": """
from quart import Quart

class Bot:
    def __init__(self):
        self.app = Quart(__name__)
        self.app.add_url_rule("/callback", "callback", self.callback, methods=["POST"])

    async def callback(self):
        return "ok"
""",
    "main.py": """
from quart import Quart
from bot import Bot

app = Quart(__name__)
bot = Bot()

@app.route("/{path}")
async def answer():
    return "ok"
""",
}


@pytest.mark.parametrize(("path", "expected"), [("healthz", True), ("ask", False)])
def test_an_application_of_each_object(tmp_path: Path, path: str, expected: bool) -> None:
    """Beside an application that answers probes, one of each bot needs no route for them; alone it may."""
    files = {**BOTS, "main.py": BOTS["main.py"].replace("{path}", path)}
    found = {seen.application.call.scope.module.path: seen for seen in observations(service_of(tmp_path, files))}

    assert found["bot.py"].is_side_door is expected
    assert not found["main.py"].is_side_door
