"""ADD is used where COPY does the same.

## What it does
Flags an ADD whose sources are all plain files or folders of the build context: no archive that it would unpack, no
address, no here-document.

## Why is this bad
ADD does more than COPY: it unpacks archives and fetches addresses. Where that is not wanted, COPY says so.

## Example
```dockerfile
FROM python:3.13-slim
ADD src /app/src
```

## Use instead
```dockerfile
FROM python:3.13-slim
COPY src /app/src
```

## References
- https://docs.docker.com/build/building/best-practices/#add-or-copy
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.image import Dockerfile
from aiaudit.model.image.copies import is_address
from aiaudit.rule import LOW, Rule
from aiaudit_rules.image.archives import may_be_archive

rule = Rule(
    id="IMG630",
    name="add-instead-of-copy",
    summary="ADD is used where COPY does the same",
    severity=LOW,
    since="0.1.0",
    aliases=(
        "DL3020",
        "DS-0005",
        "CKV_DOCKER_4",
        "9513a694",
        "prefer-copy-over-add",
        "CIS-DI-0009",
    ),
    profile="pedantic",
)


@rule.check(Dockerfile)
def add_instead_of_copy(dockerfile: Dockerfile) -> Iterator[Finding]:
    """Every such ADD."""
    for placed in dockerfile.usage.placed("ADD"):
        sources = [word.text for word in placed.instruction.words[:-1]]
        if sources and not any(map(_needs_add, sources)):
            yield rule.at(
                dockerfile.span(placed.instruction.extent),
                f"ADD brings {sources[0]} as COPY would",
                help="write COPY",
            )


def _needs_add(source: str) -> bool:
    # `file:<hash>` and `multi:<hash>` stand in files that were made of an image's history
    return may_be_archive(source) or is_address(source) or source.startswith(("<<", "$", "file:", "multi:"))
