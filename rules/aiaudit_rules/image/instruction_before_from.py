"""An instruction stands before the first FROM.

## What it does
Flags the first instruction other than ARG that comes before any FROM, also in files that have no FROM at all.

## Why is this bad
The builder refuses the file: there is no stage yet that the instruction could belong to.

## Example
```dockerfile
LABEL org.opencontainers.image.title="api"
FROM python:3.13-slim
```

## Use instead
```dockerfile
ARG VERSION=3.13
FROM python:${VERSION}-slim
LABEL org.opencontainers.image.title="api"
```

## References
- https://docs.docker.com/reference/dockerfile/#from
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.image import Dockerfile
from aiaudit.rule import HIGH, LOW, Rule
from aiaudit.sources.dockerfile.keywords import KEYWORDS
from aiaudit_rules.image.hygiene import is_template

rule = Rule(
    id="IMG613",
    name="instruction-before-from",
    summary="An instruction stands before the first FROM",
    severity=HIGH,
    since="0.1.0",
    aliases=(
        "DL3061",
        "from_first",
        "ID.20002",
        "ID.20009",
        "ID.20001",
        "NO_SOURCE_IMAGE",
        "tally/require-stages",
    ),
)


@rule.check(Dockerfile)
def instruction_before_from(dockerfile: Dockerfile) -> Iterator[Finding]:
    """The first such instruction of the file."""
    if is_template(dockerfile):
        return
    for instruction in dockerfile.facts.preamble:
        if instruction.keyword in KEYWORDS and instruction.keyword != "ARG":
            has_stage = bool(dockerfile.facts.stages)
            yield rule.at(
                dockerfile.span(
                    instruction.extent._replace(
                        end_line=instruction.extent.line,
                        end_column=instruction.extent.column + len(instruction.keyword),
                    )
                ),
                f"{instruction.keyword} stands before the first FROM" if has_stage else "the file has no FROM",
                help="move it behind FROM" if has_stage else "begin the file with FROM",
                severity=None if has_stage else LOW,  # a fragment that something else puts together, perhaps
            )
            return
