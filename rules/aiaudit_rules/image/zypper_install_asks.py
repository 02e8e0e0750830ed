"""zypper asks a question that nobody answers.

## What it does
Flags zypper where it installs, upgrades or removes and no option, configuration or input answers its questions. `-n`,
`--non-interactive`, `-y` and `--no-confirm` count.

## Why is this bad
It asks as soon as it needs more than the named package. Nobody is there in a build, so that it takes the silence for a
no and stops: the build fails, today or when the package gets another dependency.

## Example
```dockerfile
FROM opensuse/leap:15.6
RUN zypper install tini && zypper clean
```

## Use instead
```dockerfile
FROM opensuse/leap:15.6
RUN zypper -n install tini && zypper clean
```

## References
- https://en.opensuse.org/SDB:Zypper_usage
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.image import Dockerfile
from aiaudit.rule import MEDIUM, Rule
from aiaudit_rules.image.managers import ZYPPER, asking

rule = Rule(
    id="IMG659",
    name="zypper-install-asks",
    summary="zypper asks a question that nobody answers",
    severity=MEDIUM,
    since="0.1.0",
    aliases=("DL3034", "45e1fca5"),
)


@rule.check(Dockerfile)
def zypper_install_asks(dockerfile: Dockerfile) -> Iterator[Finding]:
    """Commands without an answer."""
    for request in asking(dockerfile, ZYPPER):
        yield rule.at(
            dockerfile.span(request.call.command.extent),
            f"`{request.text}` asks for a yes where more has to change, and nobody answers in a build",
            help="add -n (`zypper -n install ...`)",
        )
