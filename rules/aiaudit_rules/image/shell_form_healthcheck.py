"""HEALTHCHECK runs its command through a shell.

## What it does
Flags HEALTHCHECK CMD in shell form, unless it needs a shell: operators, variables, redirections.

## Why is this bad
Every check starts one more process, and an image without a shell can never be healthy.

## Example
```dockerfile
FROM python:3.13-slim
HEALTHCHECK CMD python -m app.check
```

## Use instead
```dockerfile
FROM python:3.13-slim
HEALTHCHECK CMD ["python", "-m", "app.check"]
```

## References
- https://docs.docker.com/reference/dockerfile/#healthcheck
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.image import Dockerfile
from aiaudit.rule import LOW, Rule

rule = Rule(
    id="IMG682",
    name="shell-form-healthcheck",
    summary="HEALTHCHECK runs its command through a shell",
    severity=LOW,
    since="0.1.0",
    aliases=("DL3025",),
    profile="pedantic",
)


@rule.check(Dockerfile)
def shell_form_healthcheck(dockerfile: Dockerfile) -> Iterator[Finding]:
    """Checks that need no shell."""
    for placed in dockerfile.usage.placed("HEALTHCHECK"):
        instruction = placed.instruction
        if instruction.exec_form or not instruction.script.strip() or len(instruction.commands) != 1:
            continue
        command = instruction.commands[0]
        if not command.redirects and not command.assignments and not set("$`*?~|&;") & set(instruction.script):
            yield rule.at(
                dockerfile.span(command.extent),
                f"a shell runs `{command.name}` at every check",
                help="write the command as a JSON array",
            )
