"""An environment file with secrets gets into the image.

## What it does
Flags a COPY or ADD that brings a `.env` file into the final image: named outright, with its folder, or with the whole
context when .dockerignore does not keep it out; into a shipped stage, or into a build stage whose folder `COPY --from`
carries on. Files that git carries are read, and those without any secret's name
are left alone; a file that git ignores but that lies on this disk counts, and so, with less confidence, does the local
.env that .gitignore or an example file says people have. Example files (`.env.example`, `.sample`, `.template`) do not.

## Why is this bad
Everybody who can pull the image can read the file, in every layer ever pushed, even if a later layer deletes it. An
image that carries its configuration also starts with the wrong one wherever a setting was forgotten.

## Example
```dockerfile
FROM python:3.12-slim
WORKDIR /app
COPY .env .
COPY app app
```

```dotenv
OPENAI_API_KEY=not-a-real-key-but-secret
```

## Use instead
```dockerfile
FROM python:3.12-slim
WORKDIR /app
COPY app app
```

```dockerignore
.env
.env.*
```

Pass the values when the container starts: `env_file:` in compose, a Secret in Kubernetes, the platform's settings.

## References
- https://docs.docker.com/build/building/secrets/
- https://docs.docker.com/compose/how-tos/environment-variables/
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Confidence, Finding, Severity, Step
from aiaudit.model.image import Copy, Image, Layer, Stage
from aiaudit.model.image.contents import CARRIED, EXPECTED, Content
from aiaudit.rule import CRITICAL, Rule
from aiaudit.span import Span
from aiaudit_rules.image.hygiene import is_beside_the_service
from aiaudit_rules.image.leaks import leaks
from aiaudit_rules.image.shared import listed

rule = Rule(
    id="KEY201",
    name="env-file-copied-into-image",
    summary="An environment file with secrets gets into the image",
    severity=CRITICAL,
    since="0.1.0",
)


@rule.check(Image)
def env_file_copied_into_image(image: Image) -> Iterator[Finding]:
    """One finding for each COPY that brings such a file."""
    if is_beside_the_service(image):
        return
    for stage in image.used:
        for layer in stage.layers:
            if layer.copy is not None and layer.copy.is_from_context:
                yield from _check(image, stage, layer, layer.copy)


def _check(image: Image, stage: Stage, layer: Layer, copy: Copy) -> Iterator[Finding]:
    found = leaks(image, stage, copy).values()
    if not found:
        return
    leak = min(found, key=lambda leak: leak.content.origin == EXPECTED)
    worst, names = leak.content, leak.secrets
    others = [other.content.path for other in found if other is not leak]
    inside = f" with {', '.join(names[:3])}" if names else ""
    besides = f"; so {'do' if len(others) > 1 else 'does'} {listed(others, 3)}" if others else ""
    yield rule.at(
        image.span(layer.instruction.extent),
        f"{_title(worst)} gets into the image{inside}{besides}",
        help="add .env and .env.* to .dockerignore, and pass the values when the container starts",
        trace=[
            Step(f"copies {' '.join(copy.sources)}", image.span(layer.instruction.extent)),
            *(Step("carries it on", image.span(further.instruction.extent)) for further in leak.way),
            *([Step("the file", Span.whole_file(worst.path))] if worst.origin == CARRIED else []),
        ],
        severity=Severity.HIGH if worst.origin == EXPECTED else Severity.CRITICAL,
        confidence=Confidence.MEDIUM if worst.origin == EXPECTED else Confidence.HIGH,
    )


def _title(content: Content) -> str:
    return (
        f"a local {content.path} (git ignores it, .dockerignore does not)"
        if content.origin == EXPECTED
        else content.path
    )
