"""apt-get upgrades every package of the base image.

## What it does
Flags apt-get where it upgrades everything rather than named packages. A plain `apt-get upgrade` is fine, as Docker's
own advice has it today: it removes and replaces nothing.

## Why is this bad
The layer holds a second copy of every upgraded package, and what the image holds depends on the day of the build. A
newer base image brings the same fixes, in one layer and with a name.

## Example
```dockerfile
FROM debian:12-slim
RUN apt-get update && apt-get dist-upgrade -y
```

## Use instead
```dockerfile
FROM debian:12.12-slim
```

## References
- https://docs.docker.com/build/building/best-practices/#apt-get
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.image import Dockerfile
from aiaudit.rule import LOW, Rule
from aiaudit_rules.image.managers import APT, requests

rule = Rule(
    id="IMG648",
    name="apt-upgrade",
    summary="apt-get upgrades every package of the base image",
    severity=LOW,
    since="0.1.0",
    aliases=(
        "DS-0024",
        "682fe378",
        "avoid-apt-get-upgrade",
        "DKL-DI-0003",
        "apt-get-upgrade",
        "apt-get-dist-upgrade",
    ),
    profile="pedantic",
)


@rule.check(Dockerfile)
def apt_upgrade(dockerfile: Dockerfile) -> Iterator[Finding]:
    """Upgrades without a name."""
    for request in requests(dockerfile, APT, {"dist-upgrade", "full-upgrade"}):
        if not request.names:
            yield rule.at(
                dockerfile.span(request.call.command.extent),
                f"`{request.text}` upgrades whatever the base image holds",
                help="take a newer base image; upgrade a named package where a fix cannot wait",
            )
