"""apk upgrades every package of the base image.

## What it does
Flags apk where it upgrades everything rather than named packages.

## Why is this bad
The layer holds a second copy of every upgraded package, and what the image holds depends on the day of the build. A
newer base image brings the same fixes, in one layer and with a name.

## Example
```dockerfile
FROM alpine:3.22
RUN apk upgrade --no-cache
```

## Use instead
```dockerfile
FROM alpine:3.22.2
```

## References
- https://wiki.alpinelinux.org/wiki/Alpine_Package_Keeper
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.image import Dockerfile
from aiaudit.rule import LOW, Rule
from aiaudit_rules.image.managers import APK, requests

rule = Rule(
    id="IMG652",
    name="apk-upgrade",
    summary="apk upgrades every package of the base image",
    severity=LOW,
    since="0.1.0",
    aliases=("989ab888", "avoid-apk-upgrade"),
    profile="pedantic",
)


@rule.check(Dockerfile)
def apk_upgrade(dockerfile: Dockerfile) -> Iterator[Finding]:
    """Upgrades without a name."""
    for request in requests(dockerfile, APK, APK.upgrades):
        if not request.names:
            yield rule.at(
                dockerfile.span(request.call.command.extent),
                f"`{request.text}` upgrades whatever the base image holds",
                help="take a newer base image; upgrade a named package where a fix cannot wait",
            )
