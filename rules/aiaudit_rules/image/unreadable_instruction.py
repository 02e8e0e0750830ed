"""The builder cannot read the Dockerfile.

## What it does
Flags what BuildKit's parser stops at: a here-document that is never closed, a JSON array that holds something else than
strings, a pair without an equals sign among others that have one, a second or unknown escape directive, a line of more
than 65535 bytes.

## Why is this bad
The build fails before its first step. This audit reads on behind the place, but what stands in it is lost.

## Example
```dockerfile
FROM python:3.13-slim
CMD ["python", "-m", "http.server", 8000]
```

## Use instead
```dockerfile
FROM python:3.13-slim
CMD ["python", "-m", "http.server", "8000"]
```

## References
- https://docs.docker.com/reference/dockerfile/
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.image import Dockerfile
from aiaudit.rule import HIGH, Rule
from aiaudit_rules.image.hygiene import is_template

rule = Rule(
    id="IMG901",
    name="unreadable-instruction",
    summary="The builder cannot read the Dockerfile",
    severity=HIGH,
    since="0.1.0",
    aliases=("DL1000",),
)


@rule.check(Dockerfile)
def unreadable_instruction(dockerfile: Dockerfile) -> Iterator[Finding]:
    """What the parser stops at: the first thing in an instruction, since it looks no further."""
    said: set[int] = set()
    for problem in dockerfile.facts.problems:
        if problem.fatal and problem.extent.line not in said and not is_template(dockerfile):
            said.add(problem.extent.line)
            yield rule.at(
                dockerfile.span(problem.extent),
                f"the builder stops here: {problem.message}",
                help="correct the instruction; `docker build --check .` reads the file without building it",
            )
