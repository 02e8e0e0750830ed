"""apk installs whatever version there is.

## What it does
Flags `apk add` of a package without a version (`=`, `~=`, `>`, `<`). Local files and lists that a variable holds are
left alone.

## Why is this bad
Two builds of the same commit get different versions, and what worked in the test environment fails in production. On
the other hand, mirrors drop old versions, so that a pinned build fails one day: pin where you keep a mirror or a
snapshot.

## Example
```dockerfile
FROM alpine:3.22
RUN apk add --no-cache tini
```

## Use instead
```dockerfile
FROM alpine:3.22
RUN apk add --no-cache tini~=0.19
```

## References
- https://wiki.alpinelinux.org/wiki/Alpine_Package_Keeper
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.image import Dockerfile
from aiaudit.rule import LOW, Rule
from aiaudit_rules.image.managers import APK, requests, unpinned
from aiaudit_rules.image.shared import listed

rule = Rule(
    id="IMG650",
    name="apk-package-unpinned",
    summary="apk installs whatever version there is",
    severity=LOW,
    since="0.1.0",
    aliases=("DL3018", "d3499f6d"),
    profile="pedantic",
)


@rule.check(Dockerfile)
def apk_package_unpinned(dockerfile: Dockerfile) -> Iterator[Finding]:
    """Installs that name a package without a version."""
    for request in requests(dockerfile, APK, APK.installs):
        names = unpinned(request, _is_pinned)
        if names:
            yield rule.at(
                dockerfile.span(request.call.command.extent),
                f"{listed(names, 4)}: no version is named",
                help="write package~=version",
            )


def _is_pinned(text: str) -> bool:
    return any(mark in text for mark in "=~<>") or text.endswith(".apk") or text.startswith("$")
