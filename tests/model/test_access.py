"""Names that speak of who is asking, and what publishes a service."""

from __future__ import annotations

from pathlib import Path

import pytest

from aiaudit.model.access import open_routes
from aiaudit.model.access.names import checks_access, gives_identity, is_own_key
from tests.model.linked import service_of

MAIN = """
from fastapi import Depends, FastAPI, Header, HTTPException, Request
from openai import OpenAI

app = FastAPI()
client = OpenAI(timeout=20, max_retries=1)


{before}
@app.get("/motto")
def motto({parameters}):
    {body}
    return client.chat.completions.create(model="gpt-4.1-mini", max_tokens=9, messages=[])
"""
COMPOSE = 'services:\n  api:\n    build: .\n    ports: ["{port}"]\n'


def _service(folder: Path, before: str = "", parameters: str = "", body: str = "pass", port: str = "80:80") -> int:
    main = MAIN.format(before=before, parameters=parameters, body=body)
    return len(open_routes(service_of(folder, {"main.py": main, "compose.yaml": COMPOSE.format(port=port)})))


@pytest.mark.parametrize("name", ["get_current_user", "verify_api_key", "HTTPBearer", "require_admin", "get_tenant"])
def test_names_of_dependencies_that_identify(name: str) -> None:
    assert gives_identity(name)


@pytest.mark.parametrize(
    "name", ["get_db", "get_settings", "get_user_service", "author_of", "count_tokens", "paginate"]
)
def test_names_of_other_dependencies(name: str) -> None:
    assert not gives_identity(name)


def test_a_providers_key_is_no_check() -> None:
    assert checks_access("validate_token")
    assert not checks_access("get_api_key")
    assert is_own_key("openai_api_key")
    assert not is_own_key("keyword")


def test_a_published_route_without_a_login(tmp_path: Path) -> None:
    assert _service(tmp_path) == 1


def test_a_port_for_this_machine_alone_publishes_nothing(tmp_path: Path) -> None:
    assert _service(tmp_path, port="127.0.0.1:80:80") == 0


@pytest.mark.parametrize(
    ("before", "parameters", "body"),
    [
        ("", "x_api_key: str = Header()", "pass"),
        ("", "request: Request", 'token = request.headers.get("authorization")'),
        ("", "request: Request", 'who = request.session["user"]'),
        ("def who():\n    raise HTTPException(403)\n", "by=Depends(who)", "pass"),
        ('@app.middleware("http")\ndef gate(request, call_next):\n    raise HTTPException(401)\n', "", "pass"),
    ],
)
def test_what_protects_a_route(before: str, parameters: str, body: str, tmp_path: Path) -> None:
    assert _service(tmp_path, before, parameters, body) == 0


RESOLVER = """
import strawberry
from openai import OpenAI

client = OpenAI(timeout=20, max_retries=1)


@strawberry.type
class Query:
    @strawberry.field
    def motto(self, info: strawberry.Info) -> str:
        {body}
        return client.chat.completions.create(model="gpt-4.1-mini", max_tokens=9, messages=[])
"""


@pytest.mark.parametrize(
    ("body", "found"),
    [("pass", 1), ('who = info.context["user"]', 0), ("who = info.context.user", 0), ('db = info.context["db"]', 1)],
)
def test_who_asks_a_resolver(body: str, found: int, tmp_path: Path) -> None:
    """What stands in the context of a GraphQL request tells who asks."""
    main = "import main_schema\nfrom fastapi import FastAPI\napp = FastAPI()\n"
    compose = COMPOSE.format(port="80:80")
    files = {"main.py": main, "main_schema.py": RESOLVER.format(body=body), "compose.yaml": compose}
    assert len(open_routes(service_of(tmp_path, files))) == found


BODY = "class Question(BaseModel):\n    user_id: int\n    api_key: str\n"


@pytest.mark.parametrize(
    ("body", "found"),
    [("who = request.user_id", 1), ("key = request.api_key", 0), ("key = settings.openai_api_key", 1)],
)
def test_who_a_client_says_it_is(body: str, found: int, tmp_path: Path) -> None:
    """A field of the body proves nothing, unless it is the caller's own key; the service's keys are its own."""
    settings = "class Settings(BaseSettings):\n    openai_api_key: str\n\ndef settled():\n    return Settings()\n"
    before = f"from pydantic import BaseModel\nfrom pydantic_settings import BaseSettings\n\n{BODY}\n{settings}\n"
    parameters = "request: Question, settings: Settings = Depends(settled)"
    assert _service(tmp_path, before, parameters, body) == found


def test_a_status_of_another_service_protects_nothing(tmp_path: Path) -> None:
    body = "answer = client.models.list()\n    if answer.status_code == 401:\n        raise HTTPException(401)"
    assert _service(tmp_path, body=body) == 1


SIGNING_IN = """
from google_auth_oauthlib.flow import Flow
import jwt

flow = Flow.from_client_config(CONFIG, scopes=["openid"])

@app.get("/login")
def begin():
    return login()

def login():
    return flow.authorization_url(prompt="consent")[0]

@app.get("/back")
def back(code: str):
    flow.fetch_token(code=code)
    return jwt.encode({"sub": code}, SECRET)
"""


def test_signing_in_asks_nothing_of_who_calls(tmp_path: Path) -> None:
    main = MAIN.format(before=SIGNING_IN, parameters="", body="pass")
    (found,) = open_routes(service_of(tmp_path, {"main.py": main, "compose.yaml": COMPOSE.format(port="80:80")}))
    assert found.others == 0


def test_reading_a_token_asks_who_calls(tmp_path: Path) -> None:
    body = "jwt.decode(request.query_params['t'], SECRET)"
    assert _service(tmp_path, before="import jwt\n", parameters="request: Request", body=body) == 0
