"""A stage name has capital letters.

## What it does
Flags `AS Name` with a capital letter.

## Why is this bad
The builder lowers stage names: progress output, `--target` completion and caches show another name than the file.

## Example
```dockerfile
FROM python:3.13-slim AS Runtime
```

## Use instead
```dockerfile
FROM python:3.13-slim AS runtime
```

## References
- https://docs.docker.com/reference/build-checks/stage-name-casing/
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.image import Dockerfile
from aiaudit.rule import LOW, Rule

rule = Rule(
    id="IMG609",
    name="stage-name-casing",
    summary="A stage name has capital letters",
    severity=LOW,
    since="0.1.0",
    aliases=("StageNameCasing",),
    profile="pedantic",
)


@rule.check(Dockerfile)
def stage_name_casing(dockerfile: Dockerfile) -> Iterator[Finding]:
    """Stages whose name is not as the builder says it."""
    for stage in dockerfile.facts.stages:
        if stage.name is not None and stage.start.words[2].text != stage.name:
            word = stage.start.words[2]
            yield rule.at(
                dockerfile.span(word.extent), f"the builder calls this stage {stage.name}", help="write it so"
            )
