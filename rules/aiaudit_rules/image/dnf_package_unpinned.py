"""dnf installs whatever version there is.

## What it does
Flags an install with dnf, yum, microdnf or tdnf of a package without `-version`, or of a module without a stream.
Groups, local files, and versions in variables that are set, are fine.

## Why is this bad
Two builds of the same commit get different versions, and what worked in the test environment fails in production. On
the other hand, mirrors drop old versions, so that a pinned build fails one day: pin where you keep a mirror or a
snapshot.

## Example
```dockerfile
FROM fedora:43
RUN dnf install -y tini && dnf clean all
```

## Use instead
```dockerfile
FROM fedora:43
RUN dnf install -y tini-0.19.0 && dnf clean all
```

## References
- https://dnf.readthedocs.io/en/latest/command_ref.html
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.image import Dockerfile
from aiaudit.patterns import regex
from aiaudit.rule import LOW, Rule
from aiaudit_rules.image.managers import DNF, requests, unpinned
from aiaudit_rules.image.shared import listed

rule = Rule(
    id="IMG656",
    name="dnf-package-unpinned",
    summary="dnf installs whatever version there is",
    severity=LOW,
    since="0.1.0",
    aliases=("DL3033", "DL3041", "6452c424", "93d88cf7"),
    profile="pedantic",
)

_VERSION = regex(r"-(?:\d+:)?\d[^/]*$|:\d")


@rule.check(Dockerfile)
def dnf_package_unpinned(dockerfile: Dockerfile) -> Iterator[Finding]:
    """Installs that name a package without a version."""
    for request in requests(dockerfile, DNF, DNF.installs):
        names = unpinned(request, _is_pinned)
        if names:
            yield rule.at(
                dockerfile.span(request.call.command.extent),
                f"{listed(names, 4)}: no version is named",
                help="write package-version",
            )


def _is_pinned(text: str) -> bool:
    return _VERSION.search(text) is not None or text.endswith(".rpm") or text.startswith(("@", "/", "http"))
