"""The image starts a development server.

## What it does
Flags what the image starts when it is made for the desk: `--reload` (uvicorn, gunicorn, hypercorn, granian, ...),
`flask run`, `manage.py runserver`, `fastapi dev`, `sanic --dev`, `chainlit run -w`, a file watcher, `npm run dev`;
and a script whose main part calls `app.run()` of Flask, or `run(..., reload=True)`, `run(..., debug=True)` of a
server. Scripts of the repository that CMD or ENTRYPOINT run are followed. What only a deploy file's `command:` adds
is another matter.

Not flagged: an option behind a condition or a variable, and code under `__main__` in a module that the image starts
in another way.

## Why is this bad
A development server handles one request at a time or restarts at any write to the disk; with `--reload` a worker that
cannot start leaves the container up and unready for ever. Flask's and Django's debug modes show settings and, with
the debugger, run code for whoever causes an error.

## Example
```dockerfile
FROM python:3.13-slim
USER 1000
CMD ["uvicorn", "app.main:app", "--host", "0.0.0.0", "--reload"]
```

## Use instead
```dockerfile
FROM python:3.13-slim
USER 1000
CMD ["uvicorn", "app.main:app", "--host", "0.0.0.0"]
```

## References
- https://fastapi.tiangolo.com/deployment/manually/
- https://flask.palletsprojects.com/en/stable/deploying/
- https://docs.djangoproject.com/en/stable/ref/django-admin/#runserver
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Confidence, Finding, Severity, Step
from aiaudit.model.image import Image, Server
from aiaudit.model.image.launches import Launch, launches
from aiaudit.rule import HIGH, Rule
from aiaudit.sources.dockerfile.facts import Command
from aiaudit_rules.image.hygiene import is_beside_the_service, short

rule = Rule(
    id="IMG403",
    name="development-server",
    summary="The image starts a development server",
    severity=HIGH,
    since="0.1.0",
)

_WATCHERS = frozenset({"watchfiles", "watchmedo", "nodemon", "entr", "air", "ts-node-dev", "hupper", "py-autoreload"})
_NODE = frozenset({"npm", "yarn", "pnpm", "bun", "npx"})
_HELP = "start a server for production: uvicorn or gunicorn without reload and debug; gunicorn for Flask and Django"


@rule.check(Image)
def development_server(image: Image) -> Iterator[Finding]:
    """What the final stage runs."""
    started = image.command
    if is_beside_the_service(image) or started is None:
        return
    fit = [server for server in image.servers if _reason(server) is None]
    for server in image.servers:
        reason = _reason(server)
        if reason is None:
            yield from _launched(image, server)
        elif not (server.is_conditional and fit):
            confidence = Confidence.MEDIUM if server.is_conditional else None
            yield rule.at(server.span, reason, help=_HELP, confidence=confidence)
    for command in started.commands:
        text = _watching(command)
        if text is not None:
            yield rule.at(image.span(command.extent), text, help=_HELP, severity=Severity.MEDIUM)


def _reason(server: Server) -> str | None:
    """Why a server is one for development."""
    if server.program == "manage.py" and "runserver" in server.target:
        return "the image starts Django's development server"
    if server.program == "django-admin" and "runserver" in server.target:
        return "the image starts Django's development server"
    if server.program == "flask":
        return "the image starts Flask's development server" + (" in debug mode" if server.debug else "")
    if server.program == "quart" and "run" in server.words:
        return "the image starts Quart's development server"
    if server.program == "fastapi" and server.reload:
        alone = "" if server.host else " and listens for the desk alone"
        return f"the image starts `fastapi dev`, which reloads at every write{alone}"
    if server.program == "sanic" and server.option("--dev", "-d", "--debug", "--auto-reload", "-r") is not None:
        return "the image starts sanic in development mode"
    if server.program == "chainlit" and server.reload:
        return "the image starts chainlit with -w: it reloads at every write to the disk"
    if server.reload:
        return f"the image starts {server.program} with --reload, which stays up when the application cannot be loaded"
    if server.program == "litestar" and server.option("--debug", "-d", "--pdb", "-P") is not None:
        return "the image starts litestar in debug mode"
    return None


def _launched(image: Image, server: Server) -> Iterator[Finding]:
    """A development server that the started script starts itself."""
    for launch in launches(image, server):
        text = _of_launch(launch)
        if text is None:
            continue
        yield rule.at(
            server.span,
            f"the image runs {server.target}, which starts {text}",
            help=_HELP,
            trace=[Step(f"{launch.name}(...) in the main part of the script", launch.call.span)],
            severity=None if launch.flags else Severity.MEDIUM,
            confidence=None if launch.is_literal else Confidence.MEDIUM,
        )
        return


def _of_launch(launch: Launch) -> str | None:
    with_flags = f" with {', '.join(f'{flag}=True' for flag in launch.flags)}" if launch.flags else ""
    if launch.is_flask:
        return f"Flask's development server{with_flags}"
    return f"{launch.name.partition('.')[0]}{with_flags}" if launch.flags else None


def _watching(command: Command) -> str | None:
    """A file watcher, or the development script of a Node project."""
    words = [word.text for word in command.words]
    if command.name in _WATCHERS:
        return f"the image starts its program under {command.name}, which restarts it at every write to the disk"
    if command.name in _NODE and "dev" in [word for word in words[1:3] if not word.startswith("-")]:
        return f"the image starts `{short(command)}`, the development script"
    if command.name == "next" and words[1:2] == ["dev"]:
        return "the image starts Next.js in development mode"
    if command.name == "vite" and (len(words) == 1 or words[1] in ("dev", "serve") or words[1].startswith("-")):
        return "the image starts Vite's development server"
    return None
