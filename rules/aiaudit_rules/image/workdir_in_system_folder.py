"""WORKDIR lies in a folder of the kernel.

## What it does
Flags a WORKDIR or VOLUME in /proc, /sys, /dev, /boot or /lost+found.

## Why is this bad
The runtime mounts its own file systems there: files of the image are not seen, and a working folder such as
`/proc/self/fd/8` has led out of the container (CVE-2024-21626).

## Example
```dockerfile
FROM python:3.13-slim
WORKDIR /proc/self/fd/8
```

## Use instead
```dockerfile
FROM python:3.13-slim
WORKDIR /srv
```

## References
- https://nvd.nist.gov/vuln/detail/CVE-2024-21626
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.image import Dockerfile
from aiaudit.rule import MEDIUM, Rule

rule = Rule(
    id="IMG636",
    name="workdir-in-system-folder",
    summary="WORKDIR lies in a folder of the kernel",
    severity=MEDIUM,
    since="0.1.0",
    aliases=("DS-0030", "DKL-DI-0002"),
)

_SYSTEM = ("/proc", "/sys", "/dev", "/boot", "/initrd", "/lost+found")


@rule.check(Dockerfile)
def workdir_in_system_folder(dockerfile: Dockerfile) -> Iterator[Finding]:
    """Places that are not the image's own."""
    for placed in dockerfile.usage.placed("WORKDIR", "VOLUME"):
        for word in placed.instruction.words:
            for folder in _SYSTEM:
                if word.text == folder or word.text.startswith(f"{folder}/"):
                    yield rule.at(
                        dockerfile.span(word.extent),
                        f"{word.text} lies in {folder}, where the runtime mounts a file system of its own",
                        help="use a folder of the application, such as /srv",
                    )
