"""The ladder of time-outs: configurations of proxies, and which server runs which application."""

from __future__ import annotations

from pathlib import Path

import pytest

from aiaudit.model.ladder import inverted_ladders
from aiaudit.model.ladder.limits import duration, limits
from aiaudit.model.ladder.locations import chosen
from aiaudit.model.ladder.served import served_applications
from aiaudit.sources.deploy.nginx import Directive, extract
from tests.model.linked import service_of

MAIN = """
from fastapi import FastAPI
from openai import AsyncOpenAI

app = FastAPI()
client = AsyncOpenAI(timeout=90, max_retries=0)


@app.get("/api/models")
async def models():
    return await client.models.list()
"""
COMPOSE = """
services:
  api:
    build: .
    command: {command}
"""
DOCKERFILE = "FROM python:3.12-slim\nWORKDIR /srv\nCOPY . .\nCMD ['uvicorn', 'app.main:app']\n"


def test_directives_know_where_they_stand_and_what_is_in_them() -> None:
    """Quotes, comments, variables in braces and nested blocks."""
    text = 'http {\n  # proxy_read_timeout 5s;\n  set $a "x;y";\n  location ~ ^/a { proxy_pass http://${HOST}:80; }\n}'

    (http,) = extract(text).directives

    setting, location = http.block
    assert (setting.name, setting.arguments, setting.extent.line) == ("set", ("$a", "x;y"), 3)
    assert location.arguments == ("~", "^/a")
    assert location.own("proxy_pass") == Directive("proxy_pass", ("http://${HOST}:80",), location.block[0].extent)


@pytest.mark.parametrize("text", ["a { b;", "a } b; }", "proxy_pass 'x", "{ { {", "a { b 1s }"])
def test_broken_configurations_are_read_as_far_as_they_go(text: str) -> None:
    """Nothing raises; what has an end is there."""
    assert all(directive.name for directive in extract(text).directives)


@pytest.mark.parametrize(
    ("text", "seconds"), [("60", 60), ("75s", 75), ("5m", 300), ("1h 30m", 5400), ("500ms", 0.5), ("${T}", None)]
)
def test_durations(text: str, seconds: float | None) -> None:
    """As nginx writes them."""
    assert duration(text) == seconds


def test_every_limit_has_a_source() -> None:
    """Figures without one are no figures."""
    assert all(limit.source.startswith("https://") and limit.seconds > 0 for limit in limits().values())


@pytest.mark.parametrize(
    ("path", "location"),
    [("/api/chat", "/api/"), ("/api/stream", "/stream$"), ("/", "/"), ("/apis", "/"), ("/x", "/x")],
)
def test_nginx_chooses_a_location(path: str, location: str) -> None:
    """The exact one, else a regular expression, else the longest prefix."""
    server = "location / { } location /api/ { } location ~ /stream$ { } location = /x { }"

    found = chosen(extract(server).directives, path)

    assert found is not None
    assert found.arguments[-1] == location


@pytest.mark.parametrize(
    ("command", "program"),
    [
        ("gunicorn -k asgi app.main:app", "gunicorn"),
        ('sh -c "sleep 1 && exec gunicorn app.main:app"', "gunicorn"),
        ('["python", "-m", "uvicorn", "app.main:app"]', "uvicorn"),
        ("./start.sh", "gunicorn"),
        ("celery -A app.main worker", None),
        ("python -m http.server", None),
    ],
)
def test_what_a_compose_command_serves(tmp_path: Path, command: str, program: str | None) -> None:
    """The command of the service goes before that of its image; scripts are opened."""
    files = {
        "app/main.py": MAIN,
        "Dockerfile": DOCKERFILE,
        "start.sh": "#!/bin/sh\nexec gunicorn app.main:app\n",
        "compose.yaml": COMPOSE.format(command=command),
    }

    served = served_applications(service_of(tmp_path, files))

    assert [(one.server.program, one.path, one.names) for one in served] == (
        [(program, "app/main.py", ("api",))] if program else []
    )


@pytest.mark.parametrize(
    ("configuration", "seconds"),
    [
        ("location / { proxy_pass http://api:8000; }", 60),
        ("proxy_read_timeout 30s; location / { proxy_pass http://api:8000; }", 30),
        ("location / { proxy_read_timeout 75; proxy_pass http://api:8000; }", 75),
        ("location / { proxy_pass http://api:8000; } proxy_read_timeout 2m;", None),
        (
            "location /api/ { proxy_read_timeout 2m; proxy_pass http://api; } location / { proxy_pass http://api; }",
            None,
        ),
        ("location /v1/ { proxy_pass http://api:8000/api/; }", 60),
        ("set $to http://api:8000; location / { proxy_pass $to; }", 60),
        ("location / { proxy_pass http://other:8000; }", None),
        ("location / { proxy_read_timeout $limit; proxy_pass http://api:8000; }", None),
    ],
)
def test_the_time_out_that_nginx_has_for_a_route(tmp_path: Path, configuration: str, seconds: float | None) -> None:
    """That of the location which answers it, inherited from what is around."""
    files = {
        "app/main.py": MAIN,
        "Dockerfile": DOCKERFILE,
        "compose.yaml": COMPOSE.format(command="uvicorn app.main:app"),
        "nginx.conf": f"events {{}}\nhttp {{ server {{ {configuration} }} }}\n",
    }

    found = [ladder.rung.seconds for ladder in inverted_ladders(service_of(tmp_path, files))]

    assert found == ([] if seconds is None else [seconds])


WORKING = """
from flask import Flask
from openai import OpenAI

app = Flask(__name__)
client = OpenAI({options}){more}


@app.get("/models")
def models():
    return client.chat.completions.create(model="m", messages=[], max_tokens=1)
"""


@pytest.mark.parametrize(
    ("copied", "seconds"),
    [("deploy/gunicorn.py ./", None), ("deploy/short.py gunicorn.py", 20), ("app ./other", None)],
)
def test_a_configuration_of_gunicorn_is_read_where_the_image_has_it(
    tmp_path: Path, copied: str, seconds: float | None
) -> None:
    """It may lie elsewhere in the repository; one that is nowhere to be seen may say anything."""
    files = {
        "app/main.py": WORKING.format(options="timeout=60, max_retries=0", more=""),
        "deploy/gunicorn.py": "timeout = 100\n",
        "deploy/short.py": "timeout = 20\n",
        "Dockerfile": f"FROM python:3.12-slim\nWORKDIR /srv\nCOPY app ./app\nCOPY {copied}\n"
        'ENTRYPOINT ["gunicorn", "app.main:app", "--config", "gunicorn.py"]\n',
    }

    found = [ladder.rung.seconds for ladder in inverted_ladders(service_of(tmp_path, files))]

    assert found == ([] if seconds is None else [seconds])


@pytest.mark.parametrize(
    ("options", "more", "seconds"),
    [
        ("timeout=600", ".with_options(timeout=20, max_retries=0)", None),
        ("max_retries=0", ".with_options(timeout=25)", None),
        ("timeout=20", ".with_options(timeout=40, max_retries=1)", 80),
        ("timeout=20, max_retries=0", ".with_options(default_headers={})", None),
    ],
)
def test_options_given_later_count_for_the_calls_behind_them(
    tmp_path: Path, options: str, more: str, seconds: float | None
) -> None:
    """The time-out and the number of attempts of what `with_options` gives back."""
    files = {
        "app/main.py": WORKING.format(options=options, more=more),
        "Dockerfile": 'FROM python:3.12-slim\nWORKDIR /srv\nCOPY . .\nCMD ["gunicorn", "app.main:app"]\n',
    }

    found = [ladder.wait.seconds for ladder in inverted_ladders(service_of(tmp_path, files))]

    assert found == ([] if seconds is None else [seconds])
