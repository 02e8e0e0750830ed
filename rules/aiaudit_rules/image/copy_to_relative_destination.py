"""Files are copied to a relative place and no WORKDIR is set.

## What it does
Flags COPY and ADD with a relative destination in a shipped stage that sets no WORKDIR, nor does a stage that it is
built on. Base images that may set one themselves are left alone; the official images of languages and distributions do
not, and start in `/`.

## Why is this bad
The files land in `/`, between the folders of the system, or wherever the base image's next version starts.

## Example
```dockerfile
FROM python:3.13-slim
COPY app ./app
```

## Use instead
```dockerfile
FROM python:3.13-slim
WORKDIR /srv
COPY app ./app
```

## References
- https://docs.docker.com/reference/dockerfile/#workdir
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.image import Dockerfile, Stage
from aiaudit.model.image.bases import starting_folder
from aiaudit.rule import LOW, Rule
from aiaudit_rules.image.hygiene import is_beside_the_service
from aiaudit_rules.image.places import is_absolute

rule = Rule(
    id="IMG634",
    name="copy-to-relative-destination",
    summary="Files are copied to a relative place and no WORKDIR is set",
    severity=LOW,
    since="0.1.0",
    aliases=("DL3045",),
)


@rule.check(Dockerfile)
def copy_to_relative_destination(dockerfile: Dockerfile) -> Iterator[Finding]:
    """Destinations that depend on the base image."""
    if is_beside_the_service(dockerfile):
        return
    shipped = {id(stage) for stage in dockerfile.shipped}
    for placed in dockerfile.usage.placed("COPY", "ADD"):
        words, layer = placed.instruction.words, placed.layer
        if layer is None or id(layer.stage) not in shipped:
            continue
        if len(words) < 2 or is_absolute(words[-1].text) or "$" in words[-1].text[:2]:
            continue
        if _starts_in_root(layer.stage) and not _is_set(layer.stage, placed.instruction.extent.line):
            yield rule.at(
                dockerfile.span(words[-1].extent),
                f"{words[-1].text} is relative and no WORKDIR is set: the files land in /",
                help="set a WORKDIR first, or write an absolute destination",
            )


def _starts_in_root(stage: Stage) -> bool:
    base = stage.root_base
    return base == "" or starting_folder(base) == "/" or stage.is_windows


def _is_set(stage: Stage, line: int) -> bool:
    """Whether a WORKDIR comes before this line; one behind ONBUILD counts for what else is there."""
    return any(
        (layer.instruction.trigger or layer.instruction).keyword == "WORKDIR"
        for layer in stage.inherited_layers
        if layer.stage is not stage or layer.instruction.extent.line < line
    )
