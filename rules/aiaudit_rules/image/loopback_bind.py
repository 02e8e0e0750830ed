"""The server listens where nothing outside of the container can connect.

## What it does
Works out the address that the image's server binds: the option on its command line, the variable that it reads
(`UVICORN_HOST`, `FLASK_RUN_HOST`, ...), gunicorn's configuration file, the arguments of `uvicorn.run(...)`,
`app.run(...)` or `demo.launch(...)` in the script that the image starts, and otherwise the program's own default. Most
servers (uvicorn, gunicorn, hypercorn, granian, Flask, Django's runserver, gradio) listen on 127.0.0.1 by default.

Not flagged: a Unix socket; a server behind another one of the same container (nginx, a second server that is open, an
adapter of AWS Lambda); an address that a variable without a known value decides over; a container on the host's
network; an image that every deploy file of the repository starts with a command of its own, or an entrypoint that one
completes.

## Why is this bad
A container's loopback is its own. The server starts, its log says so, a check from inside the container succeeds, and
every connection from the published port, the proxy or the cluster is refused.

## Example
```dockerfile
FROM python:3.13-slim
USER 1000
HEALTHCHECK CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/', timeout=2)"]
CMD ["uvicorn", "app.main:app", "--port", "8000"]
```

## Use instead
```dockerfile
FROM python:3.13-slim
USER 1000
HEALTHCHECK CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/', timeout=2)"]
CMD ["uvicorn", "app.main:app", "--host", "0.0.0.0", "--port", "8000"]
```

## References
- https://www.uvicorn.org/settings/#socket-binding
- https://docs.gunicorn.org/en/stable/settings.html#bind
- https://docs.docker.com/engine/network/#published-ports
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Confidence, Finding, Step
from aiaudit.model.image import Image, Listening, served
from aiaudit.model.image.fronts import has_front
from aiaudit.model.image.listening import CODE, CONFIGURATION, DEFAULT, ENVIRONMENT
from aiaudit.model.image.starts import opens_a_server, starts
from aiaudit.rule import HIGH, Rule
from aiaudit_rules.image.hygiene import is_beside_the_service

rule = Rule(
    id="IMG406",
    name="loopback-bind",
    summary="The server listens where nothing outside of the container can connect",
    severity=HIGH,
    since="0.1.0",
)


@rule.check(Image)
def loopback_bind(image: Image) -> Iterator[Finding]:
    """The servers that the image starts by itself."""
    found = served(image)
    closed = [item for item in found if item.is_loopback and not item.server.is_conditional]
    if not closed or len(closed) < len(found) or is_beside_the_service(image) or has_front(image):
        return
    deployed = starts(image)[1:]
    if any(start.shares_host_network for start in deployed) or (deployed and all(s.overrides for s in deployed)):
        return
    if _takes_arguments(image) and opens_a_server(image.service):
        return
    for item in closed:
        yield rule.at(
            item.server.span,
            f"{_what(item)} listens on {_place(item)}: nothing outside of the container can connect",
            help=_remedy(item),
            trace=[Step(f"starts {item.server.target or item.server.program}", item.server.span), *_evidence(item)],
            confidence=Confidence.MEDIUM if item.host.origin in (CODE, CONFIGURATION) else None,
        )


def _takes_arguments(image: Image) -> bool:
    """Whether the image leaves room for arguments of whoever starts it: an entrypoint and no command."""
    entry = image.final.entrypoint
    return entry is not None and entry.exec_form and image.final.command is None


def _what(item: Listening) -> str:
    if item.host.span.path != item.server.span.path and item.server.kind in ("script", "package", "function"):
        return f"the server that {item.server.target} starts"
    return item.server.program


def _place(item: Listening) -> str:
    address = f"{item.host.text}:{item.port.text}" if item.port.text else f"{item.host.text}"
    return f"{address} by default" if item.host.origin == DEFAULT else address


def _evidence(item: Listening) -> list[Step]:
    if item.host.origin == DEFAULT and item.host.span.path == item.server.span.path:
        return []
    return [Step(f"the address is {item.host.text}", item.host.span)]


def _remedy(item: Listening) -> str:
    if item.host.origin == ENVIRONMENT:
        return "set the variable to 0.0.0.0"
    if item.server.program == "gunicorn":
        return f"bind all interfaces: --bind 0.0.0.0:{item.port.text or 8000}"
    if item.server.kind in ("script", "package", "function") and item.host.origin in (CODE, DEFAULT):
        return 'pass host="0.0.0.0" where the image runs, or read it from a variable that the image sets'
    return "bind all interfaces: --host 0.0.0.0"
