"""Server programs and their command lines."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping

from aiaudit.model.image.commands import Options, is_python, names_in, options
from aiaudit.model.image.values import Server
from aiaudit.patterns import regex
from aiaudit.sources.dockerfile.facts import Command, Word
from aiaudit.span import Span
from aiaudit.values import replace

_NOWHERE = Span("", 1, 1, 1, 1)
_TARGET = regex(r"(?P<module>[A-Za-z_][\w.]*)(?::(?P<attribute>[A-Za-z_][\w.]*)(?P<call>\(.*\))?)?", re.DOTALL)
VALUES = names_in(
    "--host -h --port -p --workers -w --bind -b --worker-class -k --threads --timeout -t --config -c --chdir"
    " --log-level --access-logfile --error-logfile --log-file --worker-tmp-dir --max-requests"
    " --max-requests-jitter --keep-alive --graceful-timeout --pythonpath --name -n --user -u --group -g --env"
    " -e --forwarded-allow-ips --limit-request-line --worker-connections --backlog --log-config --pid"
    " --app-dir --env-file --timeout-keep-alive --uds --fd --loop --http --ws --lifespan --interface"
    " --reload-dir --root-path --limit-concurrency --limit-max-requests --header --ssl-keyfile --ssl-certfile"
    " --timeout-graceful-shutdown --reload-include --reload-exclude --reload-delay -A --app --concurrency"
    " --loglevel -l -Q --queues --pool -P --hostname --server.port --server.address --cert --key -f -m"
    " --statsd-host --threads-per-worker --blocking-threads --runtime-threads --http-timeout"
    " --worker-healthcheck-interval --listen --access-log-format --working-dir --runtime-mode --ws-max-size"
    " --h11-max-incomplete-event-size --settings --model --served-model-name --browser.gatherUsageStats"
    " --fast-api"
)
# Options that programs of this table have without a value although others of it give them one.
_BARE: dict[str, frozenset[str]] = {"chainlit": names_in("-h -w"), "daphne": frozenset(), "python": names_in("-h -u")}
_APPLICATION_SERVERS = {"uvicorn", "gunicorn", "hypercorn", "granian", "daphne", "waitress-serve", "sanic", "robyn",
                        "bjoern", "meinheld", "aiohttp", "eventlet", "uwsgi"}  # fmt: skip
_RUN_A_FILE = {"streamlit", "chainlit", "gradio", "panel", "voila", "marimo", "mesop", "solara"}
WORKERS = {"celery", "rq", "arq", "dramatiq", "huey_consumer", "taskiq", "procrastinate"}


def server_of(command: Command, folder: str | None, environment: Mapping[str, str]) -> Server | None:
    """The server that a command starts; None for a command that starts none."""
    name, words = command.name, command.words
    if is_python(name):
        return _python(list(words[1:]), command, folder, environment)
    if name.endswith(".py"):
        return _python(list(words), command, folder, environment)
    return _named(name, list(words[1:]), command, folder, environment)


def _named(
    name: str, words: list[Word], command: Command, folder: str | None, environment: Mapping[str, str]
) -> Server | None:
    given = options(words, VALUES - _BARE.get(name, frozenset()))
    reader: Callable[[str, Options, Mapping[str, str]], Server | None] | None = None
    if name in _APPLICATION_SERVERS:
        reader = _application
    elif name == "fastapi":
        reader = _fastapi
    elif name == "flask":
        reader = _flask
    elif name in _RUN_A_FILE:
        reader = _file
    elif name in WORKERS:
        reader = _worker
    elif name in ("litestar", "quart", "django-admin", "vllm", "litellm", "bentoml", "mlflow", "ray", "jupyter"):
        reader = _other
    if reader is None:
        return None
    server = reader(name, given, environment)
    if server is None:
        return None
    return _completed(server, given, command, folder)


def _completed(server: Server, given: Options, command: Command, folder: str | None) -> Server:
    """The fields that all programs share."""
    host, port = server.host, server.port
    bind = given.value("--bind", "-b", "--listen")
    if bind and server.program == "daphne":
        host = host or bind
    elif bind:
        host, colon, bound = bind.rpartition(":")
        host, port = (host, bound) if colon else (bound, "")
    return replace(
        server,
        host=host or given.value("--host", "--server.address", "-h") or "",
        port=port or given.value("--port", "--server.port", "-p") or "",
        workers=given.value("--workers", "-w") or "",
        reload=server.reload or given.has("--reload"),
        debug=server.debug or given.has("--debug", "-d"),
        factory=server.factory or given.has("--factory"),
        app_dir=given.value("--app-dir", "--chdir", "--pythonpath", "--working-dir") or server.app_dir,
        folder=folder,
        options=given.named,
        words=tuple(word.text for word in command.words),
    )


def _split(target: str) -> tuple[str, str, bool]:
    """Module, attribute and whether it is called, of `module:attribute()`."""
    match = _TARGET.fullmatch(target.strip())
    return (match["module"], match["attribute"] or "", bool(match["call"])) if match else ("", "", False)


def _application(name: str, given: Options, environment: Mapping[str, str]) -> Server | None:
    places = [word.text for word in given.positionals]
    target = next((text for text in places if ":" in text and "/" not in text), "")
    if not target:
        target = next((text for text in places if _TARGET.fullmatch(text)), "") if len(places) == 1 else ""
    if not target and name == "uwsgi":
        target = given.value("--module", "-w") or ""
    module, attribute, is_called = _split(target)
    kind = "module" if module else ""
    return Server(name, target, _NOWHERE, kind, module, attribute, factory=is_called)


def _fastapi(name: str, given: Options, environment: Mapping[str, str]) -> Server | None:
    places = [word.text for word in given.positionals]
    if not places or places[0] not in ("run", "dev"):
        return None
    target = places[1] if len(places) > 1 else ""
    kind = "script" if target.endswith(".py") else "package" if target else ""
    return Server(
        "fastapi",
        target,
        _NOWHERE,
        kind,
        attribute=given.value("--app") or "",
        reload=places[0] == "dev",
        debug=places[0] == "dev",
    )


def _flask(name: str, given: Options, environment: Mapping[str, str]) -> Server | None:
    if "run" not in [word.text for word in given.positionals]:
        return None
    target = given.value("--app", "-A") or environment.get("FLASK_APP", "")
    module, attribute, is_called = _split(target.removesuffix(".py"))
    kind = "script" if target.endswith(".py") else "module" if module else ""
    debug = environment.get("FLASK_DEBUG", "") in ("1", "true", "True")
    return Server("flask", target, _NOWHERE, kind, module, attribute, debug=debug, factory=is_called)


def _file(name: str, given: Options, environment: Mapping[str, str]) -> Server | None:
    places = [word.text for word in given.positionals]
    target = next((text for text in places if text.endswith((".py", ".ipynb"))), "")
    if not target and places[:1] not in (["run"], ["serve"]):
        return None
    return Server(name, target, _NOWHERE, "script" if target.endswith(".py") else "", reload=given.has("-w", "--watch"))


def _worker(name: str, given: Options, environment: Mapping[str, str]) -> Server | None:
    target = given.value("-A", "--app") or ""
    if not target and name in ("arq", "dramatiq", "taskiq"):
        places = [word.text for word in given.positionals]
        target = next((text for text in places if _TARGET.fullmatch(text) and "." in text), "")
    module, attribute, _ = _split(target)
    if name == "arq" and not attribute and "." in module:
        module, _, attribute = module.rpartition(".")
    return Server(name, target, _NOWHERE, "module" if module else "", module, attribute)


def _other(name: str, given: Options, environment: Mapping[str, str]) -> Server | None:
    places = [word.text for word in given.positionals]
    target = given.value("--app", "-A") or ""
    if name == "django-admin":
        return Server(name, " ".join(places), _NOWHERE) if "runserver" in places else None
    module, attribute, _ = _split(target)
    return Server(name, target or " ".join(places[:2]), _NOWHERE, "module" if module else "", module, attribute)


def _python(words: list[Word], command: Command, folder: str | None, environment: Mapping[str, str]) -> Server | None:
    while words and words[0].text.startswith("-") and words[0].text not in ("-m", "-c"):
        taken = words.pop(0).text
        if taken in ("-W", "-X") and words:
            words.pop(0)
    if len(words) > 1 and words[0].text == "-m":
        module = words[1].text
        named = _named(module, words[2:], command, folder, environment)
        if named is not None:
            return named
        server = Server("python", module, _NOWHERE, "package", module)
        return _completed(server, options(words[2:], VALUES), command, folder)
    if not words or words[0].text in ("-c", "-m", "-"):
        return None
    target = words[0].text
    rest = options(words[1:], VALUES)
    if posixpath.basename(target) == "manage.py":
        verb = rest.positionals[0].text if rest.positionals else ""
        if not verb.startswith(("runserver", "daphne")):
            return None
        bind = rest.positionals[1].text if len(rest.positionals) > 1 else "127.0.0.1:8000"
        host, _, port = bind.rpartition(":")
        server = Server("manage.py", f"{target} {verb}", _NOWHERE, "script", target, host=host, port=port or bind)
        return _completed(server, rest, command, folder)
    server = Server("python", target, _NOWHERE, "script")
    return _completed(server, rest, command, folder)
