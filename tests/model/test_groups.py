"""Which services of a tree are judged apart: only those that nothing joins."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from aiaudit.model.groups import groups_of
from tests.model.linked import service_of

APP = "from fastapi import FastAPI\n\napp = FastAPI()\n\n\n@app.get('/')\ndef index() -> str:\n    return ''\n"
TWO = {
    "orders/requirements.txt": "fastapi\n",
    "orders/app/main.py": f"from app.work import done\n{APP}",
    "orders/app/work.py": "def done() -> None:\n    pass\n",
    "users/requirements.txt": "fastapi\n",
    "users/app/main.py": f"from app.work import done\n{APP}",
    "users/app/work.py": "def done() -> None:\n    pass\n",
}
DOCKERFILE = 'FROM python:3.12\nWORKDIR /srv\nCOPY {} .\nCMD ["uvicorn", "app.main:app"]\n'


def entries(folder: Path, files: Mapping[str, str]) -> list[tuple[str, ...]]:
    """Where the services begin that are judged apart."""
    return sorted(group.entries for group in groups_of(service_of(folder, files))[1:])


APART = {
    "two projects": {},
    "folders that nothing marks": {"orders/requirements.txt": "", "users/requirements.txt": ""},
    "modules of one name": {"orders/settings.py": "", "users/settings.py": "", "orders/app/work.py": "import settings"},
    "tests over both": {"tests/test_all.py": "import orders.app.main\nimport users.app.main\n"},
    "tools that import neither": {"tools/build.py": "import json\n"},
    "an image each": {
        "orders/Dockerfile": DOCKERFILE.format("."),
        "users/Dockerfile": DOCKERFILE.format("."),
    },
    "images built from the root": {
        "orders/Dockerfile": DOCKERFILE.format("orders"),
        "users/Dockerfile": DOCKERFILE.format("users"),
        "compose.yaml": "services:\n"
        + "".join(f"  {n}:\n    build: {{context: ., dockerfile: {n}/Dockerfile}}\n" for n in ("orders", "users")),
    },
    "a front end's settings": {"app/app.json": "{}\n"},
    "one that queues": {"orders/app/work.py": "def done(queue):\n    queue.enqueue('users.app.work.done')\n"},
    "requests to others": {"orders/app/work.py": "import httpx\n\nhttpx.post('https://api.openai.com/v1/responses')\n"},
    "queues of calls": {"orders/app/work.py": "import celery\n", "users/app/work.py": "import celery\n"},
}


@pytest.mark.parametrize("case", APART)
def test_services_without_a_link_are_apart(tmp_path: Path, case: str) -> None:
    """Each begins where its own application is."""
    files = {path: text for path, text in (TWO | APART[case]).items() if text or path not in TWO}
    assert [found[0] for found in entries(tmp_path, files)] == ["orders/app/main.py", "users/app/main.py"]


JOINED = {
    "an import": {"orders/app/work.py": "import users.app.work\n"},
    "an import from": {"orders/app/work.py": "from users.app import work\n"},
    "an import over several lines": {"orders/app/work.py": "from users.app import (\n    work,  # as a name\n)\n"},
    "an import inside a function": {"orders/app/work.py": "def done():\n    from users.app import work\n"},
    "a relative import": {"orders/app/work.py": "from ...users.app.work import done\n"},
    "a module found elsewhere": {"users/shared.py": "", "orders/app/work.py": "import shared\n"},
    "a package for both": {
        "shared/__init__.py": "",
        "shared/texts.py": "",
        "orders/app/work.py": "from shared import texts\n",
        "users/app/work.py": "import shared.texts\n",
    },
    "a script that starts both": {"run.py": "import orders.app.main\nimport users.app.main\n"},
    "a module by a text": {
        "orders/app/work.py": "from importlib import import_module\n\nimport_module('users.app.work')\n"
    },
    "modules by part of a text": {
        "orders/app/work.py": "import importlib\n\n\ndef load(n):\n    importlib.import_module(f'users.app.{n}')\n"
    },
    "Django's settings by a text": {
        "orders/app/work.py": "import os\n\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'users.app.work')\n"
    },
    "a task by its name": {
        "orders/app/work.py": "from celery import Celery\n\nCelery().send_task('app.work.done')\n",
        "users/app/work.py": "from celery import shared_task\n\n\n@shared_task\ndef done():\n    pass\n",
    },
    "a job of arq": {
        "orders/app/work.py": "async def queue(redis):\n    await redis.enqueue_job('done')\n",
        "users/app/work.py": "from arq.connections import RedisSettings\n\n\nasync def done(ctx):\n    pass\n",
    },
    "a request": {
        "orders/app/work.py": "import httpx\n\n\ndef done(n):\n    httpx.post(f'http://users/work/{n}', json={})\n",
        "users/app/work.py": "from app.main import app\n\n\n@app.post('/work/{number}')\ndef work():\n    pass\n",
    },
    "a request to an address in parts": {
        "orders/app/work.py": "import httpx\n\n\ndef done(url):\n    httpx.post(url + '/users/work', json={})\n",
        "users/app/work.py": "from app.main import app\n\n\n@app.post('/work')\ndef work():\n    pass\n",
    },
    "an address in the settings": {
        "orders/app/work.py": "WORK = 'http://users:8000/api/work'\n",
        "users/app/work.py": "from app.main import app\n\n\n@app.post('/work')\ndef work():\n    pass\n",
    },
    "an image with both": {"Dockerfile": 'FROM python:3.12\nCOPY . .\nCMD ["python", "orders/app/main.py"]\n'},
    "nginx before both": {"nginx.conf": "server {\n    location / {\n        proxy_pass http://orders;\n    }\n}\n"},
    "an ingress before both": {
        "k8s/ingress.yaml": "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: all}\nspec: {}\n"
    },
    "a function's template": {"template.yaml": "Resources: {}\n"},
    "a Procfile of Heroku": {"Procfile": "web: uvicorn orders.app.main:app\n", "app.json": "{}\n"},
    "one project": {
        "orders/requirements.txt": "",
        "users/requirements.txt": "",
        "pyproject.toml": "[project]\nname = 'all'\n",
    },
    "handlers in a document": {"orders/app/work.py": "import connexion\n"},
}


@pytest.mark.parametrize("case", JOINED)
def test_services_with_a_link_are_one(tmp_path: Path, case: str) -> None:
    """Whatever may lead from one to the other: nothing is then judged apart."""
    files = {path: text for path, text in (TWO | JOINED[case]).items() if text or path not in TWO}
    assert entries(tmp_path, files) == []


def test_a_link_joins_two_of_three(tmp_path: Path) -> None:
    """The third stays by itself, and so does what belongs to none."""
    third = {path.replace("users", "bills"): text for path, text in TWO.items() if path.startswith("users")}
    more = {
        "orders/app/work.py": "import users.app.work\n",
        "notes/Dockerfile": "FROM python:3.12\nCOPY notes.md .\n",
    } | {"notes/notes.md": ""}
    groups = groups_of(service_of(tmp_path, TWO | third | more))
    assert sorted(group.entries for group in groups) == [
        (),
        ("bills/app/main.py",),
        ("orders/app/main.py", "users/app/main.py"),
    ]
    assert groups[0].images == {"notes/Dockerfile:1 in notes"}


def test_an_image_belongs_to_the_service_that_it_carries(tmp_path: Path) -> None:
    """Wherever its Dockerfile lies."""
    files = TWO | {"docker/orders.Dockerfile": DOCKERFILE.format("orders"), "users/Dockerfile": "FROM scratch\n"}
    images = {group.entries: group.images for group in groups_of(service_of(tmp_path, files))}
    assert images[("orders/app/main.py",)] == {"docker/orders.Dockerfile:1 in ."}
    assert images[("users/app/main.py",)] == {"users/Dockerfile:1 in users"}


def test_a_tree_without_a_framework_is_one(tmp_path: Path) -> None:
    """It counts whole."""
    files = {path: text for path, text in TWO.items() if path.endswith("work.py")}
    assert groups_of(service_of(tmp_path, files)) == ()


def test_starters_go_with_what_they_start(tmp_path: Path) -> None:
    """Also out of a folder that has nothing else."""
    files = TWO | {"start/main.py": "from orders.app.main import app\n", "other/main.py": "import json\n"}
    groups = groups_of(service_of(tmp_path, files))
    assert [group.starters for group in groups] == [(), ("start/main.py",), ()]


def test_files_of_any_kind_concern_those_in_whose_folders_they_lie(tmp_path: Path) -> None:
    """What lies in no service's folder may be about any."""
    files = TWO | {"both/bills/setup.py": "", "both/bills/main.py": APP, "both/notes.py": ""}
    service = service_of(tmp_path, files)
    found = {group.entries[0]: group for group in groups_of(service) if group.entries}
    concerned = {}
    for entry, group in found.items():
        service.turn(group)
        paths = ("fly.toml", "orders/fly.toml", "users/app/fly.toml", "both/fly.toml", "both/bills/fly.toml")
        concerned[entry] = [path for path in paths if service.concerns(path)]
    assert concerned == {
        "both/bills/main.py": ["fly.toml", "both/fly.toml", "both/bills/fly.toml"],
        "orders/app/main.py": ["fly.toml", "orders/fly.toml", "both/fly.toml"],
        "users/app/main.py": ["fly.toml", "users/app/fly.toml", "both/fly.toml"],
    }
