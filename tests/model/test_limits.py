"""Which applications answer with models, and what limits how often."""

from __future__ import annotations

from pathlib import Path

import pytest

from aiaudit.model.limits import CostlyApplication, costly_applications
from tests.model.linked import service_of

HEAD = """\
import httpx
from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse
from openai import OpenAI
from slowapi import Limiter
from slowapi.middleware import SlowAPIMiddleware
from starlette.middleware.base import BaseHTTPMiddleware
client = OpenAI(timeout=5)
"""
ROUTE = """
@app.get("/vector")
def vector(request: Request):
    return client.embeddings.create(model="m", input="x").data
"""


def costly(folder: Path, body: str, **more: str) -> list[CostlyApplication]:
    """The applications of a program that ask models."""
    return costly_applications(service_of(folder, {"main.py": HEAD + body, **more}))


@pytest.mark.parametrize(
    "limited",
    [
        "limiter = Limiter(key_func=str, default_limits=['5/minute'])\napp = FastAPI()\n"
        "app.add_middleware(SlowAPIMiddleware)",
        "class RateLimitMiddleware(BaseHTTPMiddleware):\n    pass\n"
        "app = FastAPI()\napp.add_middleware(RateLimitMiddleware)",
        "class Gate(BaseHTTPMiddleware):\n    async def dispatch(self, request, call_next):\n"
        "        if len(SEEN) > 9:\n            return JSONResponse({}, status_code=429)\n"
        "        return await call_next(request)\nSEEN = []\napp = FastAPI()\napp.add_middleware(Gate)",
        "class TooOften(HTTPException):\n    def __init__(self):\n        super().__init__(status_code=429)\n"
        "def gate():\n    raise TooOften()\napp = FastAPI(dependencies=[Depends(gate)])",
        "def throttle():\n    pass\napp = FastAPI(dependencies=[Depends(throttle)])",
    ],
)
def test_limits(tmp_path: Path, limited: str) -> None:
    """All these limit every route."""
    assert [found.limited for found in costly(tmp_path, limited + "\n" + ROUTE)] == [True]


@pytest.mark.parametrize(
    "unlimited",
    [
        "app = FastAPI()",
        "limiter = Limiter(key_func=str)\napp = FastAPI()",
        "limiter = Limiter(key_func=str, default_limits=['5/minute'])\napp = FastAPI()",
        "app = FastAPI()\n@app.exception_handler(ValueError)\ndef handle(request, error):\n"
        "    return JSONResponse({}, status_code=429)",
        "app = FastAPI()\ndef ask():\n    answer = httpx.get('https://x.example/')\n"
        "    if answer.status_code == 429:\n        raise HTTPException(429)\n@app.get('/other')\ndef other(): ask()",
    ],
)
def test_what_is_no_limit(tmp_path: Path, unlimited: str) -> None:
    """None of these does: a limiter unused, refusals of others passed on."""
    assert [found.limited for found in costly(tmp_path, unlimited + "\n" + ROUTE)] == [False]


@pytest.mark.parametrize(
    ("path", "text", "limits"),
    [
        ("nginx.conf", "limit_req_zone $binary_remote_addr zone=a:1m rate=1r/s;\n", True),
        ("nginx.conf", "# limit_req zone=a;\n", False),
        ("deploy/ingress.yaml", "metadata:\n  annotations:\n    nginx.ingress.kubernetes.io/limit-rps: '5'\n", True),
        ("compose.yaml", "labels:\n  - traefik.http.middlewares.a.ratelimit.average=10\n", True),
        ("kong.yml", "plugins:\n  - name: rate-limiting\n", True),
        ("config.yaml", "llm:\n  rate_limit: 10\n", False),
        ("docs/nginx.conf", "limit_req zone=a;\n", False),
    ],
)
def test_gateways(tmp_path: Path, path: str, text: str, limits: bool) -> None:
    """Limits of a gateway that the repository configures count, what is said in comments or settings does not."""
    assert [found.limited for found in costly(tmp_path, "app = FastAPI()\n" + ROUTE, **{path: text})] == [limits]


def test_routes_and_the_way_to_the_model(tmp_path: Path) -> None:
    """The routes that reach a model through routers and helpers, with one way shown."""
    body = """
router = APIRouter(prefix="/v1")

def embed(text):
    return client.embeddings.create(model="m", input=text)

@router.post("/vectors")
def vectors():
    return embed("x")

@router.get("/health")
def health():
    return "fine"

app = FastAPI()
app.include_router(router)
"""
    (found,) = costly(tmp_path, body)

    assert [route.label for route in found.routes] == ["POST /v1/vectors"]
    assert [step.message for step in found.example] == [
        "POST /v1/vectors", "embed()", "calls client.embeddings.create",
    ]  # fmt: skip


def test_models_behind_plain_http(tmp_path: Path) -> None:
    """A model's address makes an HTTP call one that asks a model."""
    body = """
import os
BASE = os.getenv("OLLAMA_URL", "http://ollama:11434")
app = FastAPI()

@app.post("/a")
def a():
    return httpx.post(f"{BASE}/api/generate", json={}, timeout=5).json()

@app.post("/b")
def b():
    return httpx.post("https://shop.example/orders", json={}, timeout=5).json()
"""
    (found,) = costly(tmp_path, body)

    assert [route.label for route in found.routes] == ["POST /a"]


def test_startup_asks_nobody(tmp_path: Path) -> None:
    """What only startup asks makes no route costly."""
    body = "X = client.embeddings.create(model='m', input='x')\napp = FastAPI()\n@app.get('/x')\ndef x(): return X\n"

    assert costly(tmp_path, body) == []


def test_each_service_for_itself(tmp_path: Path) -> None:
    """Two applications of one repository, each with its own routes."""
    one = HEAD + "app = FastAPI()\n" + ROUTE
    service = service_of(tmp_path, {"one/main.py": one, "two/main.py": one.replace("/vector", "/other")})
    found = costly_applications(service)

    assert [(f.span.path, f.routes[0].label) for f in found] == [
        ("one/main.py", "GET /vector"),
        ("two/main.py", "GET /other"),
    ]


def test_two_applications_of_one_program(tmp_path: Path) -> None:
    """Each application has the routes that are mounted in it, also where one imports the other."""
    inner = """
router = APIRouter()

@router.post("/inner")
def inner():
    return client.embeddings.create(model="m", input="x")

def create_inner():
    made = FastAPI()
    made.include_router(router=router)
    return made
"""
    outer = """
from inner import create_inner

router = APIRouter()
versions = APIRouter(prefix="/v1")

@router.post("/outer")
def outer():
    return client.embeddings.create(model="m", input="x")

versions.include_router(router)
app = FastAPI()
app.include_router(versions)
"""
    found = costly(tmp_path, outer, **{"inner.py": HEAD + inner})

    assert {(f.span.path, tuple(route.label for route in f.routes)) for f in found} == {
        ("main.py", ("POST /v1/outer",)),
        ("inner.py", ("POST /inner",)),
    }


def test_routes_of_unknown_registration_belong_to_the_nearest_application(tmp_path: Path) -> None:
    """A tool beside the service that imports its pages does not answer for them."""
    files = {
        "api/pages.py": "from flask import Blueprint\nfrom openai import OpenAI\npages = Blueprint('p', __name__)\n"
        "client = OpenAI(timeout=5)\n@pages.route('/vector')\ndef vector():\n"
        "    return client.embeddings.create(model='m', input='x').data\n",
        "api/server.py": "from flask import Flask\nfrom found import found_pages\nimport api.pages\n"
        "app = Flask(__name__)\nfor page in found_pages():\n    app.register_blueprint(page)\n",
        "admin/server.py": "from flask import Flask\nimport api.pages\napp = Flask(__name__)\n",
    }

    assert [found.span.path for found in costly_applications(service_of(tmp_path, files))] == ["api/server.py"]
