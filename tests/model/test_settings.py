"""Which settings are needed, and what counts as noticing at startup that one is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from aiaudit.model.settings import Setting, settings_of
from aiaudit.model.settings.clients import client_of, connects
from aiaudit.model.settings.emptiness import filled
from aiaudit.model.settings.judge import judge_of
from aiaudit.model.settings.words import is_credential, is_knob, is_optional, is_stand_in
from aiaudit.sources.python.extract import extract
from tests.model.linked import service_of

HEAD = """\
import os, sys
import httpx
from anthropic import Anthropic
from fastapi import FastAPI, HTTPException
from openai import OpenAI
web = httpx.Client(timeout=5)
app = FastAPI()
"""
USE = """
@app.get("/found")
def found():
    return web.get("https://x.example/", headers={"X-Key": KEY}).json()
"""


def settings_in(folder: Path, body: str, **more: str) -> list[Setting]:
    """The settings of a program that it does not start without, though it should."""
    return settings_of(service_of(folder, {"main.py": HEAD + body, **more}))


def names_in(folder: Path, body: str) -> list[str]:
    """Their names."""
    return [setting.name for setting in settings_in(folder, body)]


@pytest.mark.parametrize(
    "check",
    [
        "if not KEY: raise RuntimeError",
        "if KEY is None: sys.exit(1)",
        "if KEY in (None, ''): raise SystemExit",
        "if len(KEY or '') < 8: raise RuntimeError",
        "assert KEY",
        "if not KEY and os.getenv('MODE') == 'live': raise RuntimeError",
        "if not all((KEY, os.getenv('OTHER'))): raise RuntimeError",
        "if any(not v for v in (KEY,)): raise RuntimeError",
        "missing = [n for n in ('API_KEY',) if not os.getenv(n)]\nif missing: raise RuntimeError",
        "for n in ['API_KEY']:\n    if n not in os.environ: raise RuntimeError",
        "missing = {'API_KEY', 'OTHER'} - set(os.environ)\nif missing: raise RuntimeError",
        "def need(*names):\n    lacking = [n for n in names if not os.getenv(n)]\n    if lacking: raise RuntimeError\n"
        "need('OTHER', 'API_KEY')",
        "def need(*names):\n    for n in names:\n        if n not in os.environ: sys.exit(1)\nneed(*['API_KEY'])",
        "if {'API_KEY'}.difference(os.environ.keys()): sys.exit(1)",
        "NEEDED = ('API_KEY',)\nif not set(NEEDED) <= os.environ.keys(): raise RuntimeError",
        "def has_all():\n    if not KEY: return False\n    return True\nif not has_all(): sys.exit(1)",
        "def has_all():\n    ok = True\n    if not KEY:\n        ok = False\n    return ok\nassert_all = has_all()\n"
        "if not assert_all: sys.exit(1)",
        "def lacking():\n    found = []\n    if not KEY: found.append('API_KEY')\n    return found\n"
        "names = lacking()\nif names: raise RuntimeError(names)",
        "settings = {'API_KEY': KEY}\nfor n, v in settings.items():\n    if not v: raise RuntimeError",
        "os.environ['API_KEY'] = KEY",
        "PARTS = KEY.split('-')",
        "NUMBER = int(KEY)",
        "URL = 'https://x.example/' + KEY",
        "def check(key):\n    if not key: raise RuntimeError\ncheck(KEY)",
        "class C:\n    def __init__(self, key):\n        self.key = key\n"
        "        if not self.key: raise ValueError\nC(KEY)",
        "@app.on_event('startup')\ndef check():\n    if not KEY: raise RuntimeError",
        "errors = []\nif not KEY:\n    errors.append('API_KEY')\nif errors: raise RuntimeError(errors)",
        "try:\n    if not KEY: raise RuntimeError\nexcept RuntimeError:\n    sys.exit(1)",
    ],
)
def test_checks(tmp_path: Path, check: str) -> None:
    """All these stop the start."""
    assert names_in(tmp_path, f"KEY = os.getenv('API_KEY')\n{check}\n{USE}") == []


@pytest.mark.parametrize(
    "no_check",
    [
        "",
        "print('key', KEY)",
        "def check():\n    if not KEY: raise RuntimeError",
        "try:\n    if not KEY: raise RuntimeError\nexcept Exception as error:\n    print(error)",
        "@app.get('/check')\ndef check():\n    if not KEY: raise HTTPException(500)",
        "OTHER = os.getenv('OTHER')\nif not OTHER: raise RuntimeError",
        "unknown = set(os.environ) - {'API_KEY', 'OTHER'}\nif unknown: raise RuntimeError",
        "def need(*names):\n    lacking = [n for n in names if not os.getenv(n)]\n    if lacking: raise RuntimeError\n"
        "need('OTHER', 'FURTHER')",
        "def has_all():\n    if not KEY: return False\n    return True\nhas_all()",
        "def has_all():\n    if not KEY: return False\n    return True\nif not has_all(): print('no key')",
    ],
)
def test_what_is_no_check(tmp_path: Path, no_check: str) -> None:
    """None of these does."""
    assert names_in(tmp_path, f"KEY = os.getenv('API_KEY')\n{no_check}\n{USE}") == ["API_KEY"]


@pytest.mark.parametrize(
    "optional",
    [
        "KEY = os.getenv('API_KEY') or 'generated'.upper()",
        "KEY = os.getenv('API_KEY')\nif KEY is None:\n    KEY = 'local'",
        "KEY = os.getenv('API_KEY') if os.getenv('API_KEY') else 'local'",
        "KEY = os.getenv('API_KEY', 'not-needed')",
        "KEY = os.getenv('API_KEY') or 'not-needed'",
        "def read(what, other):\n    return os.getenv(what) or other\nKEY = read('API_KEY', 'not-needed')",
        "def read(what, kind, other):\n    return kind(os.getenv(what) or other)\n"
        "KEY = read('API_KEY', str, 'not-needed')",
    ],
)
def test_fallbacks(tmp_path: Path, optional: str) -> None:
    """With a value of its own to fall back on, a setting is not required."""
    assert names_in(tmp_path, f"{optional}\n{USE}") == []


@pytest.mark.parametrize(
    ("lookup", "default"),
    [
        ("HOST, KEY = 'x', os.getenv('API_KEY')", "none"),
        ("KEY = os.getenv('API_KEY') or 'changeme'", "literal"),
        ("KEY = os.environ['API_KEY'] if 'API_KEY' in os.environ else None", "none"),
        ("try:\n    KEY = os.environ['API_KEY']\nexcept KeyError:\n    KEY = ''", "empty"),
        (
            "def read(name):\n    try:\n        return os.environ[name]\n    except KeyError:\n        return None\n"
            "KEY = read('API_KEY')",
            "none",
        ),
        (
            "def read(what, other=None):\n    found = os.getenv(what)\n    if found is None:\n        return other\n"
            "    return found\nKEY = read('API_KEY', '')",
            "empty",
        ),
        ("def read(what, other):\n    return os.getenv(what) or other\nKEY = read('API_KEY', None)", "none"),
        (
            "from functools import partial\ndef fetch(key, place):\n"
            "    return web.get(place, headers={'X-Key': key})\n"
            "KEY = 1\nfetching = partial(fetch, os.getenv('API_KEY'))\n@app.get('/x')\ndef x(): return fetching('/a')",
            "none",
        ),
        ("KEY = 'Bearer ' + str(os.getenv('API_KEY'))", "none"),
        ("KEY = 'Bearer %s' % os.getenv('API_KEY')", "none"),
    ],
)
def test_forms_of_defaults(tmp_path: Path, lookup: str, default: str) -> None:
    """What is written around a look-up for a missing variable is its default."""
    assert [(s.name, s.default) for s in settings_in(tmp_path, f"{lookup}\n{USE}")] == [("API_KEY", default)]


GUARDED = """
KEY = os.getenv("OPENAI_API_KEY")
class Features:
    switch = True
    def __init__(self):
        self.kept = KEY is not None
    @property
    def available(self):
        return bool(KEY)
    @property
    def search(self):
        return self.switch and self.available
    def is_ready(self):
        return not self.lacks
    @property
    def lacks(self):
        return not KEY
features = Features()
{check}
@app.get("/found")
def found():
    if not {flag}:
        return None
    return web.get("https://x.example/", headers={{"X-Key": KEY}}).json()
"""


@pytest.mark.parametrize(
    ("flag", "reported"),
    [
        ("features.available", False),
        ("features.search", False),
        ("features.kept", False),
        ("features.is_ready()", False),
        ("features.lacks", True),
        ("features.switch", True),
    ],
)
def test_flags(tmp_path: Path, flag: str, reported: bool) -> None:
    """Where a property, a method or an attribute tells that there is a value, there is one."""
    assert bool(names_in(tmp_path, GUARDED.format(flag=flag, check=""))) is reported


@pytest.mark.parametrize(
    ("check", "reported"),
    [
        ("if not features.search: raise RuntimeError", False),
        ("if not features.kept: sys.exit(1)", False),
        ("assert features.is_ready()", False),
        ("if features.lacks: raise RuntimeError", False),
        ("HAS_KEY = bool(KEY)\nif not HAS_KEY: raise RuntimeError", False),
        ("if features.available: raise RuntimeError", True),
        ("if not features.lacks: raise RuntimeError", True),
        ("if not features.available: print('no key')", True),
    ],
)
def test_checks_of_flags(tmp_path: Path, check: str, reported: bool) -> None:
    """What tells whether there is a value may be what stops the start."""
    assert bool(names_in(tmp_path, GUARDED.format(flag="features.switch", check=check))) is reported


@pytest.mark.parametrize(
    ("lookup", "client", "reported"),
    [
        ("os.getenv('OPENAI_API_KEY')", "OpenAI(api_key=KEY)", False),
        ("os.getenv('OPENAI_API_KEY', '')", "OpenAI(api_key=KEY)", True),
        ("os.getenv('OPENAI_API_KEY') or ''", "OpenAI(api_key=KEY)", True),
        ("os.getenv('OPENAI_API_KEY', '')", "OpenAI(api_key=KEY or None)", False),
        ("os.getenv('ANTHROPIC_API_KEY')", "Anthropic(api_key=KEY)", True),
        ("os.environ['ANTHROPIC_API_KEY']", "Anthropic(api_key=KEY)", False),
        ("os.getenv('OPENAI_API_KEY', 'test-key')", "OpenAI(api_key=KEY)", True),
    ],
)
def test_clients(tmp_path: Path, lookup: str, client: str, reported: bool) -> None:
    """A client made at startup that refuses what is missing is a check; one that takes it is a use."""
    assert bool(names_in(tmp_path, f"KEY = {lookup}\nclient = {client}\n")) is reported


@pytest.mark.parametrize(("headers", "reported"), [("{}", []), ("{'X-Key': target.key}", ["PUSH_API_KEY"])])
def test_what_only_carries_a_value(tmp_path: Path, headers: str, reported: list[str]) -> None:
    """A model with a field for it needs no value: who reads the field does."""
    body = f"""
from pydantic import BaseModel
KEY = os.getenv("PUSH_API_KEY")
class Target(BaseModel):
    key: str | None = None
@app.get("/pushed")
def pushed():
    target = Target(key=KEY)
    return web.get("https://x.example/", headers={headers}).json()
"""
    assert names_in(tmp_path, body) == reported


@pytest.mark.parametrize(("lookup", "need"), [('"", ', "a comparison"), ("None", "hmac.compare_digest()")])
def test_what_a_secret_is_compared_with(tmp_path: Path, lookup: str, need: str) -> None:
    body = f"""
import hmac
KEY = os.getenv("API_KEY", {lookup})

@app.get("/found")
def found(given: str):
    return hmac.compare_digest(given, KEY)
"""
    (setting,) = settings_in(tmp_path, body)
    assert setting.need == need


def test_the_sdk_reads_it_itself(tmp_path: Path) -> None:
    """A lookup that nobody uses stands for what the SDK reads: noticed at startup, or only in a request."""
    lookup = "KEY = os.getenv('OPENAI_API_KEY')\n"
    late = "@app.get('/x')\ndef x():\n    return OpenAI(timeout=5).models.list()\n"

    assert names_in(tmp_path / "early", f"{lookup}client = OpenAI()\n") == []
    assert names_in(tmp_path / "late", lookup + late) == ["OPENAI_API_KEY"]
    assert names_in(tmp_path / "none", lookup) == []


def test_lines_and_defaults(tmp_path: Path) -> None:
    """A setting points at its lookup and knows what it is without a value."""
    body = f"KEY = (\n    os.getenv('API_KEY', '')\n)\n{USE}"
    (setting,) = settings_in(tmp_path, body)

    assert (setting.name, setting.default, setting.is_field, setting.in_request) == ("API_KEY", "empty", False, None)
    assert setting.span.line == HEAD.count("\n") + 2
    assert setting.steps[0].message == "GET /found"


def test_reading_in_a_request(tmp_path: Path) -> None:
    """The reach of a lookup that only requests get to."""
    body = "def key():\n    return os.environ['SEARCH_API_KEY']\n" + USE.replace("KEY}", "key()}")
    (setting,) = settings_in(tmp_path, body)

    assert setting.default == "raises"
    assert setting.in_request is not None
    assert setting.in_request.entry.label == "GET /found"


def test_settings_class(tmp_path: Path) -> None:
    """Fields by their alias or prefix; nested in a function, behind a dependency."""
    config = """
    from functools import lru_cache
    from pydantic import Field
    from pydantic_settings import BaseSettings, SettingsConfigDict

    class Settings(BaseSettings):
        model_config = SettingsConfigDict(env_prefix="RAG_")
        search_api_key: str = ""
        other: str = Field(default="", validation_alias="MAPS_API_KEY")
        needed_key: str
        retries: int = 3

    @lru_cache
    def get_settings() -> Settings:
        return Settings()
    """
    body = """
from fastapi import Depends
from config import Settings, get_settings

@app.get("/found")
def found(settings: Settings = Depends(get_settings)):
    headers = {"a": settings.search_api_key, "b": settings.other, "c": settings.needed_key}
    return web.get("https://x.example/", headers=headers, params={"tries": settings.retries}).json()
"""
    found = settings_in(tmp_path, body, **{"config.py": config})

    assert [(s.name, s.is_field) for s in found] == [("RAG_SEARCH_API_KEY", True), ("MAPS_API_KEY", True)]


@pytest.mark.parametrize(
    ("field", "check", "reported"),
    [
        ("key: str = ''", "", True),
        ("key: str = ''", "if not get_settings().key: raise RuntimeError", False),
        ("key: str = ''", "if not get_settings().other: raise RuntimeError", True),
        ("key: str = Field('', min_length=8)", "get_settings()", False),
        ("key: str = Field(default_factory=str)", "", True),
    ],
)
def test_fields_behind_a_getter(tmp_path: Path, field: str, check: str, reported: bool) -> None:
    """The same getter gives the same settings; a default that the class refuses is none."""
    body = f"""
from functools import lru_cache
from pydantic import Field
from pydantic_settings import BaseSettings

class Settings(BaseSettings):
    {field}
    other: str = "x"

@lru_cache
def get_settings() -> Settings:
    return Settings()

{check}
@app.get("/found")
def found():
    return web.get("https://x.example/", headers={{"a": get_settings().key}}).json()
"""
    assert bool(names_in(tmp_path, body.replace("key", "api_key"))) is reported


@pytest.mark.parametrize(
    ("behind", "reported"),
    [
        ("raise HTTPException(503, 'not configured')", True),
        ("print('no key')\n    return {'error': 'no key'}", True),
        ("return web.get('https://free.example/').json()", False),
        ("body = web.get('https://free.example/').json()\n    if not body:\n        raise HTTPException(404)", False),
    ],
)
def test_what_stands_behind_the_use(tmp_path: Path, behind: str, reported: bool) -> None:
    """A branch that leaves with the value has what follows it as its other branch."""
    body = f"""
KEY = os.getenv("API_KEY")
@app.get("/found")
def found():
    if KEY:
        return web.get("https://x.example/", headers={{"X-Key": KEY}}).json()
    {behind}
"""
    assert bool(names_in(tmp_path, body)) is reported


@pytest.mark.parametrize(
    ("without", "reported"),
    [
        ("return {'found': []}", False),
        ("return web.get('https://free.example/').json()", False),
        ("raise HTTPException(503, 'not configured')", True),
        ("return {'error': 'no key'}", True),
        ("print('no key')", True),
    ],
)
def test_a_client_that_is_left_out(tmp_path: Path, without: str, reported: bool) -> None:
    """What is done without a client tells whether the service needs its key."""
    body = f"""
KEY = os.getenv("ANTHROPIC_API_KEY")
client = Anthropic(api_key=KEY, timeout=5) if KEY else None
@app.get("/found")
def found():
    if client is None:
        {without}
    return client.models.list()
"""
    assert bool(names_in(tmp_path, body)) is reported


@pytest.mark.parametrize(("first", "reported"), [("ADDRESS", []), ("cached", ["API_KEY"])])
def test_second_choice(tmp_path: Path, first: str, reported: list[str]) -> None:
    """What is asked for only where another setting is missing is not needed; other tests change nothing."""
    body = f"""
ADDRESS = os.getenv("SEARCH_URL")
KEY = os.getenv("API_KEY")
cached = {{}}
@app.get("/found")
def found():
    if {first}:
        return web.get("https://local.example").json()
    elif KEY:
        return web.get("https://x.example/", headers={{"X-Key": KEY}}).json()
    else:
        raise RuntimeError("nothing is configured")
"""
    assert names_in(tmp_path, body) == reported


def test_rewritten_fields(tmp_path: Path) -> None:
    """A field that a validator puts together from others needs no value."""
    body = """
from pydantic import validator
from pydantic_settings import BaseSettings
from sqlalchemy import create_engine

class Settings(BaseSettings):
    password: str
    database_url: str | None = None

    @validator("database_url", pre=True, always=True)
    def put_together(cls, value, values):
        return value or f"postgresql://api:{values['password']}@db/api"

settings = Settings()
engine = create_engine(str(settings.database_url))
"""
    assert names_in(tmp_path, body) == []


@pytest.mark.parametrize(
    ("test", "outcome", "expected"),
    [
        ("x", True, {"x"}),
        ("x", False, set()),
        ("not x", False, {"x"}),
        ("x is None", False, {"x"}),
        ("x is not None and y", True, {"x", "y"}),
        ("not x or not y", False, {"x", "y"}),
        ("not (x and y)", False, {"x", "y"}),
        ("not x and y", False, set()),
        ("x == ''", False, {"x"}),
        ("x == y", True, set()),
        ("len(x) > 0", True, {"x"}),
        ("(x := os.getenv('K')) is None", False, {"x", "$K"}),
        ("os.environ.get('K')", True, {"$K"}),
        ("getattr(settings, 'k', None)", True, {"settings.k"}),
        ("x.get_secret_value()", True, {"x"}),
        ("all([x, y])", True, {"x", "y"}),
        ("any(v is None for v in (x, y))", False, {"x", "y"}),
        ("any([x, y])", True, set()),
        ("'' in (x, y)", False, {"x", "y"}),
    ],
)
def test_filled(test: str, outcome: bool, expected: set[str]) -> None:
    """What a test says about the variables in it."""
    statement = extract(f"if {test}: pass\n")[1][0]

    assert set(filled(statement[2], outcome)) == expected


@pytest.mark.parametrize(
    ("name", "text", "stand_in"),
    [
        ("JWT_SECRET", "change-me", True),
        ("JWT_SECRET", "7f2a", True),
        ("PROJECT", "unset", True),
        ("PROJECT", "demo", False),
        ("LLM_API_KEY", "ollama", False),
        ("LLM_API_KEY", "EMPTY", False),
        ("DATABASE_URL", "postgresql://a:b@localhost/c", True),
        ("DATABASE_URL", "sqlite:///./a.db", False),
        ("MODEL", "gpt-4.1-mini", False),
        ("MAX_TOKENS", "100", False),
        ("DATABASE_URL", "default", True),
        ("DATABASE_URL", "localhost", False),
    ],
)
def test_stand_ins(name: str, text: str, stand_in: bool) -> None:
    """A default that stands for no value."""
    assert is_stand_in(name, text) is stand_in


def test_names() -> None:
    """Credentials, knobs, and what services run without."""
    assert is_credential("API_KEY")
    assert not is_credential("MAX_TOKENS")
    assert is_knob("OPENAI_BASE_URL")
    assert not is_knob("DB_NAME")
    assert not is_knob("SUPABASE_URL")
    assert is_optional("LANGFUSE_SECRET_KEY")
    assert not is_optional("OPENAI_API_KEY")


def test_known_clients() -> None:
    """The families of clients by their paths, wherever a package re-exports them."""
    for path, none, empty in (
        ("openai.OpenAI", True, False),
        ("langchain_openai.embeddings.base.OpenAIEmbeddings", True, False),
        ("anthropic.AsyncAnthropic", False, False),
        ("google.genai.Client", True, True),
        ("pinecone.Pinecone", True, True),
        ("tortoise.contrib.fastapi.RegisterTortoise", True, True),
    ):
        client = client_of(path)
        assert client is not None
        assert (client.refuses_none, client.refuses_empty) == (none, empty)
    assert client_of("myopenai.OpenAI") is None
    assert connects("psycopg.AsyncConnection.connect")
    assert not connects("sqlalchemy.create_engine")


@pytest.mark.parametrize(
    ("handed", "reported"),
    [
        ("run_in_threadpool(s3.put_object, Bucket=BUCKET, Key='a', Body=b'')", ["PLACE"]),
        ("asyncio.to_thread(store, BUCKET)", ["PLACE"]),
        ("asyncio.to_thread(print, BUCKET)", []),
        ("run_in_threadpool(s3.put_object, Bucket='b', Key=BUCKET or 'a', Body=b'')", []),
    ],
)
def test_what_a_thread_gets(tmp_path: Path, handed: str, reported: list[str]) -> None:
    """The function that runs there uses it."""
    body = f"""
import asyncio
import boto3
from fastapi.concurrency import run_in_threadpool
s3 = boto3.client("s3")
BUCKET = os.getenv("PLACE")
def store(where):
    s3.put_object(Bucket=where, Key="a", Body=b"")
@app.post("/export")
async def export():
    await {handed}
"""
    assert names_in(tmp_path, body) == reported


@pytest.mark.parametrize(
    ("answer", "cached", "reported"),
    [
        ("raise HTTPException(501, 'not configured')", "@lru_cache", False),
        ("raise HTTPException(status_code=status.HTTP_501_NOT_IMPLEMENTED)", "@cache", False),
        ("return JSONResponse({'error': 'not configured'}, status_code=501)", "@lru_cache(maxsize=1)", False),
        ("raise HTTPException(503, 'not configured')", "@lru_cache", True),
        ("pass", "@lru_cache", True),
    ],
)
def test_a_feature_that_an_installation_may_lack(tmp_path: Path, answer: str, cached: str, reported: bool) -> None:
    """501 says that it is not there; what makes the client once is reached only behind the question."""
    body = f"""
from functools import cache, lru_cache
from fastapi import status
from fastapi.responses import JSONResponse
KEY = os.getenv("TRANSLATOR_API_KEY")
{cached}
def translator():
    return Anthropic(api_key=KEY)
@app.post("/translate")
def translate(text: str):
    if not KEY:
        {answer}
    return translator().models.list()
"""
    assert names_in(tmp_path, body) == (["TRANSLATOR_API_KEY"] if reported else [])


@pytest.mark.parametrize(
    ("declared", "reported"),
    [
        ("key: str", False),
        ("key: SecretStr", False),
        ("key: str | None", True),
        ("key: Optional[str] = None", True),
    ],
)
def test_a_model_that_the_start_makes_refuses_none(tmp_path: Path, declared: str, reported: bool) -> None:
    """Where its field has to be a text."""
    body = f"""
from typing import Optional
from pydantic import BaseModel, SecretStr
class Config(BaseModel):
    {declared}
config = Config(key=os.getenv("ANTHROPIC_API_KEY"))
client = Anthropic(api_key=config.key)
@app.get("/models")
def models():
    return client.models.list()
"""
    assert names_in(tmp_path, body) == (["ANTHROPIC_API_KEY"] if reported else [])


@pytest.mark.parametrize(("asserted", "reported"), [("value", False), ("len(value) > 9", False), ("True", True)])
def test_validators_that_assert(tmp_path: Path, asserted: str, reported: bool) -> None:
    """A failed assertion is an error of validation."""
    body = f"""
from pydantic import field_validator
from pydantic_settings import BaseSettings
class Settings(BaseSettings):
    anthropic_api_key: str = ""
    @field_validator("anthropic_api_key")
    @classmethod
    def check(cls, value):
        assert {asserted}
        return value
settings = Settings()
client = Anthropic(api_key=settings.anthropic_api_key)
@app.get("/models")
def models():
    return client.models.list()
"""
    assert names_in(tmp_path, body) == (["ANTHROPIC_API_KEY"] if reported else [])


@pytest.mark.parametrize(
    ("parameter", "reported"), [("own: str = ''", False), ("own: str = Header(None)", False), ("other: str = ''", True)]
)
def test_keys_that_callers_bring(tmp_path: Path, parameter: str, reported: bool) -> None:
    """The service's own key stands in for those that callers leave out."""
    body = f"""
from fastapi import Header
own = ""
@app.get("/models")
def models({parameter}):
    return Anthropic(api_key=own or os.getenv("ANTHROPIC_API_KEY")).models.list()
"""
    assert names_in(tmp_path, body) == (["ANTHROPIC_API_KEY"] if reported else [])


def test_names_that_a_loop_unpacks_from_entries_of_a_table_are_the_names(tmp_path: Path) -> None:
    """`for region, (url, key) in TABLE.items()`: the parts of the parts, not the key of the table."""
    table = 'TABLE = {"us": ("US_URL", "US_KEY"), "eu": ("EU_URL", "EU_KEY")}\n'
    loop = "for region, (address, key) in TABLE.items():\n    KEY = os.getenv(key)\n"
    service = service_of(tmp_path, {"main.py": HEAD + table + loop})

    assert [source.names for source in judge_of(service).sources] == [("US_KEY", "EU_KEY")]
