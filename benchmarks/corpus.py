"""Something to audit: generated services and Dockerfiles, or copies of trees that are given."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

VERBS = ("load", "store", "rank", "merge", "filter", "score", "split", "clean", "count", "group")
NOUNS = ("chunk", "answer", "prompt", "document", "session", "user", "index", "vector", "page", "report")


def generate_python(folder: Path, lines: int, seed: int = 7) -> Path:
    """Services of some forty modules each until there are that many lines."""
    source = random.Random(seed)
    written, number = 0, 0
    while written < lines:
        written += _service(folder / f"service_{number}", source)
        number += 1
    return folder


def _service(folder: Path, source: random.Random) -> int:
    """One FastAPI service: settings, clients, helpers that call each other, routers that call them.

    About a third of the lines can be reached from the application, as in real repositories (measured: a quarter in the
    largest, half in the smallest); the rest are scripts and tests beside it.
    """
    helpers = [f"helper_{n}" for n in range(source.randint(8, 14))]
    files = {"app/__init__.py": "", "app/core.py": _core(), "app/llm.py": _llm()}
    for position, name in enumerate(helpers):
        files[f"app/services/{name}.py"] = _helper(helpers[:position], source)
    for number in range(source.randint(16, 26)):
        folder_name = source.choice(("scripts", "tests", "tools", "migrations"))
        files[f"{folder_name}/part_{number}.py"] = _helper([], source)
    routers = [f"routes_{n}" for n in range(source.randint(4, 8))]
    for name in routers:
        files[f"app/api/{name}.py"] = _router(helpers, source)
    files["app/main.py"] = _main(routers)
    files["app/services/__init__.py"] = files["app/api/__init__.py"] = ""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return sum(text.count("\n") for text in files.values())


def _core() -> str:
    return (
        "from pydantic_settings import BaseSettings\n\n\nclass Settings(BaseSettings):\n"
        '    """What the service needs."""\n\n'
        '    openai_api_key: str\n    database_url: str\n    model: str = "gpt-4o-mini"\n'
    )


def _llm() -> str:
    return (
        "from openai import AsyncOpenAI\n\nfrom app.core import Settings\n\n\n"
        "def make_client(settings: Settings) -> AsyncOpenAI:\n"
        '    """The model client."""\n'
        "    return AsyncOpenAI(api_key=settings.openai_api_key, timeout=20, max_retries=1)\n\n\n"
        "async def complete(client: AsyncOpenAI, prompt: str, model: str) -> str:\n"
        '    """One completion."""\n'
        '    messages = [{"role": "user", "content": prompt}]\n'
        "    answer = await client.chat.completions.create(model=model, messages=messages, max_tokens=256)\n"
        '    return answer.choices[0].message.content or ""\n'
    )


def _helper(others: list[str], source: random.Random) -> str:
    imports = source.sample(others, min(len(others), 3))
    head = "from __future__ import annotations\n\nimport json\nimport logging\nfrom dataclasses import dataclass\n\n"
    head += "".join(f"from app.services import {name}\n" for name in imports)
    parts = [head + "\nlogger = logging.getLogger(__name__)\n"]
    for number in range(source.randint(4, 9)):
        parts.append(_function(f"{source.choice(VERBS)}_{source.choice(NOUNS)}_{number}", imports, source))
    # One file in five has something that semgrep's ten rules look for (9 to 31 % in seven large services): it parses
    # only those.
    if source.random() < 0.2:
        parts.append(
            "def parsed(values: list[str]) -> list[object]:\n    return [json.loads(value) for value in values]\n"
        )
    parts.append(_class(source))
    parts.append(f"def run(values: list[str]) -> list[str]:\n    return {_first(parts)}(values, 10)\n")
    return "\n\n".join(parts)


def _first(parts: list[str]) -> str:
    return parts[1].split("(")[0].removeprefix("def ")


def _function(name: str, imports: list[str], source: random.Random) -> str:
    lines = [
        f"def {name}(values: list[str], limit: int = 10) -> list[str]:",
        f'    """Work on {source.choice(NOUNS)}s."""',
    ]
    lines += [
        "    found: list[str] = []",
        "    for position, value in enumerate(values):",
        "        if position >= limit:",
    ]
    lines += ["            break"]
    for _ in range(source.randint(2, 8)):
        word = source.choice(NOUNS)
        lines += [f'        if value.startswith("{word}") and len(value) > {source.randint(1, 99)}:']
        lines += [f'            found.append(json.dumps({{"{word}": value, "position": position}}))']
        lines += [f'            logger.debug("{word} %s of %s", position, limit)']
    for other in imports[: source.randint(0, 2)]:
        lines += [f"    found.extend({other}.run(found[:limit]))"]
    return "\n".join([*lines, "    return found", ""])


def _class(source: random.Random) -> str:
    fields = "".join(f"    {noun}: str = {noun!r}\n" for noun in source.sample(NOUNS, 4))
    noun = source.choice(NOUNS)
    return (
        f'@dataclass\nclass {noun.title()}State:\n    """State of a {noun}."""\n\n{fields}\n'
        f"    def render(self, width: int) -> str:\n        text = self.__class__.__name__\n"
        f"        while len(text) < width:\n            text = text + '.'\n        return text\n"
    )


def _router(helpers: list[str], source: random.Random) -> str:
    chosen = source.sample(helpers, 3)
    head = "from fastapi import APIRouter, Request\nfrom pydantic import BaseModel, Field\n\n"
    head += "from app.llm import complete\n"
    head += "".join(f"from app.services import {name}\n" for name in sorted(chosen))
    parts = [head + "\nrouter = APIRouter()\n\n\nclass Question(BaseModel):\n    text: str = Field(max_length=2000)\n"]
    for number in range(source.randint(3, 7)):
        verb = source.choice(VERBS)
        parts.append(
            f'@router.post("/{verb}/{number}")\n'
            f"async def {verb}_{number}(question: Question, request: Request) -> dict[str, str]:\n"
            f'    """Answer a question."""\n    context = {source.choice(chosen)}.run([question.text])\n'
            f'    prompt = "\\n".join([question.text, *context[:5]])\n'
            f"    answer = await complete(request.app.state.client, prompt, request.app.state.settings.model)\n"
            f'    return {{"answer": answer}}\n'
        )
    return "\n\n".join(parts)


def _main(routers: list[str]) -> str:
    imports = "".join(f"from app.api import {name}\n" for name in routers)
    included = "".join(f"app.include_router({name}.router)\n" for name in routers)
    return (
        "from collections.abc import AsyncIterator\nfrom contextlib import asynccontextmanager\n\n"
        "from fastapi import FastAPI\n\n"
        f"{imports}from app.core import Settings\nfrom app.llm import make_client\n\n\n"
        "@asynccontextmanager\nasync def lifespan(app: FastAPI) -> AsyncIterator[None]:\n"
        "    app.state.settings = Settings()\n    app.state.client = make_client(app.state.settings)\n    yield\n\n\n"
        f"app = FastAPI(lifespan=lifespan)\n{included}"
    )


def generate_dockerfiles(folder: Path, count: int = 360, seed: int = 7) -> Path:
    """Dockerfiles of Python services, some good, some not."""
    source = random.Random(seed)
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        lines = [f"FROM python:3.{source.randint(9, 13)}{source.choice(['', '-slim', '-slim-bookworm'])}"]
        lines += ["ENV PYTHONUNBUFFERED=1 \\", "    PIP_NO_CACHE_DIR=1"] if source.random() < 0.5 else []
        lines += ["WORKDIR /app"]
        if source.random() < 0.5:
            lines += ["RUN apt-get update && apt-get install -y --no-install-recommends \\", "    build-essential \\"]
            lines += ["    curl git \\", "    && rm -rf /var/lib/apt/lists/*"]
        early = source.random() < 0.4
        lines += ["COPY . ."] if early else ["COPY requirements.txt ."]
        lines += [
            source.choice(["RUN pip install -r requirements.txt", "RUN pip install --no-cache-dir -r requirements.txt"])
        ]
        lines += [] if early else ["COPY . ."]
        for _ in range(source.randint(0, 12)):
            word = source.choice(NOUNS)
            lines += [
                f'RUN set -eux; for f in a b c; do echo "$f" >> /tmp/{word}; done && mkdir -p /data/{word} || true'
            ]
        lines += ["USER 1000"] if source.random() < 0.4 else []
        lines += [
            "EXPOSE 8000",
            source.choice(['CMD ["uvicorn", "app.main:app", "--host", "0.0.0.0"]', "CMD uvicorn app.main:app"]),
        ]
        (folder / f"Dockerfile.{number}").write_text("\n".join(lines) + "\n")
    return folder


def copy_python(source: Path, target: Path) -> Path:
    """Only the Python files of a tree, so that every tool sees the same and no configuration of theirs."""
    for path in sorted(source.rglob("*.py")):
        if path.is_file() and not path.is_symlink() and ".git" not in path.parts:
            place = target / path.relative_to(source)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, place)
    return target


def lines_in(folder: Path) -> int:
    """Lines of Python in a tree."""
    return sum(path.read_bytes().count(b"\n") for path in folder.rglob("*.py"))
