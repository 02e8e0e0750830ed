"""A stage copies from itself.

## What it does
Flags `COPY --from` and `RUN --mount=from=` that name the stage they stand in, by its name or its number.

## Why is this bad
A stage cannot wait for itself to be built: the build fails with `circular dependency`.

## Example
```dockerfile
FROM python:3.13-slim AS app
COPY --from=app /src /dst
```

## Use instead
```dockerfile
FROM python:3.13-slim AS build
RUN mkdir /src

FROM python:3.13-slim AS app
COPY --from=build /src /dst
```

## References
- https://docs.docker.com/reference/dockerfile/#copy---from
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.image import Dockerfile
from aiaudit.rule import HIGH, Rule
from aiaudit_rules.image.sources import taken_from

rule = Rule(
    id="IMG611",
    name="copy-from-itself",
    summary="A stage copies from itself",
    severity=HIGH,
    since="0.1.0",
    aliases=("DL3023", "DS-0006", "cdddb86f"),
)


@rule.check(Dockerfile)
def copy_from_itself(dockerfile: Dockerfile) -> Iterator[Finding]:
    """Copies and mounts whose source is their own stage."""
    for source in taken_from(dockerfile):
        stage = source.layer.stage
        if stage.start.keyword == "FROM" and source.name.lower() in (stage.name, str(stage.index)):
            yield rule.at(
                dockerfile.span(source.extent),
                f"--from={source.name} is the stage that this instruction belongs to",
                help="name the stage that makes the files; files of the same stage are copied with RUN cp",
            )
