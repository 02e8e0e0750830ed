"""gem installs whatever version there is.

## What it does
Flags `gem install` of a gem without `:version` or `--version`.

## Why is this bad
Two builds of the same commit get different versions, and what worked in the test environment fails in production. On
the other hand, mirrors drop old versions, so that a pinned build fails one day: pin where you keep a mirror or a
snapshot.

## Example
```dockerfile
FROM ruby:3.4-slim
RUN gem install bundler
```

## Use instead
```dockerfile
FROM ruby:3.4-slim
RUN gem install bundler:2.6.2
```

## References
- https://guides.rubygems.org/command-reference/#gem-install
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.image import Dockerfile
from aiaudit.rule import LOW, Rule
from aiaudit_rules.image.managers import GEM, requests, unpinned
from aiaudit_rules.image.shared import listed

rule = Rule(
    id="IMG668",
    name="gem-package-unpinned",
    summary="gem installs whatever version there is",
    severity=LOW,
    since="0.1.0",
    aliases=("DL3028", "22cd11f7"),
    profile="pedantic",
)


@rule.check(Dockerfile)
def gem_package_unpinned(dockerfile: Dockerfile) -> Iterator[Finding]:
    """Installs that name a gem without a version."""
    for request in requests(dockerfile, GEM, GEM.installs):
        if request.given.has("-v", "--version"):
            continue
        names = unpinned(request, _is_pinned)
        if names:
            yield rule.at(
                dockerfile.span(request.call.command.extent),
                f"{listed(names, 4)}: no version is named",
                help="write gem:version",
            )


def _is_pinned(text: str) -> bool:
    # behind `--` stand options of the build, such as `--use-system-libraries true`
    return ":" in text or text.endswith(".gem") or text.startswith("-") or text in ("true", "false")
