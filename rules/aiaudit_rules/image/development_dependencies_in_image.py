"""Tools for developers are installed into the shipped image.

## What it does
Flags an install whose result ships and that takes in test runners, linters, type checkers, notebooks or documentation
builders: named on the command line, listed in the requirements file, or standing in a `dev` group that `uv sync`,
`poetry install` or `pdm install` takes in because nobody told them not to. Requirements that the Dockerfile exports
from a lock hold what the export takes: `uv export` and `pdm export` take the `dev` group along unless told otherwise,
`poetry export` and `pipenv requirements` when told to. Installs in an earlier stage count when the final one copies
their environment.

Not flagged are packages that the image's own code imports, that its command runs, or that another package requires
(`# via` in a compiled requirements file), one of two installs between which a condition in the RUN chooses, and images
for development and tests.

## Why is this bad
They bring dozens of packages that the service never loads: a slower build, a bigger image, more holes for the scanner,
and a notebook server or a debugger for whoever gets in.

## Example
```dockerfile
FROM python:3.13-slim
WORKDIR /app
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
USER 1000
CMD ["python", "-c", "print('ready')"]
```

```text
# file: requirements.txt
fastapi==0.120.0
pytest==8.4.2
ruff==0.14.5
```

## Use instead
```dockerfile
FROM python:3.13-slim
WORKDIR /app
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
USER 1000
CMD ["python", "-c", "print('ready')"]
```

```text
# file: requirements.txt
fastapi==0.120.0
```

```text
# file: requirements-dev.txt
-r requirements.txt
pytest==8.4.2
ruff==0.14.5
```

## References
- https://docs.astral.sh/uv/concepts/projects/dependencies/#development-dependencies
- https://python-poetry.org/docs/managing-dependencies/#dependency-groups
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding, Step
from aiaudit.model.development import development_packages
from aiaudit.model.image import Image, Install, Layer, Stage
from aiaudit.model.image.shipping import shipped_installs
from aiaudit.model.packages import Required
from aiaudit.rule import MEDIUM, Rule
from aiaudit_rules.image.hygiene import is_beside_the_service
from aiaudit_rules.image.shared import listed, shortened

rule = Rule(
    id="IMG207",
    name="development-dependencies-in-image",
    summary="Tools for developers are installed into the shipped image",
    severity=MEDIUM,
    since="0.1.0",
)

_LEAVE_OUT = {
    "uv": "add --no-dev",
    "poetry": "add `--only main`",
    "pdm": "add --prod",
    "pipenv": "leave --dev out",
}


@rule.check(Image)
def development_dependencies_in_image(image: Image) -> Iterator[Finding]:
    """One finding an image, at the first install that brings such packages."""
    if is_beside_the_service(image):
        return
    started = {command.name for command in image.command.commands} if image.command else set()
    found: list[tuple[Install, Required]] = []
    for stage, layer, install in shipped_installs(image):
        if _is_one_of_two(install, layer) or (stage not in image.shipped and _is_pruned(install, stage)):
            continue
        found += [(install, item) for item in development_packages(install, image) if item.name not in started]
    if not found:
        return
    names = list(dict.fromkeys(item.name for _, item in found))
    first, item = found[0]
    yield rule.at(
        image.span(first.extent),
        f"`{shortened(first.text)}` installs {listed(names, 4)} into the image that ships",
        help=_remedy(first, item),
        trace=[
            Step(f"{item.name} is asked for here", item.span),
            Step("installed here", image.span(first.extent)),
        ],
    )


def _is_one_of_two(install: Install, layer: Layer) -> bool:
    """Whether a condition in the RUN chooses between this install and another one: a build for development, say."""
    return install.command.nested and any(
        other is not install and other.tool == install.tool and other.command.nested for other in layer.installs
    )


def _is_pruned(install: Install, stage: Stage) -> bool:
    """Whether a later `uv sync --no-dev` of the stage takes out again what this one adds."""
    installs = [other for _, other in stage.installs]
    later = installs[next(number for number, other in enumerate(installs) if other is install) + 1 :]
    return install.tool == "uv" and any(
        other.tool == "uv" and other.without_development and "--inexact" not in other.flags for other in later
    )


def _remedy(install: Install, item: Required) -> str:
    if item.group and install.tool in _LEAVE_OUT:
        return f"{_LEAVE_OUT[install.tool]}: the group `{item.group.partition(':')[2]}` is not for production"
    if item.group and install.requirement_files and not install.project:
        return (
            f"export the requirements without the group `{item.group.partition(':')[2]}`, which is not for production"
        )
    return "keep such tools in a requirements file or group of their own, which the image does not install"
