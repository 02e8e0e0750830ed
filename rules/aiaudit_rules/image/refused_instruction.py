"""The builder refuses an instruction.

## What it does
Flags instructions that BuildKit can read and then refuses: unknown keywords, missing or surplus arguments, unknown,
repeated or empty flags, stage names that are none, SHELL that is no JSON array, malformed HEALTHCHECK options, a
here-document as a destination. Where a `# syntax=` line names another frontend, unknown keywords and flags are its
matter.

## Why is this bad
The build fails.

## Example
```dockerfile
FROM python:3.13-slim
RUM python -V
```

## Use instead
```dockerfile
FROM python:3.13-slim
RUN python -V
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
    id="IMG902",
    name="refused-instruction",
    summary="The builder refuses an instruction",
    severity=HIGH,
    since="0.1.0",
    aliases=(
        "invalid_command",
        "invalid_line",
        "UNKNOWN_INSTRUCTION",
        "ID.20007",
        "ID.20014",
        "tally/unknown-instruction",
        "required_params",
        "ARGUMENT_MISSING",
        "missing_args",
        "extra_args",
        "healthcheck_options_missing_args",
        "ID.20000",
        "ID.20004",
        "ID.20005",
        "ID.20016",
    ),
)

# Those have rules of their own.
_OTHERS = frozenset({"stage", "trigger"})


@rule.check(Dockerfile)
def refused_instruction(dockerfile: Dockerfile) -> Iterator[Finding]:
    """What the builder does not take."""
    if is_template(dockerfile) or dockerfile.facts.is_other_language:
        return
    for problem in dockerfile.facts.problems:
        if not problem.fatal and problem.kind not in _OTHERS:
            yield rule.at(
                dockerfile.span(problem.extent),
                f"the builder refuses this: {problem.message}",
                help="correct the instruction; `docker build --check .` reads the file without building it",
            )
