"""A copy names a stage that does not exist.

## What it does
Flags `COPY --from` and `RUN --mount=from=` with a number that no stage has, or with a bare name that no stage of the
file has. A stage that comes later in the file has low severity: BuildKit sorts that out, Podman, Buildah, Kaniko and
the classic builder do not; so has a well-known image (`COPY --from=nginx`), which lacks a tag. A name with a tag, a
digest, a registry or a path is an image and fine, and so is one that a deploy file passes as an additional build
context.

## Why is this bad
The builder takes a name that is no stage for an image and pulls `name:latest` from Docker Hub, where anyone may own it:
a renamed or misspelt stage turns into a stranger's image or, at best, into a failed build.

## Example
```dockerfile
FROM python:3.13-slim AS build
RUN pip install --no-cache-dir --target /deps fastapi==0.120.0

FROM python:3.13-slim
COPY --from=builder /deps /deps
```

## Use instead
```dockerfile
FROM python:3.13-slim AS build
RUN pip install --no-cache-dir --target /deps fastapi==0.120.0

FROM python:3.13-slim
COPY --from=build /deps /deps
```

## References
- https://docs.docker.com/reference/dockerfile/#copy---from
- https://docs.docker.com/build/bake/contexts/
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding, Severity
from aiaudit.model.image import Dockerfile
from aiaudit.model.image.bases import is_plain
from aiaudit.model.image.references import named_contexts
from aiaudit.rule import LOW, MEDIUM, Rule
from aiaudit_rules.image.hygiene import is_template
from aiaudit_rules.image.sources import Source, taken_from
from aiaudit_rules.image.variables import closest

rule = Rule(
    id="IMG612",
    name="copy-from-unknown-stage",
    summary="A copy names a stage that does not exist",
    severity=MEDIUM,
    since="0.1.0",
    aliases=("DL3022", "68a51e22"),
)

# Images that people copy a program from.
_TOOLS = frozenset({"composer", "traefik", "registry", "hashicorp", "mysql", "postgres", "redis", "vault", "consul"})
_LATER = "stage {} stands later in the file: builders other than BuildKit take it for an image of that name"


@rule.check(Dockerfile)
def copy_from_unknown_stage(dockerfile: Dockerfile) -> Iterator[Finding]:
    """Sources that are no stage and no image."""
    if is_template(dockerfile):
        return
    stages = dockerfile.facts.stages
    names = {stage.name: stage.index for stage in stages if stage.name}
    for source in taken_from(dockerfile):
        if source.name.isdigit():
            if int(source.name) >= len(stages):
                yield _finding(dockerfile, source, f"there is no stage {source.name}: the file has {len(stages)}", "")
        elif source.name.lower() in names:
            if names[source.name.lower()] > source.layer.stage.index:
                yield _finding(dockerfile, source, _LATER.format(source.name), "", severity=LOW)
        elif not _is_image(source.name) and source.name not in named_contexts(dockerfile.service):
            near = closest(source.name, names)
            if not near and (is_plain(source.name) or source.name in _TOOLS):
                yield _finding(dockerfile, source, f"the image {source.name} has no tag", "", severity=LOW)
            else:
                message = f"no stage is called {source.name}: the builder pulls the image {source.name}:latest instead"
                yield _finding(dockerfile, source, message, near)


def _finding(
    dockerfile: Dockerfile, source: Source, message: str, near: str, severity: Severity | None = None
) -> Finding:
    remedy = f"did you mean {near}?" if near else "name a stage that stands before this one, or an image with its tag"
    return rule.at(dockerfile.span(source.extent), message, help=remedy, severity=severity)


def _is_image(name: str) -> bool:
    return not name or any(mark in name for mark in ":/@$.")
