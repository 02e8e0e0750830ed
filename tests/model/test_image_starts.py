"""Where servers listen, and how deploy files start an image."""

from __future__ import annotations

from pathlib import Path

import pytest

from aiaudit.model.image import endpoints, served
from aiaudit.model.image.listening import CODE, CONFIGURATION, DEFAULT, ENVIRONMENT, OPTION
from aiaudit.model.image.starts import starts
from tests.model.test_image import image_of, images_of

_APP = 'import os\n\nimport uvicorn\n\nHOST = os.environ.get("HOST", "127.0.0.1")\napp = object()\n'


@pytest.mark.parametrize(
    ("command", "host", "port", "origin"),
    [
        ('["uvicorn", "a:app"]', "127.0.0.1", 8000, DEFAULT),
        ('["uvicorn", "a:app", "--host", "0.0.0.0", "--port=9000"]', "0.0.0.0", 9000, OPTION),
        ('["python", "-m", "uvicorn", "a:app", "--host", "::"]', "::", 8000, OPTION),
        ("exec uvicorn a:app --port ${PORT:-7000}", "127.0.0.1", 7000, DEFAULT),
        ("exec uvicorn a:app --host $HOST", None, 8000, OPTION),
        ("exec uvicorn a:app $OPTIONS", None, None, OPTION),
        ('["gunicorn", "a:app"]', "127.0.0.1", 8000, DEFAULT),
        ('["gunicorn", "a:app", "-b", ":5000"]', "0.0.0.0", 5000, OPTION),
        ('["hypercorn", "a:app", "--bind", "localhost:80"]', "localhost", 80, OPTION),
        ('["granian", "a:app", "--host", "0.0.0.0"]', "0.0.0.0", 8000, OPTION),
        ('["fastapi", "run", "a.py"]', "0.0.0.0", 8000, DEFAULT),
        ('["fastapi", "dev", "a.py"]', "127.0.0.1", 8000, DEFAULT),
        ('["flask", "--app", "a", "run", "-h", "0.0.0.0"]', "0.0.0.0", 5000, OPTION),
        ('["streamlit", "run", "a.py"]', "0.0.0.0", 8501, DEFAULT),
        ('["python", "manage.py", "runserver", "0.0.0.0:80"]', "0.0.0.0", 80, OPTION),
        ('["waitress-serve", "--listen=*:8080", "a:app"]', "*", 8080, OPTION),
    ],
)
def test_where_command_lines_make_servers_listen(
    tmp_path: Path, command: str, host: str | None, port: int | None, origin: str
) -> None:
    (found,) = served(image_of(tmp_path, f"FROM python:3.12\nWORKDIR /w\nCMD {command}\n"))

    assert (found.host.text, found.port.number, found.host.origin) == (host, port, origin)


@pytest.mark.parametrize(
    ("variables", "command", "host", "port"),
    [
        ("UVICORN_HOST=0.0.0.0 UVICORN_PORT=80", "uvicorn a:app", "0.0.0.0", 80),
        ("PORT=9000", "gunicorn a:app", "0.0.0.0", 9000),
        ("GUNICORN_CMD_ARGS='--bind=0.0.0.0:7000'", "gunicorn a:app", "0.0.0.0", 7000),
        ("FLASK_RUN_HOST=0.0.0.0", "flask --app a run", "0.0.0.0", 5000),
    ],
)
def test_variables_that_servers_read(tmp_path: Path, variables: str, command: str, host: str, port: int) -> None:
    (found,) = served(image_of(tmp_path, f"FROM python:3.12\nENV {variables}\nCMD exec {command}\n"))

    assert (found.host.text, found.port.number, found.host.origin) == (host, port, ENVIRONMENT)


def test_gunicorn_reads_its_configuration_file(tmp_path: Path) -> None:
    configuration = 'import os\n\nbind = "0.0.0.0:9000"\nworkers = int(os.environ["WORKERS"])\n'
    dockerfile = 'FROM python:3.12\nWORKDIR /w\nCOPY . .\nCMD ["gunicorn", "a:app"]\n'
    (made,) = images_of(tmp_path, {"Dockerfile": dockerfile, "gunicorn.conf.py": configuration, "a.py": _APP})
    (found,) = served(made)

    assert (found.host.text, found.port.number, found.host.origin) == ("0.0.0.0", 9000, CONFIGURATION)
    assert found.workers.text is None


@pytest.mark.parametrize(
    ("call", "host", "port", "workers"),
    [
        ("uvicorn.run(app)", "127.0.0.1", 8000, None),
        ('uvicorn.run("a:app", host="0.0.0.0", port=80, workers=3)', "0.0.0.0", 80, 3),
        ('uvicorn.run(app, host=os.getenv("HOST", "127.0.0.1"))', "127.0.0.1", 8000, None),
        ('uvicorn.run(app, host=os.getenv("ADDRESS", "127.0.0.1"))', "0.0.0.0", 8000, None),
        ('uvicorn.run(app, port=int(os.environ.get("PORT", "81")))', "127.0.0.1", 81, None),
        ("uvicorn.run(app, host=HOST)", "127.0.0.1", 8000, None),
        ("uvicorn.run(app, **options)", None, None, None),
        ('uvicorn.run(app, host=os.environ["HOST"])', None, 8000, None),
    ],
)
def test_servers_that_code_starts(
    tmp_path: Path, call: str, host: str | None, port: int | None, workers: int | None
) -> None:
    dockerfile = 'FROM python:3.12\nWORKDIR /w\nCOPY a.py ./\nENV ADDRESS=0.0.0.0\nCMD ["python", "a.py"]\n'
    (found,) = served(image_of(tmp_path, dockerfile, a_py=f'{_APP}if __name__ == "__main__":\n    {call}\n'))

    assert (found.host.text, found.port.number, found.workers.number) == (host, port, workers)
    assert found.starter == "uvicorn.run"
    assert found.application == ("a:app" if '"a:app"' in call else "")
    assert found.host.origin in (CODE, DEFAULT, ENVIRONMENT)


def test_values_of_other_modules(tmp_path: Path) -> None:
    files = {
        "Dockerfile": 'FROM python:3.12\nWORKDIR /w\nCOPY . .\nCMD ["python", "a.py"]\n',
        "config.py": 'import os\n\nPORT = int(os.getenv("PORT", 81))\n',
        "a.py": "import uvicorn\nfrom config import PORT\n\nuvicorn.run(object(), port=PORT)\n",
    }
    (made,) = images_of(tmp_path, files)
    (found,) = served(made)

    assert found.port.number == 81


def test_entry_scripts_export_what_servers_read(tmp_path: Path) -> None:
    script = "#!/bin/sh\nexport UVICORN_HOST=0.0.0.0\nif test $X; then export UVICORN_PORT=1; fi\nexec uvicorn a:app\n"
    dockerfile = 'FROM python:3.12\nCOPY start.sh /\nENTRYPOINT ["/start.sh"]\n'
    (made,) = images_of(tmp_path, {"Dockerfile": dockerfile, "start.sh": script})
    (found,) = served(made)

    assert (found.host.text, found.port.text) == ("0.0.0.0", None)


def test_scripts_that_the_dockerfile_holds_are_read(tmp_path: Path) -> None:
    dockerfile = (
        "FROM python:3.12\nCOPY <<EOF /start.sh\n#!/bin/sh\nexport UVICORN_HOST=0.0.0.0\n"
        'exec uvicorn a:app --port 81\nEOF\nCMD ["sh", "/start.sh"]\n'
    )
    (found,) = served(image_of(tmp_path, dockerfile))

    assert (found.host.text, found.port.number, found.server.span.line) == ("0.0.0.0", 81, 5)
    assert found.application == "a:app"


def test_deploy_files_start_the_image_in_their_own_ways(tmp_path: Path) -> None:
    compose = (
        "services:\n  api:\n    build: .\n    image: team/api:1\n    environment: {UVICORN_HOST: 0.0.0.0}\n"
        "  admin:\n    image: team/api:1\n    command: uvicorn admin:app --port 9000\n"
        "  shell:\n    image: team/api:1\n    entrypoint: [flask, --app, a]\n    command: [run, -p, '81']\n"
        "  other:\n    image: redis:7\n    command: redis-server\n"
    )
    deployment = (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: api}\n"
        "spec:\n  template:\n    spec:\n      containers:\n"
        "        - name: web\n          image: registry.example.org/team/api:2\n"
        "          args: [uvicorn, 'a:app', --host, 0.0.0.0]\n          readinessProbe: {tcpSocket: {port: 8000}}\n"
    )
    dockerfile = 'FROM python:3.12\nCMD ["uvicorn", "a:app"]\n'
    (made,) = images_of(tmp_path, {"Dockerfile": dockerfile, "compose.yaml": compose, "k8s.yaml": deployment})

    told = [
        (start.name, start.overrides, *((e.server.target, e.host.text, e.port.number) for e in endpoints(made, start)))
        for start in starts(made)
    ]

    assert told == [
        ("", False, ("a:app", "127.0.0.1", 8000)),
        ("api", False, ("a:app", "0.0.0.0", 8000)),
        ("admin", True, ("admin:app", "127.0.0.1", 9000)),
        ("shell", True, ("a", "127.0.0.1", 81)),
        ("web", True, ("a:app", "0.0.0.0", 8000)),
    ]
    assert [start.is_checked for start in starts(made)] == [False, False, False, False, True]


_SUPERVISED = """\
[supervisord]
nodaemon=true
environment=UVICORN_HOST="0.0.0.0"

[program:web]
command=uvicorn a:app ; the API
    --port %(ENV_PORT)s
directory=/w
environment=PORT="81",OTHER='a,b'

[program:off]
command=uvicorn b:app
autostart=false

[program:shell]
command=bash -c "cd /v && exec uvicorn c:app --port 82"
"""


@pytest.mark.parametrize(
    ("place", "command"),
    [
        ("/etc/supervisor/conf.d/app.conf", '["supervisord", "-n"]'),
        ("/etc/supervisor/conf.d/app.conf", '["/usr/bin/supervisord", "-n", "-c", "/etc/supervisor/conf.d/app.conf"]'),
        ("/etc/supervisord.conf", "exec supervisord --nodaemon"),
        ("/w/supervisord.conf", '["supervisord"]'),
    ],
)
def test_what_supervisord_starts(tmp_path: Path, place: str, command: str) -> None:
    dockerfile = f"FROM python:3.12\nWORKDIR /w\nCOPY deploy.conf {place}\nCMD {command}\n"
    made = images_of(tmp_path, {"Dockerfile": dockerfile, "deploy.conf": _SUPERVISED})[0]
    first, second = served(made)

    assert (first.host.text, first.port.number, first.server.folder) == ("0.0.0.0", 81, "/w")
    assert (second.host.text, second.port.number, second.server.folder) == ("0.0.0.0", 82, "/v")
    span = first.server.span
    assert (span.path, span.line, span.column) == ("deploy.conf", 6, 9)
    assert second.server.span.line == 16


def test_a_configuration_of_supervisord_includes_others(tmp_path: Path) -> None:
    files = {
        "Dockerfile": 'FROM python:3.12\nWORKDIR /w\nCOPY d /etc/s\nCMD ["supervisord", "-c", "/etc/s/main.conf"]\n',
        "d/main.conf": "[include]\nfiles = programs/*.ini\n",
        "d/programs/web.ini": "[program:web]\ncommand = uvicorn a:app --port 80\n",
        "d/programs/web.txt": "[program:not]\ncommand = uvicorn b:app --port 90\n",
    }
    made = images_of(tmp_path, files)[0]

    assert [(item.port.number, item.server.span.column) for item in served(made)] == [(80, 11)]


@pytest.mark.parametrize(
    ("command", "ports"),
    [
        ('["honcho", "start"]', [81, 82]),
        ('["honcho", "start", "web"]', [81]),
        ('["honcho", "-f", "other", "start"]', []),
        ('["honcho", "check"]', []),
    ],
)
def test_what_a_procfile_starts(tmp_path: Path, command: str, ports: list[int]) -> None:
    files = {
        "Dockerfile": f"FROM python:3.12\nWORKDIR /w\nCOPY . .\nCMD {command}\n",
        "Procfile": "# all of them\nweb: PORT=1 uvicorn a:app --port 81\nadmin: uvicorn b:app --port 82\n",
    }
    made = images_of(tmp_path, files)[0]

    assert [item.port.number for item in served(made)] == ports
