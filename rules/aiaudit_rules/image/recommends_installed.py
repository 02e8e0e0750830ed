"""apt installs recommended packages too.

## What it does
Flags `apt-get install` (and `apt`, `aptitude`) without `--no-install-recommends`, `-o APT::Install-Recommends=false`
or the same setting written to apt's configuration earlier in the stage.

## Why is this bad
Recommended packages are what a workstation would like to have: documentation, mail servers, fonts, desktop libraries.
They make the image bigger and bring programs that nobody patches on purpose. Leaving them out may miss one that is
needed; then it belongs into the list by name. This rule is part of the pedantic profile.

## Example
```dockerfile
FROM debian:12-slim
RUN apt-get update && apt-get install -y tini && rm -rf /var/lib/apt/lists/*
USER 1000
CMD ["tini", "--", "true"]
```

## Use instead
```dockerfile
FROM debian:12-slim
RUN apt-get update && apt-get install -y --no-install-recommends tini && rm -rf /var/lib/apt/lists/*
USER 1000
CMD ["tini", "--", "true"]
```

## References
- https://docs.docker.com/build/building/best-practices/#apt-get
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.image import Dockerfile
from aiaudit.model.image.commands import names_in
from aiaudit.rule import LOW, Rule
from aiaudit.sources.dockerfile.facts import Command
from aiaudit_rules.image.hygiene import short, verb

rule = Rule(
    id="IMG209",
    name="recommends-installed",
    summary="apt installs recommended packages too",
    severity=LOW,
    since="0.1.0",
    aliases=("DL3015", "DS-0029", "7384dfb2", "missing-no-install-recommends", "apt-get_recommends"),
    profile="pedantic",
)

_APT = names_in("apt-get apt aptitude")
_WITHOUT = names_in("--no-install-recommends --without-recommends")
_SETTING = "install-recommends"
_OFF = names_in("false 0 no off")


@rule.check(Dockerfile)
def recommends_installed(image: Dockerfile) -> Iterator[Finding]:
    """Installs of every stage."""
    for stage in image.stages:
        is_off = False
        for run in image.usage.runs_in(stage.lineage):
            for command in run.commands:
                is_off = is_off or _writes_setting(command)
                if is_off or run.layer.stage is not stage or not _installs(command) or _leaves_out(command):
                    continue
                yield rule.at(
                    image.span(command.extent),
                    f"`{short(command)}` installs recommended packages too",
                    help="add --no-install-recommends, and name what is really needed",
                )


def _installs(command: Command) -> bool:
    return command.name in _APT and verb(command) == "install"


def _leaves_out(command: Command) -> bool:
    words = [word.text for word in command.words]
    return not _WITHOUT.isdisjoint(words) or any(_switches_off(word) for word in words)


def _switches_off(text: str) -> bool:
    """Whether a word says `APT::Install-Recommends=false`, as an option or as a line of configuration."""
    head, found, rest = text.lower().partition(_SETTING)
    return bool(found) and head.endswith("apt::") and any(value in _OFF for value in rest.strip(' ="\n;').split('"'))


def _writes_setting(command: Command) -> bool:
    """Whether apt's configuration is given the setting (`echo '...' > /etc/apt/apt.conf.d/99local`)."""
    if command.name not in ("echo", "printf") or not any("/etc/apt/" in target for target in command.redirects):
        return False
    return any(_switches_off(word.text) for word in command.words)
