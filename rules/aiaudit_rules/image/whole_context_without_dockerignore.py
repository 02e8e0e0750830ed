"""The whole build context is copied and no .dockerignore keeps anything out.

## What it does
Flags `COPY . .` (or ADD, or `*`) when the context has no .dockerignore, when that file holds no pattern, or when it
lets through what should never be in an image: the .git folder, keys, a virtual environment, local settings. Both the
.dockerignore of the context and a `<Dockerfile>.dockerignore` beside the Dockerfile, which replaces it, are read with
Docker's own semantics. The message names what gets in: files of the repository, ignored files on this disk, and a local
.env where .gitignore or an example file says that people have one.

An environment file that most likely holds secrets is env-file-copied-into-image's matter and not named again.

Severity is low where the copy stays in a build stage, or where .git is all that gets through. The build stage of an
image without any Python, such as a front end's, is left alone.

## Why is this bad
Everything in the folder ends up in the image: history with old secrets, keys, caches of another platform, test data,
model files. Any change to any of it, a commit included, invalidates the layer and all behind it, and the whole context
is sent to the builder first.

## Example
```dockerfile
FROM python:3.12-slim
WORKDIR /app
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
COPY . .
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
COPY . .
```

```text
# file: requirements.txt
fastapi==0.115.6
```

```dockerignore
.git
.env
.env.*
.venv
**/__pycache__
tests
```

Or name what the service needs: `COPY app ./app`.

## References
- https://docs.docker.com/build/concepts/context/#dockerignore-files
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from aiaudit.finding import Confidence, Finding, Severity, Step
from aiaudit.model.image import Image
from aiaudit.model.image.contents import (
    CARRIED,
    CREDENTIALS,
    ENVIRONMENT,
    HISTORY,
    LOCAL,
    SETTINGS,
    Content,
    contents,
    reaches_image,
    secret_names,
    whole_context_copies,
)
from aiaudit.rule import MEDIUM, Rule
from aiaudit.span import Span
from aiaudit_rules.image.hygiene import is_beside_the_service
from aiaudit_rules.image.leaks import leaks
from aiaudit_rules.image.shared import listed

rule = Rule(
    id="IMG104",
    name="whole-context-without-dockerignore",
    summary="The whole build context is copied and no .dockerignore keeps anything out",
    severity=MEDIUM,
    since="0.1.0",
    aliases=("ID.10001", "ID.10002"),
)


@rule.check(Image)
def whole_context_without_dockerignore(image: Image) -> Iterator[Finding]:
    """Copies of the whole context, one finding each."""
    if is_beside_the_service(image):
        return
    context = image.context
    is_open = context.ignore_path is None or not context.matcher.patterns
    for stage, layer, copy in whole_context_copies(image):
        reaches = reaches_image(image, stage, copy)
        said = leaks(image, stage, copy)
        found = [content for content in contents(image) if image.context.repository_path(content.path) not in said]
        harmful = [content for content in found if _is_harmful(image, content)]
        if not is_open and (not harmful or not reaches):
            continue
        if not reaches and not image.has_python:
            continue
        yield rule.at(
            image.span(layer.instruction.extent),
            _message(context.ignore_path, is_open, found if is_open else harmful),
            help="add a .dockerignore with .git, .env*, .venv, caches, tests and data"
            if context.ignore_path is None
            else f"add {listed([content.path for content in harmful or found], 4) or '.git, .env and .venv'} "
            f"to {context.ignore_path}",
            related=_related(image),
            severity=_severity(is_open, reaches, harmful),
            confidence=Confidence.HIGH if is_open and reaches else Confidence.MEDIUM,
        )


def _is_harmful(image: Image, content: Content) -> bool:
    """What an existing .dockerignore has evidently forgotten."""
    if content.kind in (HISTORY, ENVIRONMENT):
        return True
    if content.kind == CREDENTIALS:
        return content.origin == LOCAL
    if content.kind == SETTINGS:
        return content.origin != CARRIED or bool(secret_names(image, image.context.repository_path(content.path)))
    return False


def _message(ignore_path: str | None, is_open: bool, found: Sequence[Content]) -> str:
    names = listed([content.text for content in found], 4)
    if ignore_path is None:
        start = "the whole context is copied without a .dockerignore"
    elif is_open:
        start = f"the whole context is copied and {ignore_path} holds no pattern"
    else:
        return f"the whole context is copied and {ignore_path} does not keep out {names}"
    return f"{start}: {names} would get in" if names else start


def _severity(is_open: bool, reaches: bool, harmful: Sequence[Content]) -> Severity:
    if not reaches:
        return Severity.LOW
    if not is_open and all(content.kind == HISTORY for content in harmful):
        return Severity.LOW
    return Severity.MEDIUM


def _related(image: Image) -> list[Step]:
    path = image.context.ignore_path
    return [Step("the ignore file in force", Span.whole_file(path))] if path else []
