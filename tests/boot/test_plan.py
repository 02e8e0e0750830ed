"""Plans: what the static model says of a service, read from small trees and from the reference services."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from aiaudit import api
from aiaudit.boot.configuration import BootConfiguration
from aiaudit.boot.plan import plan_for
from aiaudit.boot.record import Endpoint, ImageFacts, Kind, Plan, Purpose, Variable
from aiaudit.model.service import Service
from aiaudit.settings import UsageError
from aiaudit.sources.store import Store
from aiaudit.workspace import Workspace
from tests.model.linked import service_of
from tests.support import FIXTURES

DOCKERFILE = 'FROM python:3.11-slim\nCOPY . /srv\nWORKDIR /srv\nCMD ["uvicorn", "main:app", "--host", "0.0.0.0"]\n'


@pytest.fixture(autouse=True)
def _deep_calls() -> Iterator[None]:
    """An audit lets functions call each other deeper than Python does by default."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, api.CALL_DEPTH))
    yield
    sys.setrecursionlimit(limit)


def plan_of(folder: Path, files: Mapping[str, str], configuration: BootConfiguration | None = None) -> Plan:
    """The plan for a tree."""
    given = {"Dockerfile": DOCKERFILE, **files}
    return plan_for(service_of(folder, given), None, configuration or BootConfiguration())


def variable(plan: Plan, name: str) -> Variable:
    """A variable of a plan."""
    return next(variable for variable in plan.variables if variable.name == name)


def required(plan: Plan) -> list[str]:
    """The names of what cannot be left out."""
    return sorted(variable.name for variable in plan.variables if variable.required)


def asked(plan: Plan, *purposes: Purpose) -> list[Endpoint]:
    """The endpoints for some purposes."""
    return [endpoint for endpoint in plan.endpoints if endpoint.purpose in purposes]


def reference(name: str) -> Plan:
    """The plan of one of the services that the repository holds."""
    folder = str(FIXTURES / "services" / name)
    return plan_for(Service(Workspace(api.scope_for([folder], folder), Store())), None, BootConfiguration())


def test_the_reference_service() -> None:
    """All that a boot of it needs is in its files."""
    plan = reference("golden")

    assert (plan.dockerfile, plan.server, plan.workers, plan.ports[0]) == ("Dockerfile", "uvicorn", 1, 8000)
    assert required(plan) == ["OPENAI_API_KEY", "SERVICE_API_KEY", "STATUS_URL"]
    assert (variable(plan, "OPENAI_API_KEY").provider, variable(plan, "OPENAI_API_KEY").least) == ("openai", 20)
    assert variable(plan, "OPENAI_API_KEY").spoken == ("openai_api_key",)
    assert (variable(plan, "OPENAI_BASE_URL").kind, variable(plan, "OPENAI_BASE_URL").provider) == (Kind.URL, "openai")
    assert variable(plan, "MODEL_TIMEOUT_SECONDS").kind is Kind.NUMBER
    assert (plan.memory, plan.stop_seconds) == (512 * 1024 * 1024, 40)
    assert plan.memory_span is not None
    assert plan.memory_span.path == "compose.yaml"
    assert asked(plan, Purpose.HEALTH)[0].path == "/health/ready"
    assert {endpoint.path: json.loads(endpoint.body) for endpoint in asked(plan, Purpose.STREAM)} == {
        "/v1/agent": {"task": "What can you do?"},
        "/v1/chat": {"question": "What can you do?"},
    }
    assert {endpoint.headers for endpoint in asked(plan, Purpose.STREAM)} == {(("X-API-Key", "{env:SERVICE_API_KEY}"),)}


def test_the_defective_service() -> None:
    """What it needs and does not ask for is required all the same."""
    plan = reference("leaky")

    assert set(required(plan)) >= {"ANTHROPIC_API_KEY", "DATABASE_URL"}
    assert variable(plan, "DATABASE_URL").provider == "postgresql"
    assert "sunflower" not in repr(plan.variables)


SETTINGS = """
from enum import Enum
from typing import Annotated, Literal

from fastapi import FastAPI
from pydantic import AliasChoices, AnyHttpUrl, BaseModel, EmailStr, Field, PostgresDsn, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Mode(str, Enum):
    FAST = "fast"
    GOOD = "good"


class Model(BaseModel):
    api_key: SecretStr
    name: str = "m"


class Base(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="APP_", env_nested_delimiter="__")

    token: str = Field(min_length=12)


class Settings(Base):
    groq: SecretStr = Field(validation_alias=AliasChoices("GROQ_API_KEY", "GROQ_KEY"))
    database: PostgresDsn
    callback: AnyHttpUrl
    mode: Mode
    level: Literal["low", "high"]
    retries: int = Field(ge=3)
    ratio: Annotated[float, Field(gt=0)]
    debug: bool
    owner: EmailStr
    origins: list[str]
    model: Model
    note: str | None = None


settings = Settings()
app = FastAPI()
"""


def test_fields_of_settings_classes(tmp_path: Path) -> None:
    """Names by prefix, alias and nesting; kinds by annotation; the words by which a failure may call them."""
    plan = plan_of(tmp_path, {"main.py": SETTINGS})
    kinds = {found.name: found.kind for found in plan.variables}

    assert kinds == {
        "APP_TOKEN": Kind.SECRET,
        "GROQ_API_KEY": Kind.SECRET,
        "APP_DATABASE": Kind.URL,
        "APP_CALLBACK": Kind.URL,
        "APP_MODE": Kind.CHOICE,
        "APP_LEVEL": Kind.CHOICE,
        "APP_RETRIES": Kind.INTEGER,
        "APP_RATIO": Kind.NUMBER,
        "APP_DEBUG": Kind.BOOLEAN,
        "APP_OWNER": Kind.EMAIL,
        "APP_ORIGINS": Kind.TEXT,
        "APP_MODEL__API_KEY": Kind.SECRET,
        "APP_MODEL__NAME": Kind.TEXT,
        "APP_NOTE": Kind.TEXT,
    }
    assert set(kinds) - set(required(plan)) == {"APP_MODEL__NAME", "APP_NOTE"}
    assert variable(plan, "GROQ_API_KEY").spoken == ("GROQ_KEY", "groq")
    assert variable(plan, "APP_TOKEN").least == 12
    assert (variable(plan, "APP_MODE").choices, variable(plan, "APP_LEVEL").choices) == (
        ("fast", "good"),
        ("low", "high"),
    )
    assert variable(plan, "APP_RETRIES").least == 3
    assert variable(plan, "APP_DATABASE").provider == "postgresql"
    assert variable(plan, "APP_MODEL__API_KEY").spoken[0] == "model.api_key"
    assert variable(plan, "APP_TOKEN").trace[-1].message == "makes Settings"


LOOKUPS = """
import os

from anthropic import Anthropic
from fastapi import FastAPI

REGION = os.environ["SERVICE_REGION"]
LIMIT = int(os.environ["MAX_ITEMS"])
VERBOSE = os.getenv("VERBOSE", "").lower() == "true"
DIRECTORY = os.getenv("DATA_DIR", "/data")
if os.getenv("CLOUD"):
    BUCKET = os.environ["BUCKET"]
try:
    HOST = os.environ["NODE_HOST"]
except KeyError:
    HOST = "none"
if not os.getenv("AUDIT_SECRET"):
    raise RuntimeError("AUDIT_SECRET is not set")

client = Anthropic()
app = FastAPI()


@app.get("/status")
def status():
    return {"home": os.environ["HOME"]}
"""


def test_lookups(tmp_path: Path) -> None:
    """Required is what the start or the work cannot do without; what a branch or a `try` reads is not."""
    plan = plan_of(tmp_path, {"main.py": LOOKUPS})

    assert required(plan) == ["ANTHROPIC_API_KEY", "AUDIT_SECRET", "MAX_ITEMS", "SERVICE_REGION"]
    assert variable(plan, "MAX_ITEMS").kind is Kind.INTEGER
    assert variable(plan, "VERBOSE").kind is Kind.BOOLEAN
    assert (variable(plan, "DATA_DIR").kind, variable(plan, "DATA_DIR").default) == (Kind.PATH, "/data")
    assert {"BUCKET", "NODE_HOST"} <= {found.name for found in plan.variables}
    assert "HOME" not in {found.name for found in plan.variables}
    assert variable(plan, "ANTHROPIC_BASE_URL").required is False
    span = variable(plan, "ANTHROPIC_API_KEY").span
    assert span is not None
    assert (span.path, span.line) == ("main.py", 20)


def test_the_users_words_count(tmp_path: Path) -> None:
    """The configuration adds required variables and frees others."""
    configuration = BootConfiguration(required=("EXTRA_API_KEY",), optional=("SERVICE_REGION",), port=9000)

    plan = plan_of(tmp_path, {"main.py": LOOKUPS}, configuration)

    assert "SERVICE_REGION" not in required(plan)
    assert "EXTRA_API_KEY" in required(plan)
    assert variable(plan, "EXTRA_API_KEY").kind is Kind.SECRET
    assert plan.ports[0] == 9000


def test_only_what_the_image_imports_counts(tmp_path: Path) -> None:
    """Another program of the repository has its own variables and routes."""
    other = 'import os\nfrom fastapi import FastAPI\napp = FastAPI()\nKEY = os.environ["OTHER_KEY"]\n'
    own = other.replace("OTHER_KEY", "OWN_KEY")

    plan = plan_of(tmp_path, {"main.py": own, "tools/main.py": other})

    assert required(plan) == ["OWN_KEY"]


@pytest.mark.parametrize(
    ("dockerfile", "ports", "name"),
    [
        ("EXPOSE 9000/tcp\nCMD uvicorn main:app --host 0.0.0.0 --port $PORT", [9000], "PORT"),
        ("CMD exec uvicorn main:app --host 0.0.0.0 --port ${PORT:-8123}", [8123], "PORT"),
        ("ENV PORT=7000\nCMD uvicorn main:app --host 0.0.0.0 --port $PORT", [7000], "PORT"),
        ('CMD ["gunicorn", "-b", "0.0.0.0:5005", "main:app"]', [5005], ""),
        ('EXPOSE 81\nCMD ["uvicorn", "main:app", "--port", "80"]', [80, 81], ""),
        ('CMD ["python", "main.py"]', [8700], "SERVER_PORT"),
    ],
)
def test_ports(dockerfile: str, ports: list[int], name: str, tmp_path: Path) -> None:
    """From the command, variables, the code and EXPOSE; the usual ones come last."""
    code = (
        "import os\nimport uvicorn\nfrom fastapi import FastAPI\napp = FastAPI()\n"
        'if __name__ == "__main__":\n    uvicorn.run(app, host="0.0.0.0", port=int(os.getenv("SERVER_PORT", "8700")))\n'
    )

    plan = plan_of(
        tmp_path, {"main.py": code, "Dockerfile": f"FROM python:3.11\nCOPY . /srv\nWORKDIR /srv\n{dockerfile}\n"}
    )

    assert list(plan.ports[: len(ports)]) == ports
    assert {8000, 8080} <= set(plan.ports)
    assert plan.port_variable == name


def test_server_and_workers(tmp_path: Path) -> None:
    """How many processes serve, and whether sources are watched."""
    command = 'FROM python:3.11\nCOPY . /srv\nWORKDIR /srv\nCMD ["uvicorn", "main:app", "--workers", "3", "--reload"]\n'

    plan = plan_of(tmp_path, {"main.py": "from fastapi import FastAPI\napp = FastAPI()\n", "Dockerfile": command})

    assert (plan.server, plan.workers, plan.reloads) == ("uvicorn", 3, True)
    assert plan.start is not None
    assert plan.start.line == 4


KUBERNETES = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: api}
spec:
  template:
    spec:
      terminationGracePeriodSeconds: 25
      containers:
        - name: api
          image: shop/api:1
          ports:
            - {name: web, containerPort: 8200}
          readinessProbe:
            httpGet: {path: /up, port: web}
          resources:
            limits: {memory: 256Mi}
"""


def test_kubernetes(tmp_path: Path) -> None:
    """Probe, port, limit and grace of the container that runs the image."""
    files = {"main.py": "from fastapi import FastAPI\napp = FastAPI()\n", "deploy.yaml": KUBERNETES}
    files["compose.yaml"] = "services:\n  api:\n    build: .\n    image: shop/api:1\n"

    plan = plan_of(tmp_path, files)

    assert asked(plan, Purpose.HEALTH)[0].path == "/up"
    assert 8200 in plan.ports
    assert (plan.memory, plan.stop_seconds) == (256 * 1024 * 1024, 25)


ROUTES = """
from typing import Annotated, Literal, Optional
from uuid import UUID

from fastapi import APIRouter, Body, Depends, FastAPI, File, Header, Query, UploadFile
from openai import OpenAI
from pydantic import BaseModel, Field

client = OpenAI()
router = APIRouter(prefix="/chats")
outer = APIRouter()


class Turn(BaseModel):
    role: Literal["user", "assistant"]
    content: Annotated[str, Field(min_length=1)]


class Ask(BaseModel):
    turns: list[Turn] = Field(min_length=2)
    session: UUID
    count: int = Field(ge=5, le=9)
    note: Optional[str]
    code: str = Field(pattern="^[a-z]{2}$")
    title: str = "none"
    options: dict


def answer(text):
    return client.chat.completions.create(model="m", messages=[{"role": "user", "content": text}], timeout=5)


@router.post("/{chat_id}/ask")
def ask(chat_id: int, body: Ask, lang: str, page: int = 1):
    return answer(str(body))


@router.post("/raw")
def raw(text: str = Body(..., embed=True), x_tenant: str = Header(...)):
    return answer(text)


@router.post("/upload")
def upload(file: UploadFile):
    return answer(file.filename)


@router.get("/plain")
def plain():
    return {}


@router.get("/health")
def health():
    return {}


outer.include_router(router, prefix="/api")
app = FastAPI()
app.include_router(outer, prefix="/v2")
"""


def test_requests_for_routes_of_models(tmp_path: Path) -> None:
    """Bodies pass the models; prefixes of all routers are put together; uploads are left out."""
    plan = plan_of(tmp_path, {"main.py": ROUTES})
    found = {endpoint.path: endpoint for endpoint in asked(plan, Purpose.MODEL)}

    assert set(found) == {"/v2/api/chats/1/ask?lang=en", "/v2/api/chats/raw"}
    turn = {"role": "user", "content": "What can you do?"}
    assert json.loads(found["/v2/api/chats/1/ask?lang=en"].body) == {
        "turns": [turn, turn],
        "session": "7f3c8a52-5a3e-4a3b-9d1c-0b6f2f4c1e77",
        "count": 5,
        "note": "What can you do?",
        "code": "en",
        "options": {},
    }
    assert json.loads(found["/v2/api/chats/raw"].body) == {"text": "What can you do?"}
    assert found["/v2/api/chats/raw"].headers == (("x-tenant", "What can you do?"),)
    assert asked(plan, Purpose.HEALTH)[0].path == "/v2/api/chats/health"


FLASK = """
import os

from flask import Flask, request
from openai import OpenAI

app = Flask(__name__)
client = OpenAI()


@app.before_request
def check():
    if request.headers.get("X-API-Key") != os.environ["SERVICE_TOKEN"]:
        return "no", 401


@app.route("/chat/<int:number>", methods=["POST"])
def chat(number):
    data = request.get_json()
    text = data["message"] + data.get("context", "")
    return client.chat.completions.create(model="m", messages=[{"role": "user", "content": text}]).choices[0].text
"""


def test_requests_of_flask(tmp_path: Path) -> None:
    """Keys are those that the handler reads; a header that is compared with a variable carries its value."""
    plan = plan_of(tmp_path, {"main.py": FLASK})

    (endpoint,) = asked(plan, Purpose.MODEL)

    assert (endpoint.method, endpoint.path) == ("POST", "/chat/1")
    assert json.loads(endpoint.body) == {"message": "What can you do?", "context": "What can you do?"}
    assert endpoint.headers == (("x-api-key", "{env:SERVICE_TOKEN}"),)


def test_an_image_alone() -> None:
    """Without sources the image's own command and configuration speak."""
    facts = ImageFacts(
        "sha256:1", ("shop/api:1",), 1, "amd64", ("/bin/sh", "-c", "gunicorn -w 4 -b 0.0.0.0:5001 main:app"),
        ports=(5001, 9999), health=("CMD-SHELL", "curl -f http://localhost:5001/alive || exit 1"),
    )  # fmt: skip

    plan = plan_for(None, facts, BootConfiguration())

    assert (plan.image, plan.server, plan.workers) == ("shop/api:1", "gunicorn", 4)
    assert plan.ports[:2] == (5001, 9999)
    assert plan.variables == ()
    assert plan.endpoints[0].path == "/alive"
    assert plan.start is None


def test_one_of_several_dockerfiles(tmp_path: Path) -> None:
    """The one that is named, else the one of the service; a wrong name says which there are."""
    files = {
        "Dockerfile": DOCKERFILE,
        "Dockerfile.worker": 'FROM python:3.11\nCOPY . /srv\nCMD ["celery", "-A", "jobs", "worker"]\n',
        "main.py": "from fastapi import FastAPI\napp = FastAPI()\n",
    }
    service = service_of(tmp_path, files)

    assert plan_for(service, None, BootConfiguration()).dockerfile == "Dockerfile"
    assert plan_for(service, None, BootConfiguration(), "Dockerfile.worker").dockerfile == "Dockerfile.worker"
    with pytest.raises(UsageError, match=r"there are: Dockerfile, Dockerfile\.worker"):
        plan_for(service, None, BootConfiguration(), "Dockerfile.api")


STORE = """
import os

from fastapi import FastAPI
from sqlalchemy.ext.asyncio import create_async_engine

engine = create_async_engine(os.environ["DATABASE_URL"])
app = FastAPI()
"""


@pytest.mark.parametrize(
    ("files", "provider"),
    [
        ({}, "postgresql+asyncpg"),
        ({".env.example": "DATABASE_URL=postgresql+psycopg://user:pass@db/app\n"}, "postgresql+psycopg"),
        (
            {"compose.yaml": "services:\n  a:\n    build: .\n    environment:\n      DATABASE_URL: x\n"},
            "postgresql+asyncpg",
        ),
    ],
)
def test_the_driver_of_a_store(files: dict[str, str], provider: str, tmp_path: Path) -> None:
    """An asynchronous engine refuses an address without its driver; of what files hold only the scheme counts."""
    plan = plan_of(tmp_path, {"main.py": STORE, **files})

    assert variable(plan, "DATABASE_URL").provider == provider
    assert "pass" not in repr(plan)


def test_what_the_image_sets_is_not_required(tmp_path: Path) -> None:
    """But secrets of the image are never used."""
    code = (
        'import os\nfrom fastapi import FastAPI\napp = FastAPI()\nA = os.environ["REGION"], os.environ["API_TOKEN"]\n'
    )
    command = 'CMD ["uvicorn", "main:app"]\n'
    dockerfile = f"FROM python:3.11\nCOPY . /srv\nWORKDIR /srv\nENV REGION=here API_TOKEN=in-the-image\n{command}"

    plan = plan_of(tmp_path, {"main.py": code, "Dockerfile": dockerfile})

    assert required(plan) == ["API_TOKEN"]
    assert variable(plan, "REGION").default == "here"


def test_a_model_takes_its_time(tmp_path: Path) -> None:
    """What loads weights at startup has longer to get ready, unless the user says how long."""
    code = "from fastapi import FastAPI\nfrom sentence_transformers import SentenceTransformer\napp = FastAPI()\n"
    own = BootConfiguration.model_validate({"budgets": {"ready": 45}})
    loading = {"main.py": code + 'model = SentenceTransformer("m")\n'}

    assert plan_of(tmp_path / "a", {"main.py": code}).budgets.ready == 120
    assert plan_of(tmp_path / "b", loading).budgets.ready == 600
    assert plan_of(tmp_path / "c", loading, own).budgets.ready == 45


ORDER = """
from fastapi import FastAPI
from openai import OpenAI
from pydantic import BaseModel

client = OpenAI()
app = FastAPI()


class Text(BaseModel):
    text: str


@app.post("/index")
def index(body: Text):
    return client.embeddings.create(model="e", input=body.text, timeout=5)


@app.post("/again")
def again():
    return client.chat.completions.create(model="m", messages=[], timeout=5)


@app.post("/answer")
def answer(body: Text):
    return client.chat.completions.create(model="m", messages=[{"role": "user", "content": body.text}], timeout=5)
"""


def test_the_order_of_model_routes(tmp_path: Path) -> None:
    """The first is what a boot asks: answers in words before vectors, questions in a body before none."""
    plan = plan_of(tmp_path, {"main.py": ORDER})

    assert [endpoint.path for endpoint in asked(plan, Purpose.MODEL)] == ["/answer", "/again", "/index"]


def test_a_key_that_a_request_is_passed_on_with_is_no_gate(tmp_path: Path) -> None:
    """A proxy reads a header and has a provider's key; it compares nothing."""
    code = ORDER.replace("from openai", "import os\n\nfrom fastapi import Request\nfrom openai") + (
        '\n\n@app.middleware("http")\nasync def forward(request: Request, call_next):\n'
        '    given = request.headers.get("x-api-key") or os.environ["ANTHROPIC_API_KEY"]\n'
        "    if request.url.path == '/':\n        return given\n    return await call_next(request)\n"
    )

    plan = plan_of(tmp_path, {"main.py": code})

    assert {endpoint.headers for endpoint in asked(plan, Purpose.MODEL)} == {()}


UNTYPED = """
from fastapi import Body, FastAPI
from openai import OpenAI

client = OpenAI()
app = FastAPI()


@app.post("/chat")
def chat(message: dict = Body(...)):
    text = message["content"] + message.get("language", "")
    return client.chat.completions.create(model="m", messages=[{"role": "user", "content": text}], timeout=5)
"""


def test_a_body_without_a_type_has_the_keys_that_are_read(tmp_path: Path) -> None:
    """A handler that gets a dictionary says itself what is in it."""
    (endpoint,) = asked(plan_of(tmp_path, {"main.py": UNTYPED}), Purpose.MODEL)

    assert json.loads(endpoint.body) == {"content": "What can you do?", "language": "en"}
