"""FROM and AS are not in the same case.

## What it does
Flags `FROM image as name` and `from image AS name`.

## Why is this bad
Keywords in two styles make a file harder to scan and to search.

## Example
```dockerfile
FROM python:3.13-slim as runtime
```

## Use instead
```dockerfile
FROM python:3.13-slim AS runtime
```

## References
- https://docs.docker.com/reference/build-checks/from-as-casing/
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.image import Dockerfile
from aiaudit.rule import LOW, Rule

rule = Rule(
    id="IMG610",
    name="from-as-casing",
    summary="FROM and AS are not in the same case",
    severity=LOW,
    since="0.1.0",
    aliases=("FromAsCasing",),
    profile="pedantic",
)


@rule.check(Dockerfile)
def from_as_casing(dockerfile: Dockerfile) -> Iterator[Finding]:
    """FROM in capitals with a small `as`, and the other way round."""
    for stage in dockerfile.facts.stages:
        if stage.name is None:
            continue
        written, word = stage.start.raw.lstrip()[:4], stage.start.words[1]
        if (written.isupper() and not word.raw.isupper()) or (written.islower() and not word.raw.islower()):
            yield rule.at(
                dockerfile.span(word.extent), f"`{word.raw}` is not in the case of `{written}`", help="use one case"
            )
