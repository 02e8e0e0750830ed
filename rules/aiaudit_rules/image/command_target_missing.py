"""The image's command names something that the image does not hold.

## What it does
Replays WORKDIR, COPY, .dockerignore and `COPY --from` to learn where each file of the repository lies in the final
image, then looks up what the command starts there: `uvicorn app.main:app` needs the module on the import path and the
attribute in it, `python main.py` the file. The service's own imports are followed from there: a module that the
repository has, but that Python does not find from the command's folder, is told as well; so is a settings module of
Django that `DJANGO_SETTINGS_MODULE` names. ENTRYPOINT and CMD are put together; scripts of the repository that start
the server are read too, and then the finding stands in the script.

Installs are followed to where they land (the system's Python, a virtual environment, `uv sync`'s `.venv`): if none of
it is in the final stage and on its PATH, the server's program is missing, and the finding stands at the install.

Nothing is reported where the answer is not sure: folders that a command, another image or an address may have filled,
base images with an application of their own, a project that is installed as a package, sources that a compose file
mounts over the folder.

## Why is this bad
The container exits at its first start, every time, and nothing before that shows it: no build, no test of the source.

## Example
```dockerfile
FROM python:3.12-slim
WORKDIR /app
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
COPY app .
CMD ["uvicorn", "app.main:app", "--host", "0.0.0.0"]
```

```text
# file: requirements.txt
fastapi==0.115.6
uvicorn==0.34.0
```

```python
# file: app/main.py
from fastapi import FastAPI

app = FastAPI()
```

## Use instead
```dockerfile
FROM python:3.12-slim
WORKDIR /app
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
COPY app app
CMD ["uvicorn", "app.main:app", "--host", "0.0.0.0"]
```

```text
# file: requirements.txt
fastapi==0.115.6
uvicorn==0.34.0
```

```python
# file: app/main.py
from fastapi import FastAPI

app = FastAPI()
```

## References
- https://docs.docker.com/reference/dockerfile/#copy
- https://www.uvicorn.org/settings/#application
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Confidence, Finding, Step
from aiaudit.model.image import Image
from aiaudit.model.image.imports import BrokenImport, broken_imports
from aiaudit.model.image.prefixes import Unreached, unreached_server
from aiaudit.model.image.targets import Missing, missing_targets
from aiaudit.rule import CRITICAL, HIGH, Rule
from aiaudit.span import Span
from aiaudit_rules.image.shared import listed, shortened

rule = Rule(
    id="IMG501",
    name="command-target-missing",
    summary="The image's command names something that the image does not hold",
    severity=CRITICAL,
    since="0.1.0",
)


@rule.check(Image)
def command_target_missing(image: Image) -> Iterator[Finding]:
    """One finding for each server whose target, or whose own modules, are surely missing."""
    unreached = unreached_server(image)
    if unreached is not None:
        yield _unreached(image, unreached)
    missing = list(missing_targets(image))
    for broken in broken_imports(image):
        if all(broken.server is not found.server for found in missing):
            yield _broken_import(broken)
    for found in missing:
        server = found.server
        yield rule.at(
            server.span,
            _message(found),
            help=_help(found),
            trace=_trace(image, found),
            related=[Step("looks like what is meant", Span.whole_file(path)) for path in found.elsewhere],
            confidence=Confidence.MEDIUM if server.is_conditional or not image.context.is_stated else Confidence.HIGH,
        )


def _broken_import(broken: BrokenImport) -> Finding:
    """A module of the service that lies in the image at a place where Python does not look for it."""
    server = broken.server
    when = "the service cannot start" if broken.at_startup else "the code that needs it fails in every request"
    return rule.at(
        server.span,
        f"{broken.span.path} imports {broken.module}, which Python does not find from {server.folder}: {when}",
        help="copy the package folder under its own name, or import it the way the image lays it out",
        trace=[
            Step(f"starts {server.target} in {server.folder or 'an unknown folder'}", server.span),
            Step(f"imports {broken.module}", broken.span),
        ],
        related=[Step("the module in the repository", Span.whole_file(broken.source))],
        severity=CRITICAL if broken.at_startup else HIGH,
        confidence=Confidence.MEDIUM,
    )


def _unreached(image: Image, found: Unreached) -> Finding:
    """Packages that land where the command does not look."""
    server, landing = found.server, found.landing
    where = "which is not on its PATH" if found.is_carried else "which the final stage does not take along"
    installs = f"`{shortened(landing.install.text, 40)}` installs into {landing.prefix}, {where}"
    return rule.at(
        image.span(landing.install.extent),
        f"{installs}: {server.program} is not found when the container starts",
        help=f'ENV PATH="{landing.prefix}/bin:$PATH" in the final stage'
        if found.is_carried
        else f"COPY --from the stage {landing.prefix}, or install into the folder that is copied",
        trace=[
            Step(f"installs into {landing.prefix}", image.span(landing.install.extent)),
            Step(f"starts {server.program}", server.span),
        ],
        confidence=Confidence.MEDIUM,
    )


def _message(found: Missing) -> str:
    if found.kind == "file":
        return f"{found.server.program} is started with {found.name}, which no layer puts into the image"
    if found.kind == "attribute":
        module, _, attribute = found.name.partition(":")
        return f"{found.server.program} is started with {found.name}, but {module} defines no {attribute}"
    server = found.server
    return f"{server.program} is started with {server.target}, but no module {found.name} lies in {found.place}"


def _help(found: Missing) -> str:
    if found.elsewhere:
        return f"{listed(found.elsewhere, 2)} looks like what is meant: correct the COPY, the WORKDIR or the command"
    return "correct the COPY, the WORKDIR or the command"


def _trace(image: Image, found: Missing) -> list[Step]:
    files = image.final.files
    steps = []
    if files is not None:
        wanted = dict(files.places_of(found.elsewhere))
        for layer in image.final.inherited_layers:
            for place, source in layer.copy.landings if layer.copy else ():
                if place in wanted:
                    steps.append(Step(f"puts {source} at {place}", image.span(layer.instruction.extent)))
    steps.append(
        Step(f"starts {found.server.target} in {found.server.folder or 'an unknown folder'}", found.server.span)
    )
    return steps
