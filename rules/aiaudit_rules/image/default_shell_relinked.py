"""/bin/sh is linked to another shell.

## What it does
Flags `ln ... /bin/sh` in a RUN.

## Why is this bad
Every script of the image that says `#!/bin/sh` gets another shell from then on, packages' own scripts included, and an
update of the package that owns /bin/sh undoes it. SHELL changes what the Dockerfile's own commands get, and nothing
else.

## Example
```dockerfile
FROM python:3.13-slim
RUN ln -sf /bin/bash /bin/sh
```

## Use instead
```dockerfile
FROM python:3.13-slim
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
```

## References
- https://docs.docker.com/reference/dockerfile/#shell
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.image import Dockerfile
from aiaudit.rule import LOW, Rule

rule = Rule(
    id="IMG623",
    name="default-shell-relinked",
    summary="/bin/sh is linked to another shell",
    severity=LOW,
    since="0.1.0",
    aliases=("DL4005", "8a301064", "use-shell-instruction"),
    profile="pedantic",
)


@rule.check(Dockerfile)
def default_shell_relinked(dockerfile: Dockerfile) -> Iterator[Finding]:
    """Links in the place of /bin/sh."""
    for call in dockerfile.usage.calls(["ln"]):
        if call.texts and call.texts[-1] == "/bin/sh":
            yield rule.at(
                dockerfile.span(call.command.extent),
                "/bin/sh becomes another shell for every script of the image",
                help='use SHELL ["/bin/bash", "-o", "pipefail", "-c"] for the commands of the Dockerfile',
            )
