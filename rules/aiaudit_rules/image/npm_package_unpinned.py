"""npm installs whatever version there is.

## What it does
Flags `npm install` of a package without `@version`, and of a git address without `#reference`. Installs from
package.json, archives and folders are fine.

## Why is this bad
Two builds of the same commit get different versions, and what worked in the test environment fails in production. On
the other hand, mirrors drop old versions, so that a pinned build fails one day: pin where you keep a mirror or a
snapshot.

## Example
```dockerfile
FROM node:22-slim
RUN npm install --global serve
```

## Use instead
```dockerfile
FROM node:22-slim
RUN npm install --global serve@14.2.4
```

## References
- https://docs.npmjs.com/cli/commands/npm-install
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.image import Dockerfile
from aiaudit.rule import LOW, Rule
from aiaudit_rules.image.managers import NPM, requests, unpinned
from aiaudit_rules.image.shared import listed

rule = Rule(
    id="IMG665",
    name="npm-package-unpinned",
    summary="npm installs whatever version there is",
    severity=LOW,
    since="0.1.0",
    aliases=("DL3016", "e36d8880"),
    profile="pedantic",
)


@rule.check(Dockerfile)
def npm_package_unpinned(dockerfile: Dockerfile) -> Iterator[Finding]:
    """Installs that name a package without a version."""
    for request in requests(dockerfile, NPM, NPM.installs):
        names = unpinned(request, _is_pinned)
        if names:
            yield rule.at(
                dockerfile.span(request.call.command.extent),
                f"{listed(names, 4)}: no version is named",
                help="write package@version",
            )


def _is_pinned(text: str) -> bool:
    if text.startswith(("git+", "git:", "github:")) or text.endswith(".git"):
        return "#" in text
    if "://" in text or text.startswith((".", "/", "~")) or text.endswith((".tar", ".tar.gz", ".tgz")):
        return True
    return "@" in text[1:]
