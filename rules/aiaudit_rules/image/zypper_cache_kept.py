"""zypper's cache stays in the image.

## What it does
Flags an install or upgrade with zypper in a shipped stage where nothing behind it in the same RUN cleans up (`zypper
clean`, `rm -rf /var/cache/zypp`) and no mount covers the cache.

## Why is this bad
The metadata of the repositories and the downloaded packages stay in the layer.

## Example
```dockerfile
FROM opensuse/leap:15.6
RUN zypper -n install tini
```

## Use instead
```dockerfile
FROM opensuse/leap:15.6
RUN zypper -n install tini && zypper clean --all
```

## References
- https://en.opensuse.org/SDB:Zypper_usage
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.image import Dockerfile
from aiaudit.rule import LOW, Rule
from aiaudit_rules.image.hygiene import is_beside_the_service
from aiaudit_rules.image.managers import ZYPPER, keeping_cache

rule = Rule(
    id="IMG660",
    name="zypper-cache-kept",
    summary="zypper's cache stays in the image",
    severity=LOW,
    since="0.1.0",
    aliases=("DL3036", "DS-0020", "38300d1a", "missing-zypper-clean"),
)


@rule.check(Dockerfile)
def zypper_cache_kept(dockerfile: Dockerfile) -> Iterator[Finding]:
    """Installs whose layer holds the cache; one finding a RUN."""
    if is_beside_the_service(dockerfile):
        return
    seen: set[int] = set()
    for request in keeping_cache(dockerfile, ZYPPER):
        if id(request.call.run) not in seen:
            seen.add(id(request.call.run))
            yield rule.at(
                dockerfile.span(request.call.command.extent),
                f"`{request.text}` leaves its cache in the layer",
                help="end the same RUN with `&& zypper clean --all`",
            )
