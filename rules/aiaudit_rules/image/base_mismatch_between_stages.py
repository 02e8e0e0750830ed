"""Installed packages are copied into a stage with another Python or another C library.

## What it does
Flags `COPY --from=builder` of a virtual environment, of site-packages or of another place that packages were installed
into, when the two stages run different minor versions of Python, when one is Alpine (musl) and the other Debian or a
relative (glibc), or when the path names a Python version that one of them does not have. Versions are read from the
base images' names and tags; a stage that brings a Python of its own (conda, pyenv, uv) is left alone.

## Why is this bad
Python looks for packages in a folder named after its minor version, so those of another one are not found, and compiled
modules (pydantic-core, numpy, tokenizers, torch) fit one version and one C library alone. The image builds; the service
ends at its first import.

## Example
```dockerfile
FROM python:3.13-slim AS builder
RUN python -m venv /opt/venv && /opt/venv/bin/pip install --no-cache-dir fastapi==0.115.6

FROM python:3.12-slim
COPY --from=builder /opt/venv /opt/venv
USER 1000
```

## Use instead
```dockerfile
FROM python:3.13-slim AS builder
RUN python -m venv /opt/venv && /opt/venv/bin/pip install --no-cache-dir fastapi==0.115.6

FROM python:3.13-slim
COPY --from=builder /opt/venv /opt/venv
USER 1000
```

## References
- https://docs.python.org/3/library/site.html
- https://peps.python.org/pep-0656/
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from aiaudit.finding import Finding, Step
from aiaudit.model.image import Copy, Image, Layer, Stage
from aiaudit.model.image.filesystem import absolute
from aiaudit.model.image.pythons import MUSL, c_library, holds_packages, path_version, python_version
from aiaudit.rule import MEDIUM, Rule

rule = Rule(
    id="IMG504",
    name="base-mismatch-between-stages",
    summary="Installed packages are copied into a stage with another Python or another C library",
    severity=MEDIUM,
    since="0.1.0",
)


@rule.check(Image)
def base_mismatch_between_stages(image: Image) -> Iterator[Finding]:
    """Copies from stage to stage, of those that a build runs."""
    for stage in image.used:
        for layer in stage.layers:
            if layer.copy is not None and layer.copy.stage is not None:
                yield from _check(image, layer, layer.copy, layer.copy.stage)


def _check(image: Image, layer: Layer, copy: Copy, source: Stage) -> Iterator[Finding]:
    places = [place for text in copy.sources if (place := absolute(text, "/")) and holds_packages(source, place)]
    if not places:
        return
    reason = _reason(source, layer.stage, places[0], _landing(copy, places[0]))
    if reason is None:
        return
    yield rule.at(
        image.span(layer.instruction.extent),
        f"{places[0]} is copied from {source.name or f'stage {source.index}'}, {reason}",
        help="use the same base image, or at least the same Python version and distribution, in both stages",
        trace=[
            Step(f"installed in a stage from {source.root_base}", image.span(source.start.extent)),
            Step(f"used in a stage from {layer.stage.root_base}", image.span(layer.stage.start.extent)),
        ],
    )


def _landing(copy: Copy, place: str) -> str:
    target = copy.destination or ""
    return posixpath.join(target, posixpath.basename(place)) if len(copy.sources) > 1 else target


def _reason(source: Stage, stage: Stage, place: str, target: str) -> str | None:
    """What does not fit, as the end of a sentence."""
    made, used = python_version(source), python_version(stage)
    if made is not None and used is not None and made != used:
        return f"which has Python {made}, into one with Python {used}"
    named, landed = path_version(place), path_version(target)
    if named is not None and made is not None and named != made:
        return f"which has Python {made} and no such folder"
    if landed is not None and used is not None and landed != used:
        return f"to {target}, where the stage's Python {used} does not look"
    if {c_library(source), c_library(stage)} == {"musl", "glibc"}:
        libraries = ("musl", "glibc") if c_library(source) == MUSL else ("glibc", "musl")
        return f"which has {libraries[0]}, into one with {libraries[1]}: compiled packages cannot be loaded"
    return None
