"""Defects of the image."""

from __future__ import annotations

from tests.mutation.mutation import Edit, Expected, Mutation, mutation

_DOCKERFILE = "Dockerfile"
_SOURCE = "COPY app ./app\n"
_LOCK = "COPY pyproject.toml uv.lock ./\n"
_USER = "RUN useradd --system --uid 10001 --no-create-home assistant\n"
_BUILDER = "FROM python:3.11-slim-bookworm AS builder\n"
_FINAL = "FROM python:3.11-slim-bookworm\n\nENV PATH"
_COMMAND = 'CMD ["uvicorn", "app.main:app", "--host", "0.0.0.0", "--port", "8000", "--timeout-graceful-shutdown", "30"]'
_INSTALL = "apt-get install -y --no-install-recommends"
_COMPOSE = "compose.yaml"
_HEALTHCHECK = (
    "HEALTHCHECK --interval=15s --timeout=3s --start-period=20s --retries=3 \\\n"
    '    CMD ["python", "-c", "import urllib.request;'
    " urllib.request.urlopen('http://127.0.0.1:8000/health/ready', timeout=2)\"]\n\n"
)
_CLEAN = "&& rm -rf /var/lib/apt/lists/*"


def _edit(old: str, new: str) -> Edit:
    return (_DOCKERFILE, old, new)


def _mutation(rule: str, text: str, *edits: Edit, **more: tuple[str, ...]) -> Mutation:
    return mutation(rule, _DOCKERFILE, text, *edits, **more)  # type: ignore[arg-type]


def _after_user(line: str) -> Edit:
    """One more instruction in the final stage, while it is still root."""
    return _edit(_USER, f"{_USER}{line}\n")


MUTATIONS = (
    _mutation("IMG101", "COPY app ./app", _edit(_SOURCE, ""), _edit(_LOCK, _SOURCE + _LOCK)),
    _mutation("IMG102", "ARG GIT_COMMIT", _edit(_BUILDER, f"{_BUILDER}\nARG GIT_COMMIT\nENV GIT_COMMIT=$GIT_COMMIT\n")),
    _mutation(
        "IMG103",
        "COPY app ./app",
        _edit(
            _SOURCE, f"{_SOURCE}RUN hf download BAAI/bge-small-en-v1.5 --revision 5c38ec7c405e --local-dir /srv/model\n"
        ),
    ),
    Mutation(
        "IMG104",  # the final stage copies the folder of the builder, and the local .env with it
        (Expected("IMG104", _DOCKERFILE, "COPY . ."), Expected("KEY201", _DOCKERFILE, "COPY . .")),
        (_edit(_SOURCE, "COPY . .\n"),),
        removed=(".dockerignore",),
    ),
    Mutation(
        "IMG105",  # an update of its own also keeps its lists: no later layer can take them out
        (Expected("IMG105", _DOCKERFILE, "RUN apt-get update"), Expected("IMG205", _DOCKERFILE, "RUN apt-get update")),
        (_after_user(f"RUN apt-get update\nRUN {_INSTALL} libgomp1 {_CLEAN}"),),
    ),
    _mutation(
        "IMG201",
        "FROM python",
        _edit(f"\n\n{_FINAL}", "\nENV PATH"),
        _edit("COPY --from=builder /srv /srv\n", ""),
        _edit(
            _LOCK,
            f"RUN pip install --no-cache-dir torch==2.9.1 --index-url https://download.pytorch.org/whl/cpu\n{_LOCK}",
        ),
    ),
    _mutation("IMG202", "FROM python", _after_user(f"RUN apt-get update && {_INSTALL} build-essential {_CLEAN}")),
    _mutation("IMG203", "FROM python:3.11-bookworm", _edit(_FINAL, "FROM python:3.11-bookworm\n\nENV PATH")),
    _mutation("IMG204", "RUN pip install", _after_user("RUN pip install py-spy==0.4.1")),
    _mutation("IMG205", "libgomp1", _after_user(f"RUN apt-get update && {_INSTALL} libgomp1")),
    _mutation("IMG206", "torch", _edit(_SOURCE, f"RUN uv pip install --no-cache torch==2.9.1\n{_SOURCE}")),
    _mutation(
        "IMG207",
        "--no-install-project",
        _edit("--no-dev --no-install-project", "--no-install-project"),
        (_DOCKERFILE, "uv sync --locked --no-dev\n", "uv sync --locked\n"),
        ("pyproject.toml", "[build-system]", '[dependency-groups]\ndev = ["pytest>=8"]\n\n[build-system]'),
    ),
    _mutation("IMG208", "COPY --from=builder /usr/local", _after_user("COPY --from=builder /usr/local /usr/local")),
    Mutation(
        "IMG304",
        (
            Expected("IMG304", _DOCKERFILE, "AS builder"),
            Expected("IMG304", _DOCKERFILE, "FROM python:3.11-slim-buster"),
        ),
        (
            _edit(_BUILDER, "FROM python:3.11-slim-buster AS builder\n"),
            _edit(_FINAL, "FROM python:3.11-slim-buster\n\nENV PATH"),
        ),
    ),
    _mutation(
        "IMG305",
        "-r /tmp/tools.txt",
        _after_user("COPY app/requirements-tools.txt /tmp/tools.txt\nRUN pip install --no-cache-dir -r /tmp/tools.txt"),
        files={"app/requirements-tools.txt": "py-spy>=0.4\n"},
    ),
    _mutation("IMG306", "py-spy", _after_user("RUN pip install --no-cache-dir py-spy")),
    _mutation(
        "IMG307",
        "--no-install-project",
        _edit("--locked --no-dev --no-install-project", "--no-dev --no-install-project"),
    ),
    _mutation(
        "IMG309", "hf download", _edit(_SOURCE, f"RUN hf download BAAI/bge-small-en-v1.5 --local-dir /m\n{_SOURCE}")
    ),
    _mutation("IMG308", "install.sh", _after_user("RUN wget -qO- https://example.com/install.sh | sh")),
    *(
        Mutation(
            rule,
            (Expected(rule, _DOCKERFILE, f"FROM {image} AS builder"), Expected(rule, _DOCKERFILE, f"FROM {image}")),
            (_edit(_BUILDER, f"FROM {image} AS builder\n"), _edit(_FINAL, f"FROM {image}\n\nENV PATH")),
        )
        for rule, image in (("IMG301", "ghcr.io/team/python"), ("IMG302", "ghcr.io/team/python:latest"))
    ),
    _mutation("IMG401", "FROM python:3.11-slim-bookworm", _edit("USER 10001\n", "")),
    _mutation("IMG402", "CMD uvicorn", _edit(_COMMAND, "CMD uvicorn app.main:app --host 0.0.0.0 --port 8000")),
    _mutation("IMG403", "--reload", _edit('"app.main:app", ', '"app.main:app", "--reload", ')),
    _mutation(
        "IMG404", _FINAL.partition("\n")[0], _edit(_HEALTHCHECK, ""), (_COMPOSE, "    healthcheck:\n", "    x-check:\n")
    ),
    _mutation(
        "IMG405",
        "FROM python:3.11-slim-bookworm",
        _edit(" \\\n    PYTHONUNBUFFERED=1", ""),
        ("app/main.py", "add_error_handlers(app)\n", "add_error_handlers(app)\nprint(app.title)\n"),
    ),
    _mutation("IMG406", "127.0.0.1", _edit('"--host", "0.0.0.0"', '"--host", "127.0.0.1"')),
    _mutation("IMG407", '"--workers", "4"', _edit('"--port", "8000"', '"--port", "8000", "--workers", "4"')),
    _mutation("IMG408", "--lifespan", _edit('"--port", "8000"', '"--port", "8000", "--lifespan", "off"')),
    _mutation("IMG501", "app.main:application", _edit("app.main:app", "app.main:application")),
    _mutation("IMG502", "COPY handbook", _edit(_SOURCE, f"{_SOURCE}COPY handbook ./handbook\n")),
    _mutation("IMG504", "COPY --from=builder", _edit(_FINAL, "FROM python:3.12-slim-bookworm\n\nENV PATH")),
    _mutation(
        "IMG503",
        "uv pip install --system",
        _edit("pip install uv==0.13.9", "pip install uv==0.13.9 && uv pip install --system"),
    ),
)
