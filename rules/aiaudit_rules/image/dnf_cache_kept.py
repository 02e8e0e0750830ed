"""dnf's cache stays in the image.

## What it does
Flags an install or upgrade with dnf, yum, microdnf or tdnf in a shipped stage where nothing behind it in the same RUN
cleans up (`clean all`, `rm -rf /var/cache/dnf`) and no mount covers the cache.

## Why is this bad
The metadata of the repositories, and with some settings the packages too, stay in the layer: often more than a hundred
megabytes.

## Example
```dockerfile
FROM fedora:43
RUN dnf install -y tini
```

## Use instead
```dockerfile
FROM fedora:43
RUN dnf install -y tini && dnf clean all
```

## References
- https://dnf.readthedocs.io/en/latest/command_ref.html
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.image import Dockerfile
from aiaudit.rule import LOW, Rule
from aiaudit_rules.image.hygiene import is_beside_the_service
from aiaudit_rules.image.managers import DNF, keeping_cache

rule = Rule(
    id="IMG655",
    name="dnf-cache-kept",
    summary="dnf's cache stays in the image",
    severity=LOW,
    since="0.1.0",
    aliases=(
        "DL3032",
        "DL3040",
        "DS-0015",
        "DS-0019",
        "DS-0027",
        "00481784",
        "295acb63",
        "missing-dnf-clean-all",
    ),
)


@rule.check(Dockerfile)
def dnf_cache_kept(dockerfile: Dockerfile) -> Iterator[Finding]:
    """Installs whose layer holds the cache; one finding a RUN."""
    if is_beside_the_service(dockerfile):
        return
    seen: set[int] = set()
    for request in keeping_cache(dockerfile, DNF):
        if id(request.call.run) not in seen:
            seen.add(id(request.call.run))
            yield rule.at(
                dockerfile.span(request.call.command.extent),
                f"`{request.text}` leaves its cache in the layer",
                help="end the same RUN with `&& dnf clean all`",
            )
