"""What runs when, and the chain that leads there."""

from __future__ import annotations

from pathlib import Path

import pytest

from aiaudit.model.python import PythonSide
from aiaudit.model.resources import Resource
from tests.model.linked import side_of

HEAD = "from fastapi import Depends, FastAPI, Request\nfrom openai import OpenAI\napp = FastAPI()\n"


def only_resource(side: PythonSide) -> Resource:
    """The one client that a test program builds."""
    (resource,) = [r for r in side.resources if r.entry.path == "openai.OpenAI"]
    return resource


def life(resource: Resource) -> str:
    """When a resource is built, in a word."""
    if resource.per_request:
        return "every request"
    if resource.first_request and not resource.early:
        return "first request"
    return "early" if resource.early else "never"


def test_a_way_that_no_failure_leads_goes_first(tmp_path: Path) -> None:
    """The chain of evidence is the one that every request takes, though that after a failure is shorter."""
    body = (
        "def ask():\n    return OpenAI()\ndef usual():\n    return ask()\n"
        "@app.get('/')\ndef a():\n    try:\n        return usual()\n    except ValueError:\n        return ask()\n"
    )

    reach = only_resource(side_of(tmp_path, {"main.py": HEAD + body})).per_request

    assert reach is not None
    assert [link.scope.name for link in reach.chain()] == ["a", "usual", "ask"]


def test_a_module_that_runs_at_the_start_is_not_run_by_requests(tmp_path: Path) -> None:
    """An import inside of a function finds the module that the application has imported."""
    files = {
        "main.py": HEAD + "import answers\n@app.get('/')\ndef a():\n    import clients\n",
        "answers.py": "import clients\n",
        "clients.py": "from openai import OpenAI\nclient = OpenAI()\n",
    }

    side = side_of(tmp_path, files)

    assert life(only_resource(side)) == "early"
    assert all(side.contexts.in_request(module) is None for module in side.program.modules)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("client = OpenAI()", "early"),
        ("@app.get('/')\ndef a():\n    OpenAI()", "every request"),
        ("def make():\n    return OpenAI()\n@app.get('/')\ndef a(client=Depends(make)): ...", "every request"),
        ("@app.middleware('http')\nasync def a(request, call_next):\n    OpenAI()", "every request"),
        ("def unused():\n    OpenAI()", "never"),
        (
            "_client = None\ndef get():\n    global _client\n    if not _client:\n        _client = OpenAI()\n"
            "    return _client\n@app.get('/')\ndef a():\n    get()",
            "first request",
        ),
        (
            "def get():\n    if hasattr(app.state, 'client'):\n        return app.state.client\n"
            "    app.state.client = OpenAI()\n    return app.state.client\n@app.get('/')\ndef a():\n    get()",
            "first request",
        ),
        (
            "cache = {}\ndef get(key):\n    try:\n        return cache[key]\n    except KeyError:\n"
            "        cache[key] = OpenAI()\n        return cache[key]\n@app.get('/')\ndef a():\n    get('x')",
            "first request",
        ),
        (
            "def get(client=None):\n    if client is None:\n        client = OpenAI()\n    return client\n"
            "@app.get('/')\ndef a():\n    get()",
            "every request",
        ),
        (
            "class Service:\n    def __init__(self):\n        self.client = None\n    def ask(self):\n"
            "        if self.client is None:\n            self.client = OpenAI()\n"
            "service = Service()\n@app.get('/')\ndef a():\n    service.ask()",
            "first request",
        ),
        (
            "class Service:\n    def __init__(self):\n        self.client = None\n    def ask(self):\n"
            "        if self.client is None:\n            self.client = OpenAI()\n"
            "@app.get('/')\ndef a():\n    Service().ask()",
            "every request",
        ),
        (
            "class Service:\n    def __init__(self):\n        self.client = None\n    def load(self):\n"
            "        self.client = OpenAI()\n    def ask(self):\n        if self.client is None:\n"
            "            self.load()\nservice = Service()\n@app.get('/')\ndef a():\n    service.ask()",
            "first request",
        ),
        ("class Service:\n    client = OpenAI()\n@app.get('/')\ndef a():\n    Service().client", "early"),
        ("@app.get('/')\ndef a():\n    def inner():\n        return OpenAI()\n    inner()", "every request"),
        ("def make(fresh=False):\n    if fresh:\n        OpenAI()\n@app.get('/')\ndef a():\n    make()", "never"),
        (
            "def make(kind):\n    if kind == 'openai':\n        OpenAI()\nmake('openai')\n@app.get('/')\n"
            "def a():\n    make('other')",
            "early",
        ),
        ("if __name__ == '__main__':\n    OpenAI()", "early"),
    ],
)
def test_when_a_client_is_built(tmp_path: Path, body: str, expected: str) -> None:
    """Import, first request, every request, or never."""
    side = side_of(tmp_path, {"main.py": HEAD + body})

    if expected == "never":
        assert [r for r in side.resources if r.entry.path == "openai.OpenAI"] == []
    else:
        assert life(only_resource(side)) == expected


def test_the_trace_leads_from_the_route_through_every_call(tmp_path: Path) -> None:
    """Each step names what is called and where."""
    side = side_of(
        tmp_path,
        {
            "app/__init__.py": "",
            "app/main.py": HEAD
            + "from app.service import Service\n@app.post('/chat')\ndef chat():\n    Service().ask()",
            "app/service.py": "from app.llm import make\nclass Service:\n    def ask(self):\n        return make()\n",
            "app/llm.py": "import openai\ndef make():\n    return openai.OpenAI()\n",
        },
    )

    resource = only_resource(side)

    assert resource.per_request is not None
    steps = [(step.message, step.span.path, step.span.line) for step in resource.per_request.steps()]
    assert steps == [
        ("POST /chat", "app/main.py", 5),
        ("Service.ask()", "app/main.py", 7),
        ("make()", "app/service.py", 4),
    ]


def test_dependencies_behind_an_alias_of_another_module(tmp_path: Path) -> None:
    """`LLM = Annotated[OpenAI, Depends(make)]`, imported and used as an annotation."""
    side = side_of(
        tmp_path,
        {
            "deps.py": """
                from typing import Annotated
                from fastapi import Depends as Needs
                from openai import OpenAI

                def make():
                    return OpenAI()

                LLM = Annotated[OpenAI, Needs(make)]
            """,
            "main.py": "from fastapi import FastAPI\nfrom deps import LLM\napp = FastAPI()\n"
            "@app.get('/')\ndef a(llm: LLM): ...\n",
        },
    )

    assert life(only_resource(side)) == "every request"


def test_a_base_class_call_does_not_reach_every_heir(tmp_path: Path) -> None:
    """`super().__init__()` runs the base's constructor, not those of the base's other heirs."""
    side = side_of(
        tmp_path,
        {
            "main.py": HEAD
            + """
class Base:
    def __init__(self): ...

class Plain(Base):
    def __init__(self):
        super().__init__()

class Heavy(Base):
    def __init__(self):
        self.client = OpenAI()

heavy = Heavy()

@app.get("/")
def a():
    Plain()
"""
        },
    )

    assert life(only_resource(side)) == "early"


def test_tools_registered_at_import_run_while_serving(tmp_path: Path) -> None:
    """What a library calls back is reached by requests, though only import mentions it."""
    side = side_of(
        tmp_path,
        {
            "main.py": HEAD
            + "from langchain.tools import Tool\ndef search(q):\n    OpenAI()\ntool = Tool('s', search)\n"
        },
    )

    assert life(only_resource(side)) == "every request"
