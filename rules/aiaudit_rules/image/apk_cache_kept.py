"""apk's cache stays in the image.

## What it does
Flags `apk add` in a shipped stage without `--no-cache`, unless the same RUN removes /var/cache/apk or a mount covers
it.

## Why is this bad
The package index stays in the layer: a few megabytes that are stale on the next day.

## Example
```dockerfile
FROM alpine:3.22
RUN apk add tini
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
from aiaudit.rule import LOW, Rule
from aiaudit_rules.image.hygiene import is_beside_the_service
from aiaudit_rules.image.managers import APK, keeping_cache

rule = Rule(
    id="IMG651",
    name="apk-cache-kept",
    summary="apk's cache stays in the image",
    severity=LOW,
    since="0.1.0",
    aliases=(
        "DL3019",
        "DS-0025",
        "ae9c56a6",
        "missing-apk-no-cache",
        "DKL-DI-0004",
        "apkadd-missing_nocache_or_updaterm",
    ),
)


@rule.check(Dockerfile)
def apk_cache_kept(dockerfile: Dockerfile) -> Iterator[Finding]:
    """Installs whose layer holds the cache; one finding a RUN."""
    if is_beside_the_service(dockerfile):
        return
    seen: set[int] = set()
    for request in keeping_cache(dockerfile, APK):
        if id(request.call.run) not in seen:
            seen.add(id(request.call.run))
            yield rule.at(
                dockerfile.span(request.call.command.extent),
                f"`{request.text}` leaves its cache in the layer",
                help="add --no-cache",
            )
