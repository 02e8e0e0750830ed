"""A script uses apt, which is made for people.

## What it does
Flags `apt` in a RUN.

## Why is this bad
apt's options and output may change with any version, as it says itself in every build log; apt-get's do not.

## Example
```dockerfile
FROM debian:12-slim
RUN apt update && apt install -y tini
```

## Use instead
```dockerfile
FROM debian:12-slim
RUN apt-get update && apt-get install -y tini
```

## References
- https://manpages.debian.org/bookworm/apt/apt.8.en.html#SCRIPT_USAGE_AND_DIFFERENCES_FROM_OTHER_APT_TOOLS
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.image import Dockerfile
from aiaudit.rule import LOW, Rule

rule = Rule(
    id="IMG647",
    name="apt-instead-of-apt-get",
    summary="A script uses apt, which is made for people",
    severity=LOW,
    since="0.1.0",
    aliases=("DL3027", "CKV_DOCKER_9", "b84a0b47", "prefer-apt-get"),
    profile="pedantic",
)


@rule.check(Dockerfile)
def apt_instead_of_apt_get(dockerfile: Dockerfile) -> Iterator[Finding]:
    """Every apt."""
    for call in dockerfile.usage.calls(["apt"]):
        yield rule.at(
            dockerfile.span(call.command.words[0].extent),
            "apt is made for people: its options may change with the next version",
            help="write apt-get",
        )
