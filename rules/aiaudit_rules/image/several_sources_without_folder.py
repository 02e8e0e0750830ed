"""Several files are copied to a name that is no folder.

## What it does
Flags COPY and ADD with more than one source whose destination does not end with a slash and is neither the working
folder nor another folder that the Dockerfile makes.

## Why is this bad
The destination of several sources must be a folder, and only a slash says so: builders refuse it or write one file over
the other, and the last one wins.

## Example
```dockerfile
FROM python:3.13-slim
COPY app.py settings.py /srv
```

## Use instead
```dockerfile
FROM python:3.13-slim
COPY app.py settings.py /srv/
```

## References
- https://docs.docker.com/reference/dockerfile/#copy
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.image import Dockerfile
from aiaudit.model.image.filesystem import absolute
from aiaudit.model.image.usage import Placed
from aiaudit.rule import MEDIUM, Rule

rule = Rule(
    id="IMG633",
    name="several-sources-without-folder",
    summary="Several files are copied to a name that is no folder",
    severity=MEDIUM,
    since="0.1.0",
    aliases=(
        "DL3021",
        "DS-0011",
        "6db6e0c2",
        "add_dest_invalid",
        "INVALID_DESTINATION",
    ),
)


@rule.check(Dockerfile)
def several_sources_without_folder(dockerfile: Dockerfile) -> Iterator[Finding]:
    """Destinations that are not said to be folders."""
    for placed in dockerfile.usage.placed("COPY", "ADD"):
        words = placed.instruction.words
        if len(words) > 2 and not _is_folder(placed, words[-1].text) and not words[0].text.startswith(_HISTORY):
            yield rule.at(
                dockerfile.span(words[-1].extent),
                f"{len(words) - 1} sources are copied to {words[-1].text}, which does not end with a slash",
                help=f"write {words[-1].text}/",
            )


# `file:<hash> in ...` stands in files that were made of an image's history.
_HISTORY = ("file:", "multi:")


def _is_folder(placed: Placed, destination: str) -> bool:
    if destination.endswith(("/", "\\", "/.", "/..")) or destination in (".", ".."):
        return True
    if "$" in destination or placed.layer is None:
        return True
    place = absolute(destination, placed.layer.workdir)
    made = {layer.workdir for layer in placed.layer.stage.inherited_layers}
    return place is None or place in made
