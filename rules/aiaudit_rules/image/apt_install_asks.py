"""apt-get asks a question that nobody answers.

## What it does
Flags apt-get where it installs, upgrades or removes and no option, configuration or input answers its questions. `-qq`
means `-y`; a configuration that the Dockerfile writes and `yes |` count too.

## Why is this bad
It asks as soon as it needs more than the named package. Nobody is there in a build, so that it takes the silence for a
no and stops: the build fails, today or when the package gets another dependency.

## Example
```dockerfile
FROM debian:12-slim
RUN apt-get update && apt-get install tini
```

## Use instead
```dockerfile
FROM debian:12-slim
RUN apt-get update && apt-get install -y tini
```

## References
- https://docs.docker.com/build/building/best-practices/#apt-get
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.image import Dockerfile
from aiaudit.rule import MEDIUM, Rule
from aiaudit_rules.image.managers import APT, asking

rule = Rule(
    id="IMG646",
    name="apt-install-asks",
    summary="apt-get asks a question that nobody answers",
    severity=MEDIUM,
    since="0.1.0",
    aliases=(
        "DL3014",
        "DS-0021",
        "77783205",
        "missing-assume-yes-switch",
        "apt-get_missing_param",
    ),
)


@rule.check(Dockerfile)
def apt_install_asks(dockerfile: Dockerfile) -> Iterator[Finding]:
    """Commands without an answer."""
    for request in asking(dockerfile, APT):
        yield rule.at(
            dockerfile.span(request.call.command.extent),
            f"`{request.text}` asks for a yes where more has to change, and nobody answers in a build",
            help="add -y",
        )
