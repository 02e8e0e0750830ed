"""Instructions are not all in the same case.

## What it does
Flags a keyword in mixed case (`From`), and keywords that are not in the case of most others of the file.

## Why is this bad
Keywords in several styles make a file harder to scan and to search.

## Example
```dockerfile
FROM python:3.13-slim
run python -V
CMD ["python"]
```

## Use instead
```dockerfile
FROM python:3.13-slim
RUN python -V
CMD ["python"]
```

## References
- https://docs.docker.com/reference/build-checks/consistent-instruction-casing/
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.image import Dockerfile
from aiaudit.rule import LOW, Rule
from aiaudit.sources.dockerfile.keywords import KEYWORDS

rule = Rule(
    id="IMG615",
    name="inconsistent-instruction-casing",
    summary="Instructions are not all in the same case",
    severity=LOW,
    since="0.1.0",
    aliases=("ConsistentInstructionCasing", "uppercase_commands", "CASING_INSTRUCTION"),
    profile="pedantic",
)


@rule.check(Dockerfile)
def inconsistent_instruction_casing(dockerfile: Dockerfile) -> Iterator[Finding]:
    """Keywords that differ from the others."""
    written = [
        (instruction, instruction.raw.lstrip()[: len(instruction.keyword)])
        for instruction in dockerfile.facts.instructions
        if instruction.keyword in KEYWORDS
    ]
    lower = sum(keyword.islower() for _, keyword in written)
    is_lower = lower > sum(keyword.isupper() for _, keyword in written)
    for instruction, keyword in written:
        wanted = keyword.lower() if is_lower else keyword.upper()
        if keyword != wanted:
            extent = instruction.extent._replace(
                end_line=instruction.extent.line, end_column=instruction.extent.column + len(keyword)
            )
            yield rule.at(
                dockerfile.span(extent), f"`{keyword}` is not in the case of the others", help=f"write `{wanted}`"
            )
