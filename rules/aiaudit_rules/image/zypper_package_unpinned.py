"""zypper installs whatever version there is.

## What it does
Flags `zypper install` of a package without a version. Local files and lists that a variable holds are left alone.

## Why is this bad
Two builds of the same commit get different versions, and what worked in the test environment fails in production. On
the other hand, mirrors drop old versions, so that a pinned build fails one day: pin where you keep a mirror or a
snapshot.

## Example
```dockerfile
FROM opensuse/leap:15.6
RUN zypper -n install tini && zypper clean
```

## Use instead
```dockerfile
FROM opensuse/leap:15.6
RUN zypper -n install tini=0.19.0 && zypper clean
```

## References
- https://en.opensuse.org/SDB:Zypper_usage
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.image import Dockerfile
from aiaudit.rule import LOW, Rule
from aiaudit_rules.image.managers import ZYPPER, requests, unpinned
from aiaudit_rules.image.shared import listed

rule = Rule(
    id="IMG661",
    name="zypper-package-unpinned",
    summary="zypper installs whatever version there is",
    severity=LOW,
    since="0.1.0",
    aliases=("DL3037", "562952e4"),
    profile="pedantic",
)


@rule.check(Dockerfile)
def zypper_package_unpinned(dockerfile: Dockerfile) -> Iterator[Finding]:
    """Installs that name a package without a version."""
    for request in requests(dockerfile, ZYPPER, ZYPPER.installs):
        names = unpinned(request, _is_pinned)
        if names:
            yield rule.at(
                dockerfile.span(request.call.command.extent),
                f"{listed(names, 4)}: no version is named",
                help="write package=version",
            )


def _is_pinned(text: str) -> bool:
    return any(mark in text for mark in "=<>~") or text.endswith(".rpm") or text.startswith(("/", "http"))
