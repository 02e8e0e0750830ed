"""apk installs packages that nobody has signed.

## What it does
Flags `apk --allow-untrusted`.

## Why is this bad
apk then takes packages from whoever answers: a mirror, a proxy, someone on the way.

## Example
```dockerfile
FROM alpine:3.22
RUN apk add --no-cache --allow-untrusted tini
```

## Use instead
```dockerfile
FROM alpine:3.22
RUN apk add --no-cache tini
```

## References
- https://wiki.alpinelinux.org/wiki/Alpine_Package_Keeper
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.image import Dockerfile
from aiaudit.rule import HIGH, Rule
from aiaudit_rules.image.switches import flagged

rule = Rule(
    id="IMG653",
    name="apk-untrusted",
    summary="apk installs packages that nobody has signed",
    severity=HIGH,
    since="0.1.0",
    aliases=("CKV2_DOCKER_7",),
)


@rule.check(Dockerfile)
def apk_untrusted(dockerfile: Dockerfile) -> Iterator[Finding]:
    """Commands that accept anything."""
    for call, word in flagged(dockerfile, ["apk"], ["--allow-untrusted"]):
        yield rule.at(
            dockerfile.span(word.extent),
            f"apk {word.text}: nothing verifies who made {call.texts[-1]}",
            help="put the key of the packages' maker into /etc/apk/keys",
        )
