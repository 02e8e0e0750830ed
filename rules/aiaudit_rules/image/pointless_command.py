"""RUN uses a program that does nothing useful in a build.

## What it does
Flags `free`, `kill`, `mount`, `ps`, `service`, `shutdown`, `ssh`, `top` and `vim` in a RUN.

## Why is this bad
There are no services and no terminal in a build, and nothing that runs in one is there when the container starts.

## Example
```dockerfile
FROM python:3.13-slim
RUN service cron start
```

## Use instead
```dockerfile
FROM python:3.13-slim
CMD ["cron", "-f"]
```

## References
- https://github.com/hadolint/hadolint/wiki/DL3001
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.image import Dockerfile
from aiaudit.rule import LOW, Rule

rule = Rule(
    id="IMG670",
    name="pointless-command",
    summary="RUN uses a program that does nothing useful in a build",
    severity=LOW,
    since="0.1.0",
    aliases=("DL3001", "9b6b0f38", "nonsensical-command", "ID.20022"),
    profile="pedantic",
)

_POINTLESS = ("free", "kill", "mount", "ps", "service", "shutdown", "ssh", "top", "vim")


@rule.check(Dockerfile)
def pointless_command(dockerfile: Dockerfile) -> Iterator[Finding]:
    """Every such command."""
    for call in dockerfile.usage.calls(_POINTLESS):
        yield rule.at(
            dockerfile.span(call.command.extent),
            f"`{call.program}` has nothing to work on in a build",
            help="leave it out; what must run in the container belongs into its command",
        )
