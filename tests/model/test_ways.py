"""Calls that take one of many ways: what holds for one of them alone is less sure, what holds for most is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from aiaudit.finding import Confidence
from aiaudit.model.blocking import blocking_calls
from aiaudit.model.flow import flows_of
from aiaudit.model.resources import Resource
from aiaudit.model.settings import settings_of
from aiaudit.rule import discover
from tests.model.linked import service_of, side_of

NAMES = ("a", "b", "c", "d", "e", "f", "g", "h")
QUICK, SLOW = "return text.upper()", "return requests.post('https://parse.example.com', data=text, timeout=5).text"
TABLE = """
import requests
from openai import OpenAI
from fastapi import FastAPI

app = FastAPI()

{parsers}

PARSERS = {{{table}}}


@app.post("/parse/{{kind}}")
async def parse(kind: str, text: str):
    {asked}
"""
CHOSEN = "return PARSERS[kind](text)"
ALL = "return [parser(text) for parser in PARSERS.values()]"


def table(bodies: list[str], asked: str = CHOSEN) -> str:
    """A route that asks functions with these bodies out of a table."""
    named = list(zip(NAMES, bodies, strict=False))
    parsers = "\n\n".join(f"def parse_{name}(text):\n    {body}" for name, body in named)
    return TABLE.format(parsers=parsers, table=", ".join(f"'{n}': parse_{n}" for n, _ in named), asked=asked)


@pytest.mark.parametrize(
    ("bodies", "asked", "expected"),
    [
        ([SLOW, *[QUICK] * 7], CHOSEN, [True]),  # one of eight
        ([*[SLOW] * 5, *[QUICK] * 3], CHOSEN, [False]),  # most of them
        ([SLOW, QUICK, QUICK], CHOSEN, [False]),  # one of a few, as behind an `if`
        ([SLOW, *[QUICK] * 7], ALL, [False]),  # each of them in turn
    ],
)
def test_one_of_many_that_blocks(tmp_path: Path, bodies: list[str], asked: str, expected: list[bool]) -> None:
    """A table of parsers, one of which waits for the network."""
    found = blocking_calls(service_of(tmp_path, {"main.py": table(bodies, asked)}))

    assert [blocking.rare for blocking in found] == expected


BUILT = "return OpenAI().embeddings.create(input=text, model='text-embedding-3-small')"


@pytest.mark.parametrize(
    ("bodies", "expected"),
    [([BUILT, *[QUICK] * 7], {True}), ([*[BUILT] * 5, *[QUICK] * 3], {False}), ([BUILT, QUICK], {False})],
)
def test_one_of_many_that_builds(tmp_path: Path, bodies: list[str], expected: set[bool]) -> None:
    """A table of functions, some of which build a client."""
    side = side_of(tmp_path, {"main.py": table(bodies)})

    assert {made.rare for made in side.resources if made.per_request is not None} == expected


def test_a_sure_way_goes_first(tmp_path: Path) -> None:
    """What a route runs itself, through one function more, is told of it rather than of a table's entry."""
    code = table([BUILT, *[QUICK] * 7]) + (
        "\n\ndef first(text):\n    return second(text)\n\n\ndef second(text):\n    return parse_a(text)\n"
        '\n\n@app.post("/first")\ndef asked(text: str):\n    return first(text)\n'
    )
    side = side_of(tmp_path, {"main.py": code})
    made: Resource = next(r for r in side.resources if r.per_request is not None)

    assert made.per_request is not None
    assert made.per_request.entry.label == "POST /first"
    assert not made.rare


MODELS = """
from fastapi import FastAPI
from openai import OpenAI
from pydantic import BaseModel

app = FastAPI()
client = OpenAI(timeout=20)


class Asked(BaseModel):
    text: str

{classes}

MODELS = {{{table}}}


@app.post("/ask/{{kind}}")
def ask(kind: str, asked: Asked):
    return MODELS[kind]().answer(asked.text)
"""
CLASS = """
class Model{name}:
    def answer(self, text):
        return client.responses.create(model="{name}", input=text, max_output_tokens=50)
"""


@pytest.mark.parametrize(("count", "expected"), [(8, ["high", *["medium"] * 7]), (3, ["high"] * 3)])
def test_one_text_to_one_of_many_models(tmp_path: Path, count: int, expected: list[str]) -> None:
    """A table of models gives one sure finding, with the number of the others; a few models one each."""
    classes = "".join(CLASS.format(name=name) for name in NAMES[:count])
    code = MODELS.format(classes=classes, table=", ".join(f"'{name}': Model{name}" for name in NAMES[:count]))
    rule = next(rule for rule in discover("aiaudit_rules.prompts") if rule.id == "PRM101")
    flows = flows_of(service_of(tmp_path, {"main.py": code}))
    found = [finding for flow in flows for finding in rule.checks[0][1](flow)]

    assert [finding.confidence for finding in found] == list(map(Confidence, expected))
    assert ("or one of 7 other calls behind answer()" in found[0].message) == (count == 8)


KEYS = """
import os

from fastapi import FastAPI
from openai import OpenAI

app = FastAPI()
KEY = os.getenv("SOME_API_KEY")


def ask_a(text):
    return OpenAI(api_key=KEY, timeout=20).responses.create(model="m", input=text[:50], max_output_tokens=50)

{others}

ASKING = {{{table}}}


@app.post("/ask/{{kind}}")
def ask(kind: str, text: str):
    return ASKING[kind](text)
"""


@pytest.mark.parametrize(("count", "expected"), [(8, [True]), (2, [True]), (1, [False])])
def test_a_key_that_one_of_many_needs(tmp_path: Path, count: int, expected: list[bool]) -> None:
    """The key of one provider among several: who asks another one does without."""
    others = "\n\n".join(f"def ask_{name}(text):\n    return text" for name in NAMES[1:count])
    code = KEYS.format(others=others, table=", ".join(f"'{name}': ask_{name}" for name in NAMES[:count]))

    assert [setting.of_one for setting in settings_of(service_of(tmp_path, {"main.py": code}))] == expected


OPTIONAL = """
import os

from fastapi import FastAPI
from openai import OpenAI

app = FastAPI()
KEY = os.getenv("OPENAI_API_KEY")


class Reader:
    def read(self, text):
        return OpenAI(api_key=KEY, timeout=20).responses.create(model="m", input=text[:50], max_output_tokens=50)


class Plain:
    def read(self, text):
        return text


@app.post("/read")
def read(text: str):
    reader = {made}
    return reader.read(text)
"""


@pytest.mark.parametrize(("made", "expected"), [("Reader() if KEY else Plain()", []), ("Reader()", ["OPENAI_API_KEY"])])
def test_a_class_that_is_used_with_a_key_alone(tmp_path: Path, made: str, expected: list[str]) -> None:
    """A reader that is made only where there is a key, and the look-alike that is made anyway."""
    found = settings_of(service_of(tmp_path, {"main.py": OPTIONAL.format(made=made)}))

    assert [setting.name for setting in found] == expected


KEPT = """
from fastapi import FastAPI
from openai import OpenAI

app = FastAPI()
clients = {{}}
client = None


def get_client(name):
    global client
    {body}


@app.get("/{{name}}")
def get(name: str):
    return get_client(name).models.list()
"""
BY_KEY = """if name not in clients:
        clients[name] = OpenAI(timeout=20)
    return clients[name]"""
FOUND_BY_KEY = """if name in clients:
        return clients[name]
    made = OpenAI(timeout=20)
    clients[name] = made
    return made"""
LOOKED_UP = """found = clients.get(name)
    if found is None or found.is_closed():
        found = OpenAI(timeout=20)
        clients[name] = found
    return found"""
ALONE = """if client is None:
        client = OpenAI(timeout=20)
    return client"""


@pytest.mark.parametrize(
    ("body", "expected"), [(BY_KEY, "medium"), (FOUND_BY_KEY, "medium"), (LOOKED_UP, "medium"), (ALONE, "high")]
)
def test_clients_that_are_kept_by_key(tmp_path: Path, body: str, expected: str) -> None:
    """The start cannot make the clients of all names; one client it can."""
    side = side_of(tmp_path, {"main.py": KEPT.format(body=body)})
    rule = next(rule for rule in discover("aiaudit_rules.lifecycle") if rule.id == "LIF103")
    found = [finding for made in side.resources for finding in rule.checks[0][1](made)]

    assert [finding.confidence for finding in found] == [Confidence(expected)]


HANDED = """
import builtins

from fastapi import FastAPI
from openai import OpenAI
from toolbox import Tool

app = FastAPI()


def search(text="all"):
    return OpenAI(timeout=20).models.list()

TABLE = {{"search": search}}


@app.get("/")
def get(text: str = ""):
    {body}
"""


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("return search()", ["high"]),
        ("return Tool.from_function(search)", ["medium"]),  # the agent calls it when it likes
        ("return list(map(search, [text]))", ["high"]),
        ("return sorted(TABLE)", []),
        ("return TABLE.get(text, search) is None", []),
        ("return sorted([text], key=search)", ["high"]),
        ("try:\n        return text\n    except ValueError:\n        return search()", ["medium"]),
    ],
)
def test_who_runs_what_is_handed_on(tmp_path: Path, body: str, expected: list[str]) -> None:
    """A request runs what it calls, Python's own functions what they are to call; libraries when they like."""
    side = side_of(tmp_path, {"main.py": HANDED.format(body=body.replace("\\n", "\n"))})
    rule = next(rule for rule in discover("aiaudit_rules.lifecycle") if rule.id == "LIF101")
    found = [finding for made in side.resources for finding in rule.checks[0][1](made)]

    assert [finding.confidence for finding in found] == list(map(Confidence, expected))


HUB = """
from fastapi import FastAPI
from huggingface_hub import hf_hub_download

app = FastAPI()


@app.get("/")
def get():
    path = hf_hub_download("acme/things", "things.bin"{more})
    return open(path).read()
"""


@pytest.mark.parametrize(("more", "expected"), [("", True), (', repo_type="dataset"', False)])
def test_data_of_a_hub_are_no_model(tmp_path: Path, more: str, expected: bool) -> None:
    """What a hub keeps as data is downloaded, and no model is loaded."""
    side = side_of(tmp_path, {"main.py": HUB.format(more=more)})

    assert any(made.entry.cost == "model-load" for made in side.resources) is expected


CONNECTORS = """

import requests
from fastapi import FastAPI
from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    drive_client_secret: str | None = None


settings = Settings()
app = FastAPI()


class Drive:
    def __init__(self):
        if not settings.drive_client_secret:
            raise ValueError("DRIVE_CLIENT_SECRET is not set")

    def pages(self):
        return requests.post("https://drive.example.com", data=settings.drive_client_secret, timeout=5).text


class Folder:
    def pages(self):
        return "page"


SOURCES = {{"drive": Drive, "folder": Folder}}


@app.post("/pages/{{kind}}")
def pages(kind: str):
    {asked}
    return source().pages()
"""


@pytest.mark.parametrize(
    ("asked", "expected"),
    [("source = SOURCES.get(kind)", True), ('source = SOURCES["drive"]', False), ("source = Drive", False)],
)
def test_settings_of_what_requests_ask_for(tmp_path: Path, asked: str, expected: bool) -> None:
    """Who never asks for a source by its name can do without its settings."""
    found = list(settings_of(service_of(tmp_path, {"main.py": CONNECTORS.format(asked=asked)})))

    assert [(setting.name, setting.answered, setting.of_one) for setting in found] == [
        ("drive_client_secret".upper(), True, expected)
    ]


EXCHANGED = """
import os

import requests
from fastapi import FastAPI

app = FastAPI()
SECRET = os.getenv("MAPS_CLIENT_SECRET")


@app.get("/callback")
def callback(code: str):
    data = {{"client_secret": SECRET, "grant_type": "{grant}", "code": code}}
    return requests.post("https://maps.example.com/token", data=data, timeout=5).json()
"""


@pytest.mark.parametrize(("grant", "expected"), [("authorization_code", True), ("client_credentials", False)])
def test_what_connects_accounts(tmp_path: Path, grant: str, expected: bool) -> None:
    """Users who never connect their account of another service do without what the service knows this one by."""
    found = list(settings_of(service_of(tmp_path, {"main.py": EXCHANGED.format(grant=grant)})))

    assert [(setting.name, setting.of_one, setting.left_out) for setting in found] == [
        ("MAPS_CLIENT_SECRET", expected, expected)
    ]


@pytest.mark.parametrize(
    ("count", "default", "expected"), [(8, ", None", True), (8, ', "none at all"', False), (3, ", None", False)]
)
def test_what_says_that_it_may_be_left_out(tmp_path: Path, count: int, default: str, expected: bool) -> None:
    """A default that says so is believed where there are many ways to do without."""
    others = "\n\n".join(f"def ask_{name}(text):\n    return text" for name in NAMES[1:count])
    code = KEYS.format(others=others, table=", ".join(f"'{name}': ask_{name}" for name in NAMES[:count]))
    code = code.replace('"SOME_API_KEY"', f'"SOME_API_KEY"{default}')

    assert [setting.left_out for setting in settings_of(service_of(tmp_path, {"main.py": code}))] == [expected]


CHOSEN = """
import os

from fastapi import FastAPI
from openai import OpenAI

app = FastAPI()
PROVIDER = {provider}
CLOUD_KEY = os.getenv("SOME_API_KEY")


class Cloud:
    def __init__(self):
        self.client = OpenAI(api_key=CLOUD_KEY, timeout=20, max_retries=1)

    def names(self):
        return [model.id for model in self.client.models.list()]


class Folder:
    def names(self):
        return ["small"]


def made():
    if {test}:
        return Cloud()
    return Folder()


@app.get("/models")
def models():
    return made().names()
"""
OF_ENVIRONMENT, REASON = 'os.environ["PROVIDER"]', 'only where PROVIDER is "cloud" is it needed'


@pytest.mark.parametrize(
    ("provider", "test", "expected"),
    [
        (OF_ENVIRONMENT, 'PROVIDER == "cloud"', REASON),
        (OF_ENVIRONMENT, 'PROVIDER != "folder"', ""),
        (OF_ENVIRONMENT, "PROVIDER", ""),
        (OF_ENVIRONMENT, '(kind := PROVIDER) and kind == "cloud"', ""),  # may be anything that is found on the way
        ('os.getenv("PROVIDER", "cloud")', 'PROVIDER == "cloud"', ""),  # by whoever sets nothing
        ('os.getenv("PROVIDER", "folder")', 'PROVIDER == "cloud"', REASON),
    ],
)
def test_what_another_setting_chooses(tmp_path: Path, provider: str, test: str, expected: str) -> None:
    """Who chooses something else does without, unless it is chosen where nobody chooses."""
    found = list(settings_of(service_of(tmp_path, {"main.py": CHOSEN.format(provider=provider, test=test)})))

    assert [(setting.name, setting.reason) for setting in found if setting.name == "SOME_API_KEY"] == [
        ("SOME_API_KEY", expected)
    ]
