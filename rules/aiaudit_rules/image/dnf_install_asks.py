"""dnf, yum or microdnf asks a question that nobody answers.

## What it does
Flags dnf, yum or microdnf where it installs, upgrades or removes and no option, configuration or input answers its
questions. A configuration that the Dockerfile writes (`assumeyes=1`) counts too.

## Why is this bad
It asks as soon as it needs more than the named package. Nobody is there in a build, so that it takes the silence for a
no and stops: the build fails, today or when the package gets another dependency.

## Example
```dockerfile
FROM fedora:43
RUN dnf install tini && dnf clean all
```

## Use instead
```dockerfile
FROM fedora:43
RUN dnf install -y tini && dnf clean all
```

## References
- https://dnf.readthedocs.io/en/latest/command_ref.html
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.image import Dockerfile
from aiaudit.rule import MEDIUM, Rule
from aiaudit_rules.image.managers import DNF, asking

rule = Rule(
    id="IMG654",
    name="dnf-install-asks",
    summary="dnf, yum or microdnf asks a question that nobody answers",
    severity=MEDIUM,
    since="0.1.0",
    aliases=(
        "DL3030",
        "DL3038",
        "6e19193a",
        "7ebd323c",
        "missing-yum-assume-yes-switch",
        "missing-dnf-assume-yes-switch",
    ),
)


@rule.check(Dockerfile)
def dnf_install_asks(dockerfile: Dockerfile) -> Iterator[Finding]:
    """Commands without an answer."""
    for request in asking(dockerfile, DNF):
        yield rule.at(
            dockerfile.span(request.call.command.extent),
            f"`{request.text}` asks for a yes where more has to change, and nobody answers in a build",
            help="add -y",
        )
