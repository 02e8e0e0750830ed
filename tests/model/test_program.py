"""Imports, names and values across modules."""

from __future__ import annotations

from pathlib import Path

import pytest

from aiaudit.model.values import Constant, Literal
from tests.model.linked import class_names, outside_paths, side_of, value_of

APP = "import fastapi\n"
TRIAL = "import flask\nfrom app.main import app\n"
MAIN = "if __name__ == '__main__':\n    run()\n"
ROUTER = "from fastapi import APIRouter\nrouter = APIRouter()\n@router.get('/{0}')\ndef {0}(): ...\n"


@pytest.mark.parametrize(
    ("files", "statement"),
    [
        ({"app/__init__.py": "", "app/llm.py": ""}, "from app.llm import client"),
        ({"app/__init__.py": "", "app/llm.py": ""}, "from .llm import client"),
        ({"app/__init__.py": "", "app/llm.py": ""}, "import app.llm\nclient = app.llm.client"),
        ({"app/__init__.py": "from .llm import client", "app/llm.py": ""}, "from app import client"),
        ({"app/__init__.py": "", "app/all.py": "from .llm import *", "app/llm.py": ""}, "from app.all import client"),
        ({"app/llm.py": ""}, "from app import llm\nclient = llm.client"),
        ({"app/openai.py": "", "app/llm.py": ""}, "from app.llm import client"),
    ],
    ids=["absolute", "relative", "dotted", "re-exported", "starred", "namespace package", "named like the library"],
)
def test_imports_lead_to_the_client(tmp_path: Path, files: dict[str, str], statement: str) -> None:
    """However a module gets hold of a name, it stands for the client that another module builds."""
    side = side_of(
        tmp_path,
        {**files, "app/llm.py": "import openai\nclient = openai.OpenAI(timeout=5)\n", "app/main.py": APP + statement},
    )

    assert outside_paths(value_of(side, "app/main.py", "client")) == {"openai.OpenAI()"}


def test_services_of_one_repository_keep_to_their_own_packages(tmp_path: Path) -> None:
    """Two services may both have a package `app`."""
    side = side_of(
        tmp_path,
        {
            "chat/app/__init__.py": "",
            "chat/app/llm.py": "import openai\nclient = openai.OpenAI()\n",
            "chat/app/main.py": APP + "from app.llm import client\n",
            "search/app/__init__.py": "",
            "search/app/llm.py": "import anthropic\nclient = anthropic.Anthropic()\n",
            "search/app/main.py": APP + "from app.llm import client\n",
            "lib/src/shared/__init__.py": "",
        },
    )

    assert outside_paths(value_of(side, "chat/app/main.py", "client")) == {"openai.OpenAI()"}
    assert outside_paths(value_of(side, "search/app/main.py", "client")) == {"anthropic.Anthropic()"}


@pytest.mark.parametrize(
    ("files", "statement", "expected"),
    [
        ({"api/agents/__init__.py": "from .writer import client"}, "from agents import client", "openai.OpenAI()"),
        ({}, "from agents.writer import client", "openai.OpenAI()"),
        ({}, "from agents import Agent as client", "agents.Agent"),
        ({}, "from agents.tracing import trace as client", "agents.tracing.trace"),
        ({"api/__init__.py": "", "api/agents/__init__.py": ""}, "from agents import Agent as client", "agents.Agent"),
    ],
    ids=["package beside the script", "file of a folder", "library", "module of the library", "folder of a package"],
)
def test_folder_named_like_a_library(tmp_path: Path, files: dict[str, str], statement: str, expected: str) -> None:
    """A repository's own `agents` is its own where Python finds it, and the library of that name elsewhere."""
    writer = "import openai\nclient = openai.OpenAI()\n"
    side = side_of(tmp_path, {"api/agents/writer.py": writer, **files, "api/main.py": APP + statement})

    assert outside_paths(value_of(side, "api/main.py", "client")) == {expected}


@pytest.mark.parametrize(
    ("package", "service"),
    [
        ("libs/common/common", "services/chat/chat"),
        ("common/common", "services/chat/chat"),
        ("common/src/common", "chat"),
        ("packages/common/src/common", "chat"),
    ],
)
def test_package_in_a_project_folder_of_its_name(tmp_path: Path, package: str, service: str) -> None:
    """Where a repository holds several projects, the folder of one is not the package that lies in it."""
    side = side_of(
        tmp_path,
        {
            f"{package}/__init__.py": "from .llm import client",
            f"{package}/llm.py": "import openai\nclient = openai.OpenAI()\n",
            f"{service}/main.py": APP + "from common import client\n",
        },
    )

    assert outside_paths(value_of(side, f"{service}/main.py", "client")) == {"openai.OpenAI()"}


def test_folder_without_init_file_beats_a_package_of_another_service(tmp_path: Path) -> None:
    """The nearest folder of a name is meant, though another service has a whole package of that name."""
    side = side_of(
        tmp_path,
        {
            "chat/app/llm.py": "import openai\nclient = openai.OpenAI()\n",
            "chat/main.py": APP + "from app import llm\nclient = llm.client\n",
            "audit/app/__init__.py": "",
            "audit/app/llm.py": "import anthropic\nclient = anthropic.Anthropic()\n",
        },
    )

    assert outside_paths(value_of(side, "chat/main.py", "client")) == {"openai.OpenAI()"}


def test_source_folder_layout(tmp_path: Path) -> None:
    """Packages below `src` are found from the root."""
    side = side_of(
        tmp_path,
        {
            "src/service/__init__.py": "",
            "src/service/llm.py": "import openai\nclient = openai.OpenAI()\n",
            "main.py": APP + "from service.llm import client\n",
        },
    )

    assert outside_paths(value_of(side, "main.py", "client")) == {"openai.OpenAI()"}


@pytest.mark.parametrize(
    "body",
    [
        "found = OpenAI()",
        "def make():\n    return OpenAI()\nfound = make()",
        "def make():\n    yield OpenAI()\nfor found in make(): pass",
        "from functools import partial\nmake = partial(OpenAI, timeout=5)\nfound = make()",
        "class Holder:\n    def __init__(self):\n        self.client = OpenAI()\nfound = Holder().client",
        "class Base:\n    client = OpenAI()\nclass Holder(Base): pass\nfound = Holder.client",
        "class Holder:\n    @property\n    def client(self):\n        return OpenAI()\nfound = Holder().client",
        "class Holder:\n    def __init__(self, client):\n        self.client = client\nfound = Holder(OpenAI()).client",
        "clients = {'a': OpenAI()}\nfound = clients['a']",
        "clients = {}\nclients['a'] = OpenAI()\nfound = clients.get('a')",
        "clients = []\nclients.append(OpenAI())\nfound = clients[0]",
        "clients = {'a': OpenAI()}\nfound = list(clients.values())[0]",
        "clients = tuple(sorted({OpenAI()}))\nfor found in reversed(clients): pass",
        "from enum import Enum\nclass Own:\n    def __call__(self):\n        return OpenAI()\n"
        "class Kind(Enum):\n    own = Own\n    @staticmethod\n    def of(name):\n        return Kind.own\n"
        "found = Kind.of('own').value()()",
        "import asyncio\nasync def make():\n    return OpenAI()\nloop = asyncio.new_event_loop()\n"
        "found = loop.run_until_complete(make())",
        "clients = list(map(OpenAI, ['a', 'b']))\nfound = clients[0]",
        "clients = {'a': OpenAI()}\nfor name, found in clients.items(): pass",
        "def outer():\n    client = OpenAI()\n    def inner():\n        return client\n    return inner\n"
        "found = outer()()",
        "from contextlib import contextmanager\n@contextmanager\ndef opened():\n    yield OpenAI()\n"
        "with opened() as found: pass",
        "from dataclasses import dataclass\n@dataclass\nclass Holder:\n    client: OpenAI\n"
        "found = Holder(OpenAI()).client",
        "found = None\ndef load():\n    global found\n    found = OpenAI()",
        "make = lambda: OpenAI()\nfound = make()",
        "found, other = OpenAI(), 1",
        "if (found := OpenAI()): pass",
        "found = getattr(__import__('x'), 'y', None) or OpenAI()",
        "found: OpenAI = unknown()",
        "class Holder:\n    def __call__(self):\n        return OpenAI()\nfound = Holder()()",
        "class Holder:\n    def __enter__(self):\n        return OpenAI()\nwith Holder() as found: pass",
        "import asyncio\nasync def make():\n    return OpenAI()\nasync def go():\n    global found\n"
        "    found = await asyncio.wait_for(make(), 5)",
    ],
)
def test_constructs_that_carry_a_client(tmp_path: Path, body: str) -> None:
    """Names, attributes, containers, closures, factories, generators: each still stands for the client."""
    side = side_of(tmp_path, {"main.py": f"{APP}from openai import OpenAI\n{body}\n"})

    assert "openai.OpenAI()" in outside_paths(value_of(side, "main.py", "found"))


def test_the_first_of_an_item_is_its_key(tmp_path: Path) -> None:
    """`for name, client in clients.items()`."""
    body = "clients = {'a': OpenAI()}\nclients['b'] = OpenAI()\nfor found, client in clients.items(): pass\n"
    side = side_of(tmp_path, {"main.py": f"{APP}from openai import OpenAI\n{body}"})

    found = value_of(side, "main.py", "found")
    assert [value.value for value in found if isinstance(value, Constant)] == ["a", "b"]
    assert not outside_paths(found)


def test_cycles_come_to_an_end_and_keep_what_is_known(tmp_path: Path) -> None:
    """Functions that call each other, attributes that copy each other, packages that star each other."""
    side = side_of(
        tmp_path,
        {
            "main.py": """
                import fastapi
                from openai import OpenAI
                from one import *

                def even(n):
                    return odd(n - 1) if n else OpenAI()

                def odd(n):
                    return even(n - 1) if n else None

                class Node:
                    def __init__(self, other=None):
                        self.value = other.value if other else OpenAI()

                settings = {}
                settings.update({**settings})
                found = odd(3)
                kept = Node(Node()).value
            """,
            "one.py": "from two import *\n",
            "two.py": "from one import *\n",
        },
    )

    assert outside_paths(value_of(side, "main.py", "found")) == {"openai.OpenAI()"}
    assert outside_paths(value_of(side, "main.py", "kept")) == {"openai.OpenAI()"}


def test_constants_do_not_crowd_out_objects(tmp_path: Path) -> None:
    """However many texts and numbers a value may be, the objects of the program among them are known."""
    listed = ", ".join(f'"name {number}"' for number in range(40))
    body = f"class Panel: ...\nITEMS = [{listed}, Panel()]\nfor item in ITEMS:\n    chosen = item\n"

    side = side_of(tmp_path, {"app/main.py": APP + body})

    assert class_names(value_of(side, "app/main.py", "chosen")) == {"Panel"}


def test_only_what_an_application_imports_counts(tmp_path: Path) -> None:
    """A left-over copy of a router and a script of its own are not part of the service."""
    side = side_of(
        tmp_path,
        {
            "app/__init__.py": "",
            "app/main.py": "from fastapi import FastAPI\nfrom app.chat import router\napp = FastAPI()\n",
            "app/chat.py": ROUTER.format("a"),
            "app/chat copy.py": ROUTER.format("b"),
            "scripts/load.py": "import openai\nopenai.OpenAI()\n",
        },
    )

    assert [route.label for route in side.routing.routes] == ["GET /a"]
    assert "scripts/load.py" not in side.routing.live


@pytest.mark.parametrize(
    ("path", "script", "dockerfile", "expected"),
    [
        (
            "scripts/replay.py",
            TRIAL + MAIN,
            "",
            False,
        ),
        ("qa/replay.py", TRIAL + "run()\n", "", False),
        ("app/orders_e2e.py", TRIAL + "run()\n", "", False),
        (
            "scripts/serve.py",
            TRIAL + MAIN,
            "FROM python\nCMD python scripts/serve.py\n",
            True,
        ),
        (
            "scripts/serve.py",
            "from flask import Flask\napi = Flask('a')\n" + MAIN,
            "",
            True,
        ),
        ("scripts/jobs.py", "from celery import shared_task\n@shared_task\ndef job(): ...\n", "", True),
    ],
    ids=["run by hand", "quality assurance", "end to end", "shipped", "serves", "works"],
)
def test_scripts_of_the_workshop_are_no_part_of_the_service(
    tmp_path: Path, path: str, script: str, dockerfile: str, expected: bool
) -> None:
    """What uses the service's framework to try it or to look after it answers no requests."""
    files = {"app/__init__.py": "", "app/main.py": "from flask import Flask\napp = Flask('b')\n", path: script}

    side = side_of(tmp_path, {**files, **({"Dockerfile": dockerfile} if dockerfile else {})})

    assert (path in {module.path for module in side.program.modules}) is expected


def test_subclass_instances_are_told_apart(tmp_path: Path) -> None:
    """A factory that returns one of several classes."""
    side = side_of(
        tmp_path,
        {
            "main.py": """
                import fastapi

                class Base: ...
                class A(Base): ...
                class B(Base): ...

                KINDS = {"a": A, "b": B}

                def make(kind):
                    return KINDS[kind]()

                found = make(input())
            """
        },
    )

    assert class_names(value_of(side, "main.py", "found")) == {"A", "B"}


@pytest.mark.parametrize(
    "body",
    [
        "found: Engine = app.engines['a']",
        "def chosen(name) -> Engine:\n    return app.engines[name]\nfound = chosen('a')",
        "class Holder:\n    def __init__(self):\n        self.engine: Engine = app.engines['a']\n"
        "found = Holder().engine",
        "def taken(engine: Engine):\n    global found\n    found = engine\ntaken(app.engines['a'])",
    ],
    ids=["variable", "return", "attribute", "parameter"],
)
def test_an_annotation_leads_back_into_the_repository(tmp_path: Path, body: str) -> None:
    """What lies in an object of a library is what the program says of it."""
    files = {"main.py": f"{APP}app = fastapi.FastAPI()\nclass Engine: ...\n{body}\n"}
    side = side_of(tmp_path, files)

    assert class_names(value_of(side, "main.py", "found")) == {"Engine"}


def test_an_annotation_adds_nothing_to_what_is_known(tmp_path: Path) -> None:
    """An object of a derived class is not one of the base as well, and a dictionary is what is written out."""
    body = "class Base: ...\nclass Engine(Base): ...\nfound: Base = Engine()\noptions: dict[str, object] = {'a': 1}\n"
    side = side_of(tmp_path, {"main.py": f"{APP}{body}"})

    assert class_names(value_of(side, "main.py", "found")) == {"Engine"}
    assert [type(value) for value in value_of(side, "main.py", "options")] == [Literal]


@pytest.mark.parametrize("length", [66, 68, 69, 72])
def test_a_long_way_is_not_what_is_remembered_of_its_end(tmp_path: Path, length: int) -> None:
    """Questions that came from too far away to be answered leave no wrong answer to the same ones asked close by."""
    lines = ["import socket", "end = socket.create_server"]
    for chain in "abcd":
        lines += [f"{chain}{length} = end", *(f"{chain}{n} = {chain}{n + 1}" for n in range(length))]
    side = side_of(tmp_path, {"main.py": "\n".join(lines)})
    for chain in "abcd":
        value_of(side, "main.py", f"{chain}0")

    assert outside_paths(value_of(side, "main.py", "end")) == {"socket.create_server"}
