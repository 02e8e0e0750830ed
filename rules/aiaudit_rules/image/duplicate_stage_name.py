"""Two stages have the same name.

## What it does
Flags a stage whose name (letter case does not count) an earlier stage of the file has already.

## Why is this bad
`COPY --from=name` and `--target name` take one of the two without a word, and not everyone guesses which: an edit to
the other one changes nothing in the image.

## Example
```dockerfile
FROM python:3.13-slim AS base
FROM python:3.12-slim AS base
```

## Use instead
```dockerfile
FROM python:3.13-slim AS base
FROM python:3.12-slim AS legacy
```

## References
- https://docs.docker.com/reference/build-checks/duplicate-stage-name/
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding, Step
from aiaudit.model.image import Dockerfile
from aiaudit.rule import MEDIUM, Rule

rule = Rule(
    id="IMG607",
    name="duplicate-stage-name",
    summary="Two stages have the same name",
    severity=MEDIUM,
    since="0.1.0",
    aliases=(
        "DL3024",
        "DuplicateStageName",
        "DS-0012",
        "CKV_DOCKER_11",
        "f2daed12",
        "DUPLICATE_BUILD_STAGE_NAME",
    ),
)


@rule.check(Dockerfile)
def duplicate_stage_name(dockerfile: Dockerfile) -> Iterator[Finding]:
    """Names that are taken."""
    seen: dict[str, Step] = {}
    for stage in dockerfile.facts.stages:
        if stage.name is None:
            continue
        word = stage.start.words[2]
        if stage.name in seen:
            yield rule.at(
                dockerfile.span(word.extent),
                f"a stage in line {seen[stage.name].span.line} is called {stage.name} too",
                help="give each stage a name of its own",
                related=[seen[stage.name]],
            )
        seen.setdefault(stage.name, Step("the first stage of that name", dockerfile.span(word.extent)))
