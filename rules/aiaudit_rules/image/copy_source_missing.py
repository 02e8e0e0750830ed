"""COPY or ADD names a file that the build context does not hold.

## What it does
Looks every source of COPY and ADD up in the build context, as git would carry it, with .dockerignore applied. The
context is the one that a compose file, a bake file, a workflow, a Makefile or a script states; without any it is the
folder that holds most of what the Dockerfile names. The message says whether the file is in no commit, kept out by a
line of .dockerignore, or ignored by git, so that only those who made it by hand can build.

Not flagged: wildcards, which may match nothing; files of a git submodule; files that a Makefile, a script, a workflow
or code of the repository speaks of, and usual build outputs, because a step before the build makes them; sources with
an argument for the platform; a .env, which another rule tells; stages that the final image does not need; everything
where the context is not known.

## Why is this bad
The build stops with "not found": on the build server, or at the first colleague who clones the repository.

## Example
```dockerfile
FROM python:3.13-slim
WORKDIR /app
COPY requirements.txt ./
COPY src ./src
```

```text
# file: requirements.txt
fastapi==0.115.6
```

```python
# file: app/main.py
from fastapi import FastAPI

app = FastAPI()
```

## Use instead
```dockerfile
FROM python:3.13-slim
WORKDIR /app
COPY requirements.txt ./
COPY app ./app
```

```text
# file: requirements.txt
fastapi==0.115.6
```

```python
# file: app/main.py
from fastapi import FastAPI

app = FastAPI()
```

## References
- https://docs.docker.com/reference/dockerfile/#copy
- https://docs.docker.com/reference/build-checks/copy-ignored-file/
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Confidence, Finding, Severity, Step
from aiaudit.model.image import Image
from aiaudit.model.image.absent import EXCLUDED, IGNORED_BY_GIT, Absent, absent_sources
from aiaudit.rule import HIGH, Rule
from aiaudit.span import Span
from aiaudit_rules.image.hygiene import is_beside_the_service
from aiaudit_rules.image.shared import listed

rule = Rule(
    id="IMG502",
    name="copy-source-missing",
    summary="COPY or ADD names a file that the build context does not hold",
    severity=HIGH,
    since="0.1.0",
    aliases=("CopyIgnoredFile",),
)


@rule.check(Image)
def copy_source_missing(image: Image) -> Iterator[Finding]:
    """The sources of every COPY and ADD of the stages that a build runs."""
    if is_beside_the_service(image):
        return
    for absent in absent_sources(image):
        yield rule.at(
            image.span(absent.layer.instruction.extent),
            f"{absent.layer.keyword} {absent.source}: {_reason(image, absent)}",
            help=_help(absent),
            trace=_trace(image, absent),
            severity=Severity.MEDIUM if absent.kind == IGNORED_BY_GIT else None,
            confidence=Confidence.MEDIUM if _is_unsure(image, absent) else None,
        )


def _is_unsure(image: Image, absent: Absent) -> bool:
    return absent.kind == IGNORED_BY_GIT or not image.context.is_stated


def _reason(image: Image, absent: Absent) -> str:
    context = image.context
    if absent.kind == EXCLUDED:
        line = f" (line {absent.pattern.extent.line}: {absent.pattern.text})" if absent.pattern else ""
        return f"{context.ignore_path}{line} keeps {absent.path} out of the build context"
    if absent.kind == IGNORED_BY_GIT:
        return f"git ignores {absent.path}, so that a clean checkout cannot build the image"
    return f"there is no {absent.path} in the repository; the build context is {context.folder or 'its root'}"


def _help(absent: Absent) -> str:
    if absent.kind == EXCLUDED:
        return "take the file back in with an exception (`!name`), or do not copy it"
    if absent.kind == IGNORED_BY_GIT:
        return "commit the file, make it in the Dockerfile, or give it to the container when it starts"
    if absent.alike:
        return f"{listed(absent.alike, 2)} looks like what is meant"
    return "commit the file, or take the source out of the instruction"


def _trace(image: Image, absent: Absent) -> list[Step]:
    steps = [Step(f"copies {absent.source}", image.span(absent.layer.instruction.extent))]
    if absent.pattern is not None and image.context.ignore_path is not None:
        steps.append(Step("keeps it out", Span.at(image.context.ignore_path, absent.pattern.extent)))
    stated = next((r for r in image.references if r.context == image.context.folder), None)
    if stated is not None and absent.kind != IGNORED_BY_GIT:
        steps.append(Step(f"the build context is {stated.context or 'the root'}", Span.whole_file(stated.path)))
    return steps
