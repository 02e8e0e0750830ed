"""A layer changes nothing but the owner or mode of files that are already there.

## What it does
Flags `chown -R` and `chmod -R` in a shipped stage over a place that an earlier COPY, ADD or install has filled. Folders
that the same RUN makes, places that hold nothing yet, and single files (`chmod +x start.sh`) are left alone. This rule
is part of the pedantic profile.

## Why is this bad
A layer holds whole files. Changing the owner of an environment of five gigabytes adds five gigabytes to the image,
which every node pulls, and takes minutes in the build.

## Example
```dockerfile
FROM python:3.13-slim
RUN useradd --create-home app
WORKDIR /srv
COPY app app
RUN chown -R app:app /srv
USER app
CMD ["python", "-m", "app"]
```

```python
# file: app/__main__.py
print("ready")
```

## Use instead
```dockerfile
FROM python:3.13-slim
RUN useradd --create-home app
WORKDIR /srv
COPY --chown=app:app app app
USER app
CMD ["python", "-m", "app"]
```

```python
# file: app/__main__.py
print("ready")
```

## References
- https://docs.docker.com/reference/dockerfile/#copy---chown---chmod
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding, Step
from aiaudit.model.image import Image, Layer
from aiaudit.model.image.filesystem import absolute
from aiaudit.model.image.usage import Run
from aiaudit.rule import LOW, Rule
from aiaudit.sources.dockerfile.facts import Command
from aiaudit_rules.image.shared import shortened

rule = Rule(
    id="IMG106",
    name="ownership-copied-in-second-layer",
    summary="A layer changes nothing but the owner or mode of files that are already there",
    severity=LOW,
    since="0.1.0",
    profile="pedantic",
)


@rule.check(Image)
def ownership_copied_in_second_layer(image: Image) -> Iterator[Finding]:
    """Recursive changes over what earlier layers have filled."""
    earlier = list(image.final.inherited_layers)
    for run in image.usage.runs_in(image.shipped):
        for command in run.commands:
            places = _changed(run.resolved(command), run)
            filled = [layer for layer in _before(earlier, run) if any(_fills(layer, place) for place in places)]
            if not filled:
                continue
            yield rule.at(
                image.span(command.extent),
                f"`{shortened(' '.join(word.text for word in command.words))}` copies every file below it into a"
                " second layer",
                help="give the owner where the files come in: COPY --chown=, or run the install as that user",
                trace=[Step("filled here", image.span(layer.instruction.extent)) for layer in filled[:4]],
            )


def _before(layers: list[Layer], run: Run) -> list[Layer]:
    position = next((number for number, layer in enumerate(layers) if layer is run.layer), 0)
    return layers[:position]


def _changed(command: Command, run: Run) -> list[str]:
    """The places that a recursive chown or chmod goes over."""
    words = command.arguments
    is_recursive = any(
        word == "--recursive" or (word[:1] == "-" and word[:2] != "--" and "R" in word) for word in words
    )
    if command.name not in ("chown", "chmod", "chgrp") or not is_recursive:
        return []
    operands = [word for word in words if not word.startswith("-")][1:]
    places = (absolute(word.removesuffix("/*"), run.layer.workdir) for word in operands)
    return [place for place in places if place is not None]


def _fills(layer: Layer, place: str) -> bool:
    """Whether a layer has put files at or below a place."""
    below = "/" if place == "/" else f"{place}/"
    copy = layer.copy
    if copy is None or copy.destination is None:
        return False
    if copy.landings:
        return any(target == place or target.startswith(below) for target, _ in copy.landings)
    return bool(copy.stage or copy.is_foreign) and (copy.destination == place or copy.destination.startswith(below))
