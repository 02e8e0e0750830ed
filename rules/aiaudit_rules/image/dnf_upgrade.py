"""dnf, yum or microdnf upgrades every package of the base image.

## What it does
Flags dnf, yum or microdnf where it upgrades everything rather than named packages.

## Why is this bad
The layer holds a second copy of every upgraded package, and what the image holds depends on the day of the build. A
newer base image brings the same fixes, in one layer and with a name.

## Example
```dockerfile
FROM fedora:43
RUN dnf upgrade -y && dnf clean all
```

## Use instead
```dockerfile
FROM fedora:43
RUN dnf upgrade -y openssl && dnf clean all
```

## References
- https://dnf.readthedocs.io/en/latest/command_ref.html
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.image import Dockerfile
from aiaudit.rule import LOW, Rule
from aiaudit_rules.image.managers import DNF, requests

rule = Rule(
    id="IMG657",
    name="dnf-upgrade",
    summary="dnf, yum or microdnf upgrades every package of the base image",
    severity=LOW,
    since="0.1.0",
    aliases=("8f6456be", "09fda05e", "avoid-yum-update", "avoid-dnf-update"),
    profile="pedantic",
)


@rule.check(Dockerfile)
def dnf_upgrade(dockerfile: Dockerfile) -> Iterator[Finding]:
    """Upgrades without a name."""
    for request in requests(dockerfile, DNF, DNF.upgrades):
        if not request.names:
            yield rule.at(
                dockerfile.span(request.call.command.extent),
                f"`{request.text}` upgrades whatever the base image holds",
                help="take a newer base image; upgrade a named package where a fix cannot wait",
            )
