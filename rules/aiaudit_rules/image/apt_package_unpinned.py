"""apt installs whatever version there is.

## What it does
Flags `apt-get install` of a package without `=version`. Local files, `package/release` and lists that a variable holds
are left alone.

## Why is this bad
Two builds of the same commit get different versions, and what worked in the test environment fails in production. On
the other hand, mirrors drop old versions, so that a pinned build fails one day: pin where you keep a mirror or a
snapshot.

## Example
```dockerfile
FROM debian:12-slim
RUN apt-get update && apt-get install -y tini
```

## Use instead
```dockerfile
FROM debian:12-slim
RUN apt-get update && apt-get install -y tini=0.19.0-1
```

## References
- https://docs.docker.com/build/building/best-practices/#apt-get
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.image import Dockerfile
from aiaudit.rule import LOW, Rule
from aiaudit_rules.image.managers import APT, requests, unpinned
from aiaudit_rules.image.shared import listed

rule = Rule(
    id="IMG645",
    name="apt-package-unpinned",
    summary="apt installs whatever version there is",
    severity=LOW,
    since="0.1.0",
    aliases=("DL3008", "965a08d7"),
    profile="pedantic",
)


@rule.check(Dockerfile)
def apt_package_unpinned(dockerfile: Dockerfile) -> Iterator[Finding]:
    """Installs that name a package without a version."""
    for request in requests(dockerfile, APT, APT.installs):
        names = unpinned(request, _is_pinned)
        if names:
            yield rule.at(
                dockerfile.span(request.call.command.extent),
                f"{listed(names, 4)}: no version is named",
                help="write package=version",
            )


def _is_pinned(text: str) -> bool:
    return "=" in text or "/" in text or text.endswith(".deb")
