"""A base image's language or distribution gets no more security fixes.

## What it does
Flags a FROM whose name and tag tell a Python, Node.js, Debian, Ubuntu, Alpine, CentOS or CUDA release that had reached
the end of its support on the day of the audit: `python:3.8`, `node:16-alpine`, `debian:buster`,
`nvidia/cuda:11.8.0-base-ubuntu20.04`. The day is today's, or what `--date` or the setting `date` says, so that a run
can be repeated. Debian counts with its long-term support, Ubuntu with its standard support. Build arguments count with
their defaults. Severity is low where the stage is not shipped.

## Why is this bad
The image is frozen at its last fixes: holes in OpenSSL, glibc or the interpreter that are found from then on stay open,
scanners report them for ever, package archives move away and break the build, and new releases of AI libraries no
longer install.

## Example
```dockerfile
FROM python:3.8-slim
USER 1000
CMD ["python", "-c", "print('ready')"]
```

## Use instead
```dockerfile
FROM python:3.13-slim
USER 1000
CMD ["python", "-c", "print('ready')"]
```

## References
- https://devguide.python.org/versions/
- https://wiki.debian.org/LTS
- https://ubuntu.com/about/release-cycle
- https://alpinelinux.org/releases/
- https://github.com/nodejs/release#release-schedule
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Confidence, Finding, Severity
from aiaudit.model.image import Image
from aiaudit.model.image.support import supports
from aiaudit.rule import MEDIUM, Rule
from aiaudit_rules.image.hygiene import is_beside_the_service
from aiaudit_rules.image.shared import listed

rule = Rule(
    id="IMG304",
    name="base-image-end-of-life",
    summary="A base image's language or distribution gets no more security fixes",
    severity=MEDIUM,
    since="0.1.0",
)


@rule.check(Image)
def base_image_end_of_life(image: Image) -> Iterator[Finding]:
    """Stages that a build runs and that start from an image out of support."""
    if is_beside_the_service(image):
        return
    day = image.service.date
    for stage in image.used:
        if stage.parent is not None:
            continue
        ended = [support for support in supports(stage.base) if support.end < day]
        if not ended:
            continue
        by_default = "$" in stage.facts.base
        yield rule.at(
            image.span(stage.start.words[0].extent),
            f"no more security fixes for {listed([f'{s.title} (ended {s.end})' for s in ended], 3)}"
            + (": the default of a build argument" if by_default else ""),
            help=f"move to a supported release; the dates are published at {listed([s.source for s in ended], 2)}",
            severity=None if stage in image.shipped else Severity.LOW,
            confidence=Confidence.MEDIUM if by_default else None,
        )
