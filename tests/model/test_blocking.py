"""Calls that block an event loop: for long, or for the milliseconds that an index in memory takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from aiaudit.model.blocking import blocking_calls
from aiaudit.model.resources import short_name
from tests.model.linked import service_of

INDEX = """
import faiss
import requests
from fastapi import FastAPI

app = FastAPI()
index = faiss.IndexFlatIP(384)


def nearest(vector):
    return index.search(vector, 5)


def fetched(name):
    return requests.get(f"https://vectors.example.com/{name}", timeout=5).json()


def nearest_of(name):
    index.search([[0.0]], 1)
    return nearest(fetched(name))


@app.get("/zero")
async def zero():
    return nearest([[0.0]])


@app.get("/names/{name}")
async def named(name: str):
    return nearest_of(name)
"""


def test_what_blocks_for_long_counts_before_what_is_brief(tmp_path: Path) -> None:
    """A search of an index in memory is brief, a request over the network is not, though it is further away."""
    found = {
        blocking.reach.entry.label: (blocking.known.name, blocking.known.entry.brief)
        for blocking in blocking_calls(service_of(tmp_path, {"main.py": INDEX}))
    }

    assert found == {"GET /zero": ("IndexFlatIP.search", True), "GET /names/{name}": ("requests.get", False)}


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("transformers.AutoModel.from_pretrained().generate", "AutoModel.generate"),
        ("transformers.AutoTokenizer.from_pretrained()", "AutoTokenizer"),
        ("redis.from_url().get", "redis.from_url().get"),
        ("openai.OpenAI().chat.completions.create", "chat.completions.create"),
        ("httpx.AsyncClient().get", "AsyncClient.get"),
        ("pymongo.MongoClient()[].insert_one", "MongoClient.insert_one"),
        ("pymongo.MongoClient()[].shop[].insert_one", "shop.insert_one"),
    ],
)
def test_names_in_messages(path: str, name: str) -> None:
    """What a class method makes is called by the class."""
    assert short_name(path) == name


CALLED = """
import spacy
from fastapi import FastAPI

app = FastAPI()
parse = spacy.load("en_core_web_sm")


@app.get("/words")
async def words(text: str):
    return [token.text for token in parse(text)]
"""


def test_an_object_that_is_called_goes_by_the_call_that_gave_it(tmp_path: Path) -> None:
    """It is the parsing that blocks, and not the loading long before."""
    found = [blocking.name for blocking in blocking_calls(service_of(tmp_path, {"main.py": CALLED}))]

    assert found == ["a call of what spacy.load() gave"]
