"""The package index is updated in a layer of its own.

## What it does
Flags a RUN that fetches the package lists (`apt-get update`, `apk update`, `dnf makecache`, ...) and installs nothing
after it. An upgrade counts as an install; so does a script that might install.

## Why is this bad
The layer with the lists is cached for as long as its own text stays the same. An install further down that is added
or changed later then works with lists that may be months old: packages that the mirror no longer has give a 404, or
an old version without its security fixes gets in.

## Example
```dockerfile
FROM debian:12-slim
RUN apt-get update
RUN apt-get install -y --no-install-recommends tini && rm -rf /var/lib/apt/lists/*
USER 1000
CMD ["tini", "--", "true"]
```

## Use instead
```dockerfile
FROM debian:12-slim
RUN apt-get update \\
    && apt-get install -y --no-install-recommends tini \\
    && rm -rf /var/lib/apt/lists/*
USER 1000
CMD ["tini", "--", "true"]
```

## References
- https://docs.docker.com/build/building/best-practices/#apt-get
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding, Step
from aiaudit.model.image import Dockerfile
from aiaudit.model.image.usage import Run
from aiaudit.rule import MEDIUM, Rule
from aiaudit.sources.dockerfile.facts import Command
from aiaudit_rules.image.hygiene import short, verb

rule = Rule(
    id="IMG105",
    name="package-index-updated-alone",
    summary="The package index is updated in a layer of its own",
    severity=MEDIUM,
    since="0.1.0",
    aliases=("DS-0017", "CKV_DOCKER_5", "CIS-DI-0007", "9bae49be", "apt-get-update_require_install"),
)

_UPDATES = {
    "apt-get": ("update",),
    "apt": ("update",),
    "aptitude": ("update",),
    "apk": ("update",),
    "dnf": ("makecache",),
    "yum": ("makecache",),
    "microdnf": ("makecache",),
    "tdnf": ("makecache",),
    "zypper": ("refresh", "ref"),
}
_CHANGES = frozenset(
    {"install", "add", "upgrade", "dist-upgrade", "full-upgrade", "safe-upgrade", "build-dep", "fix", "satisfy", "in"}
)


@rule.check(Dockerfile)
def package_index_updated_alone(image: Dockerfile) -> Iterator[Finding]:
    """Updates with no install after them in the same RUN."""
    ordered = list(image.usage.runs)
    for position, run in enumerate(ordered):
        alone = _lonely_update(run)
        if alone is None:
            continue
        later = next((other for other in ordered[position + 1 :] if _installs_with(other, alone.name)), None)
        message = f"`{short(alone)}` stands in a layer of its own"
        related: list[Step] = []
        if later is not None:
            message += f": the install in line {later.instruction.extent.line} may work with lists as old as that layer"
            related.append(Step("the install that uses the lists", image.span(later.instruction.extent)))
        yield rule.at(
            image.span(alone.extent),
            message,
            help="update and install in one RUN, and remove the lists at its end",
            related=related,
        )


def _lonely_update(run: Run) -> Command | None:
    """The last update of a RUN if nothing behind it installs."""
    found = None
    for command in run.commands:
        if verb(command) in _UPDATES.get(command.name, ()):
            found = command
        elif found is not None and _may_install(command):
            found = None
    return found


def _may_install(command: Command) -> bool:
    if command.name in _UPDATES:
        return verb(command) in _CHANGES
    words = [word.text for word in command.words]
    if command.name == "playwright" or "playwright" in words[:4]:
        return "install-deps" in words or "--with-deps" in words
    # a script of its own may install, and so may a program that is no usual one
    return command.name.endswith((".sh", ".bash")) or any(word.endswith((".sh", ".bash")) for word in words[1:2])


def _installs_with(run: Run, manager: str) -> bool:
    family = ("apt-get", "apt", "aptitude") if manager.startswith("apt") else (manager,)
    return any(command.name in family and verb(command) in _CHANGES for command in run.commands)
