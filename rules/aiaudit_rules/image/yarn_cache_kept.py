"""yarn's cache stays in the image.

## What it does
Flags `yarn install` or `yarn add` in a shipped stage where nothing behind it in the same RUN empties the cache and no
mount covers it.

## Why is this bad
The cache holds every package a second time.

## Example
```dockerfile
FROM node:22-slim
RUN yarn install --frozen-lockfile
```

## Use instead
```dockerfile
FROM node:22-slim
RUN yarn install --frozen-lockfile && yarn cache clean
```

## References
- https://classic.yarnpkg.com/lang/en/docs/cli/cache/
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.image import Dockerfile
from aiaudit.rule import LOW, Rule
from aiaudit_rules.image.hygiene import is_beside_the_service
from aiaudit_rules.image.managers import YARN, keeping_cache

rule = Rule(
    id="IMG666",
    name="yarn-cache-kept",
    summary="yarn's cache stays in the image",
    severity=LOW,
    since="0.1.0",
    aliases=("DL3060",),
)


@rule.check(Dockerfile)
def yarn_cache_kept(dockerfile: Dockerfile) -> Iterator[Finding]:
    """Installs whose layer holds the cache; one finding a RUN."""
    if is_beside_the_service(dockerfile):
        return
    seen: set[int] = set()
    for request in keeping_cache(dockerfile, YARN):
        if id(request.call.run) not in seen:
            seen.add(id(request.call.run))
            yield rule.at(
                dockerfile.span(request.call.command.extent),
                f"`{request.text}` leaves its cache in the layer",
                help="end the same RUN with `&& yarn cache clean`, or mount a cache",
            )
