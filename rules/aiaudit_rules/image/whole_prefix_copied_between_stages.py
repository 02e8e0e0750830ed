"""A whole prefix is copied from one stage into another.

## What it does
Flags `COPY --from=` of `/`, `/usr` or `/usr/local` to the same place of a stage that holds something there already: all
of `/usr/local` over an image that has its own Python in it, or a whole file system over another one. Copying `/` into
`scratch` is the way to flatten an image and is left alone, and so are a prefix that is empty in the target
(`/usr/local` of a plain Debian), and parts such as site-packages, `/usr/local/bin` or a virtual environment.

## Why is this bad
The interpreter, pip, headers and every tool of the builder come along and lie in the image twice. Where the two stages
start from different images, it is also wrong: an interpreter of another version, and libraries that are linked to files
which only the builder has.

## Example
```dockerfile
FROM python:3.13 AS build
RUN pip install --no-cache-dir fastapi==0.120.0

FROM python:3.13-slim
COPY --from=build /usr/local /usr/local
USER 1000
CMD ["python", "-c", "print('ready')"]
```

## Use instead
```dockerfile
FROM python:3.13 AS build
RUN python -m venv /opt/venv && /opt/venv/bin/pip install --no-cache-dir fastapi==0.120.0

FROM python:3.13-slim
COPY --from=build /opt/venv /opt/venv
USER 1000
CMD ["/opt/venv/bin/python", "-c", "print('ready')"]
```

## References
- https://docs.docker.com/build/building/multi-stage/
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from aiaudit.finding import Finding, Severity, Step
from aiaudit.model.image import Copy, Dockerfile, Stage
from aiaudit.model.image.bases import holds_python_in_local
from aiaudit.rule import MEDIUM, Rule

rule = Rule(
    id="IMG208",
    name="whole-prefix-copied-between-stages",
    summary="A whole prefix is copied from one stage into another",
    severity=MEDIUM,
    since="0.1.0",
    aliases=("DL3067",),
)

_PREFIXES = ("/", "/usr", "/usr/local")


@rule.check(Dockerfile)
def whole_prefix_copied_between_stages(image: Dockerfile) -> Iterator[Finding]:
    """Copies in the stages that a build runs."""
    for stage in image.used:
        for layer in stage.layers:
            copy = layer.copy
            prefix = _prefix(copy) if copy is not None and not copy.is_from_context else None
            if copy is None or prefix is None or not _holds_something(stage, prefix):
                continue
            source = copy.stage
            differs = source is not None and source.root_base != stage.root_base
            yield rule.at(
                image.span(layer.instruction.extent),
                f"all of {prefix} is copied over the {prefix} of {stage.root_base}"
                + (f", from a stage that starts from {source.root_base}" if source is not None and differs else ""),
                help="install into a folder of its own (a virtual environment) and copy that",
                trace=[Step("the stage copied from", image.span(source.start.extent))] if source is not None else [],
                severity=Severity.LOW if prefix == "/usr/local" and not differs else None,
            )


def _prefix(copy: Copy) -> str | None:
    """The prefix that a copy takes whole to the same place."""
    for source in copy.sources:
        place = posixpath.normpath(f"/{source.removesuffix('*')}").replace("//", "/")
        if place in _PREFIXES and place == copy.destination:
            return place
    return None


def _holds_something(stage: Stage, prefix: str) -> bool:
    if prefix == "/usr/local":
        return holds_python_in_local(stage.root_base)
    return stage.root_base != "scratch"
