"""A blank line interrupts a continued instruction.

## What it does
Flags a blank line between the lines of one instruction. Comment lines in between are fine, and so are blank lines of a
here-document.

## Why is this bad
BuildKit still joins the lines but has deprecated that, and will end the instruction at the blank line one day: half of
a RUN would be gone, or taken for an instruction of its own.

## Example
```dockerfile
FROM python:3.13-slim
RUN python -m venv /opt/venv \\

    && /opt/venv/bin/pip install --no-cache-dir fastapi==0.120.0
```

## Use instead
```dockerfile
FROM python:3.13-slim
RUN python -m venv /opt/venv \\
    # the framework
    && /opt/venv/bin/pip install --no-cache-dir fastapi==0.120.0
```

## References
- https://docs.docker.com/reference/build-checks/no-empty-continuation/
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.image import Dockerfile
from aiaudit.rule import LOW, Rule
from aiaudit.span import Span

rule = Rule(
    id="IMG614",
    name="blank-line-in-continuation",
    summary="A blank line interrupts a continued instruction",
    severity=LOW,
    since="0.1.0",
    aliases=("NoEmptyContinuation", "EMPTY_CONTINUATION_LINE"),
)


@rule.check(Dockerfile)
def blank_line_in_continuation(dockerfile: Dockerfile) -> Iterator[Finding]:
    """The first blank line of each instruction."""
    for instruction in dockerfile.facts.instructions:
        if instruction.extent.line == instruction.extent.end_line or "\n" not in instruction.raw:
            continue
        for offset, line in enumerate(instruction.raw.split("\n")):
            number = instruction.extent.line + offset
            if line.strip() or any(document.extent.covers(number) for document in instruction.heredocs):
                continue
            yield rule.at(
                Span(dockerfile.path, number, 1, number, 1),
                f"a blank line interrupts the {instruction.keyword} that begins in line {instruction.extent.line}",
                help="delete the line, or make it a comment",
            )
            break
