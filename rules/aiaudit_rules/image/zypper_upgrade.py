"""zypper upgrades every package of the base image.

## What it does
Flags zypper where it upgrades everything rather than named packages.

## Why is this bad
The layer holds a second copy of every upgraded package, and what the image holds depends on the day of the build. A
newer base image brings the same fixes, in one layer and with a name.

## Example
```dockerfile
FROM opensuse/leap:15.6
RUN zypper -n dup && zypper clean
```

## Use instead
```dockerfile
FROM opensuse/leap:16.0
```

## References
- https://en.opensuse.org/SDB:Zypper_usage
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.image import Dockerfile
from aiaudit.rule import LOW, Rule
from aiaudit_rules.image.managers import ZYPPER, requests

rule = Rule(
    id="IMG662",
    name="zypper-upgrade",
    summary="zypper upgrades every package of the base image",
    severity=LOW,
    since="0.1.0",
    aliases=("DL3035", "d4895357", "avoid-zypper-update"),
    profile="pedantic",
)


@rule.check(Dockerfile)
def zypper_upgrade(dockerfile: Dockerfile) -> Iterator[Finding]:
    """Upgrades without a name."""
    for request in requests(dockerfile, ZYPPER, ZYPPER.upgrades):
        if not request.names:
            yield rule.at(
                dockerfile.span(request.call.command.extent),
                f"`{request.text}` upgrades whatever the base image holds",
                help="take a newer base image; upgrade a named package where a fix cannot wait",
            )
