"""A value that changes with each build stands before an install.

## What it does
Flags a build argument (or a variable set from one) whose name says that it changes with each build — a commit, a
build date, a build number, a pipeline's id — when an expensive install or a model download follows it in the stage
without using it. LABELs are not flagged: BuildKit does not rebuild a RUN because of one.

## Why is this bad
A build argument is part of every RUN behind its ARG instruction, used or not. A new commit hash therefore makes the
builder run the install again although no requirement has changed.

## Example
```dockerfile
FROM python:3.12-slim
ARG GIT_SHA
ENV APP_REVISION=$GIT_SHA
WORKDIR /app
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
```

```text
# file: requirements.txt
fastapi==0.115.6
```

## Use instead
```dockerfile
FROM python:3.12-slim
WORKDIR /app
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
ARG GIT_SHA
ENV APP_REVISION=$GIT_SHA
```

```text
# file: requirements.txt
fastapi==0.115.6
```

## References
- https://docs.docker.com/reference/dockerfile/#impact-on-build-caching
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding, Step
from aiaudit.model.image import Image, Install
from aiaudit.model.image.order import volatile_values
from aiaudit.rule import MEDIUM, Rule
from aiaudit_rules.image.shared import shortened

rule = Rule(
    id="IMG102",
    name="volatile-value-before-dependencies",
    summary="A value that changes with each build stands before an install",
    severity=MEDIUM,
    since="0.1.0",
)


@rule.check(Image)
def volatile_value_before_dependencies(image: Image) -> Iterator[Finding]:
    """One finding for each instruction that sets such a value too early."""
    for found in volatile_values(image):
        work = found.repeated.work
        text = shortened(work.text if isinstance(work, Install) else f"the download ({work.what})")
        yield rule.at(
            image.span(found.layer.instruction.extent),
            f"{found.name} changes with each build and makes it repeat `{text}`, which does not use it",
            help=f"move {found.name} behind the installs, to where it is used",
            trace=[
                Step(f"{found.name} is set", image.span(found.layer.instruction.extent)),
                Step("is repeated with each new value", image.span(work.command.extent)),
            ],
        )
