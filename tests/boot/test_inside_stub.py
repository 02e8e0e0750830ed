"""The stub of the model APIs: with the SDKs that services use where they can be had, and as bytes."""

from __future__ import annotations

import importlib.util
import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from aiaudit.boot.inside.schema import instance
from aiaudit.boot.inside.stub import Stub, operation
from tests.boot.inside_reports import Heard
from tests.docker.commands import Unavailable, demand, home, run

_SDKS = ("openai", "anthropic")
_CALLS = Path(__file__).with_name("sdk_calls.py")
_TEXT = "This is a stub beside the service."
_CITY = {"name": "stub", "people": 0, "districts": [], "twin": None}


class Served:
    """A stub that serves, and what it reported."""

    def __init__(self) -> None:
        self.heard = Heard()
        self.stub = Stub(self.heard.reports, 0)
        self.stub.start()
        self.base_url = f"http://127.0.0.1:{self.stub.port}/v1"

    def post(self, path: str, **fields: Any) -> Any:
        request = urllib.request.Request(f"{self.base_url}/{path}", json.dumps(fields).encode())
        return urllib.request.urlopen(request, timeout=20)


@pytest.fixture
def served() -> Served:
    return Served()


@pytest.fixture(scope="module")
def sdk_python() -> str:
    """A Python that has the SDKs: this one, else one of the tests' own, made when it is first needed."""
    if all(importlib.util.find_spec(name) for name in _SDKS):
        return sys.executable
    folder = home().parent / "sdks"
    python = str(folder / "bin" / "python")
    try:
        if run(python, "-c", f"import {', '.join(_SDKS)}").returncode != 0:
            demand(sys.executable, "-m", "venv", str(folder), seconds=120)
            demand(python, "-m", "pip", "install", "--quiet", *_SDKS, seconds=300)
    except Unavailable as error:
        pytest.skip(f"THE STUB IS NOT TESTED WITH THE SDKS: {error}")
    return python


def test_the_sdks_get_what_they_ask_for(served: Served, sdk_python: str) -> None:
    done = subprocess.run(
        [sdk_python, str(_CALLS), served.base_url], capture_output=True, text=True, timeout=120, check=False
    )

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "chat": ["gpt-4o", _TEXT, 8],
        "chat_stream": [_TEXT, "stop", 8],
        "chat_structured": _CITY,
        "azure": _TEXT,
        "completion": _TEXT,
        "completion_stream": _TEXT,
        "embeddings": [[[3, 3072], [1, 256], [1, 1536]], [1.0, 1.0, 1.0]],
        "models": [["gpt-4o-mini", "text-embedding-3-small", "claude-sonnet-4-0"], "gpt-9", 3],
        "moderation": [False, False],
        "response": [_TEXT, "completed"],
        "response_stream": [_TEXT, _TEXT],
        "response_structured": _CITY,
        "message": [_TEXT, "end_turn"],
        "message_stream": [_TEXT, "end_turn"],
        "count_tokens": 1,
        "unknown": "Error code: 404 - the stub has no such operation",
    }


def test_a_call_is_reported(served: Served) -> None:
    served.post("chat/completions", model="a", stream=True).read()

    assert served.heard.events("call") == [{"method": "POST", "path": "/v1/chat/completions", "stream": True}]


def test_a_stream_is_quick_unless_it_is_to_last(served: Served) -> None:
    began = time.monotonic()
    quick = served.post("chat/completions", stream=True).read()
    assert time.monotonic() - began < 1
    assert quick.endswith(b"data: [DONE]\n\n")

    served.stub.slow = True
    with served.post("chat/completions", stream=True) as stream:
        began = time.monotonic()
        while time.monotonic() - began < 0.9:
            assert stream.readline() != b"data: [DONE]\n"


def test_a_stream_that_was_slow_ends_soon_when_it_need_not_last(served: Served) -> None:
    served.stub.slow = True
    with served.post("messages", stream=True) as stream:
        stream.readline()
        served.stub.slow = False
        began = time.monotonic()
        assert b"message_stop" in stream.read()
        assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("/v1/chat/completions", "chat/completions"),
        ("/openai/deployments/x/chat/completions?api-version=1", "chat/completions"),
        ("/v1/completions", "completions"),
        ("/v1/messages", "messages"),
        ("/messages/count_tokens", "messages/count_tokens"),
        ("/v1/models/", "models"),
        ("/v1/models/gpt-4o", "models/gpt-4o"),
        ("/", ""),
    ],
)
def test_operations_are_known_whatever_stands_before_them(path: str, wanted: str) -> None:
    assert operation(path) == wanted


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("embeddings", {"dimensions": 10**9, "input": "a"}),
        ("embeddings", {"dimensions": "many", "input": "a"}),
        ("embeddings", {"input": []}),
        ("chat/completions", {"response_format": "text"}),
        ("responses", {"text": [1]}),
    ],
)
def test_what_makes_no_sense_is_a_bad_request(served: Served, path: str, fields: dict[str, Any]) -> None:
    with pytest.raises(urllib.error.HTTPError) as raised:
        served.post(path, **fields)
    assert raised.value.code == 400


def test_garbage_does_not_end_the_stub(served: Served) -> None:
    nested = b"[" * 100_000
    deep = b"POST /v1/embeddings HTTP/1.1\r\nContent-Length: %d\r\n\r\n%s" % (len(nested), nested)
    for garbage in (
        deep,
        b"",
        b"\xff" * 100_000,
        b"POST /v1/embeddings HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        b"\r\n\r\n",
    ):
        with socket.create_connection(("127.0.0.1", served.stub.port), 5) as client:
            client.sendall(garbage)
    served.post("chat/completions", stream=True, response_format=[1])
    assert json.load(served.post("completions"))["choices"][0]["text"] == _TEXT


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "object", "properties": {"a": {"type": "string"}, "b": {}}, "required": ["a"]}, {"a": "stub"}),
        ({"$ref": "#/$defs/n", "$defs": {"n": {"type": "integer", "minimum": 3}}}, 3),
        ({"enum": ["x", "y"]}, "x"),
        ({"const": 4}, 4),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, None),
        ({"oneOf": [{"type": "boolean"}]}, False),
        ({"type": ["string", "null"]}, None),
        ({"type": "array", "items": {"type": "number"}, "minItems": 2}, [0, 0]),
        ({"type": "string", "minLength": 6}, "stub.."),
        ({"$ref": "#"}, {}),
        ({"$ref": "#/nowhere/at/all"}, {}),
        ("nothing", {}),
    ],
)
def test_values_of_a_schema(schema: Any, value: Any) -> None:
    assert instance(schema, schema) == value
