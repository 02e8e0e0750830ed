"""apt's package lists stay in the image.

## What it does
Flags a RUN in a shipped stage that runs `apt-get update` and does not remove `/var/lib/apt/lists` before it ends. A
cache or temporary mount over the lists, and `apt-get distclean`, are fine. Removing them in a later RUN is not: the
bytes stay in the earlier layer. Where the image switches off apt's own clean-up of downloaded packages
(`docker-clean`), the archives in `/var/cache/apt` count as well.

## Why is this bad
The lists are some tens of megabytes that nothing in the running container reads, and they are stale on the next day.

## Example
```dockerfile
FROM debian:12-slim
RUN apt-get update && apt-get install -y --no-install-recommends tini && apt-get clean
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
- https://docs.docker.com/build/cache/optimize/#use-cache-mounts
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding, Step
from aiaudit.model.image import Dockerfile
from aiaudit.model.image.usage import Run
from aiaudit.rule import MEDIUM, Rule
from aiaudit.sources.dockerfile.facts import Command
from aiaudit_rules.image.hygiene import (
    covers,
    is_beside_the_service,
    is_mounted,
    removed_paths,
    shipped_runs,
    verb,
)

rule = Rule(
    id="IMG205",
    name="apt-lists-kept",
    summary="apt's package lists stay in the image",
    severity=MEDIUM,
    since="0.1.0",
    aliases=("DL3009", "DKL-DI-0005", "df746b39", "remove-package-lists", "remove-package-cache", "apt-get_missing_rm"),
)

_APT = frozenset({"apt-get", "apt", "aptitude"})
_LISTS = "/var/lib/apt/lists"
_ARCHIVES = "/var/cache/apt"
_KEEP_ARCHIVES = "/etc/apt/apt.conf.d/docker-clean"


@rule.check(Dockerfile)
def apt_lists_kept(image: Dockerfile) -> Iterator[Finding]:
    """RUNs whose layer holds the lists, or the archives."""
    if is_beside_the_service(image):
        return
    ordered = list(shipped_runs(image))
    keeps_archives = False
    for position, run in enumerate(ordered):
        keeps_archives = keeps_archives or _switches_off_cleaning(run)
        update = _update(run)
        if update is None:
            continue
        if not is_mounted(run.mounts, _LISTS) and not _removed(run, update, _LISTS):
            yield _finding(image, run, update, ordered[position + 1 :])
        elif keeps_archives and not is_mounted(run.mounts, f"{_ARCHIVES}/archives") and not _cleans(run, update):
            yield rule.at(
                image.span(update.extent),
                "downloaded packages stay in the layer: docker-clean is gone, nothing mounts or empties /var/cache/apt",
                help="mount a cache on /var/cache/apt as well, or run `apt-get clean` in the same RUN",
            )


def _update(run: Run) -> Command | None:
    return next((c for c in reversed(run.commands) if c.name in _APT and verb(c) == "update"), None)


def _removed(run: Run, update: Command, folder: str) -> bool:
    behind = run.commands[run.commands.index(update) + 1 :]
    return any(
        any(covers(path, folder) for path in removed_paths(command))
        or (command.name in _APT and verb(command) in ("distclean", "dist-clean"))
        for command in behind
    )


def _cleans(run: Run, update: Command) -> bool:
    return _removed(run, update, f"{_ARCHIVES}/archives") or any(
        command.name in _APT and verb(command) == "clean" for command in run.commands
    )


def _switches_off_cleaning(run: Run) -> bool:
    return any(_KEEP_ARCHIVES in removed_paths(command) for command in run.commands)


def _finding(image: Dockerfile, run: Run, update: Command, later: list[Run]) -> Finding:
    message = f"apt's package lists stay in the layer: nothing removes {_LISTS} in the same RUN"
    if any(command.name in _APT and verb(command) == "clean" for command in run.commands):
        message += " (`apt-get clean` does not)"
    related: list[Step] = []
    for other in later:
        for command in other.commands:
            if any(covers(path, _LISTS) for path in removed_paths(command)):
                related.append(
                    Step("removed here, which frees nothing: an earlier layer has them", image.span(command.extent))
                )
    return rule.at(
        image.span(update.extent),
        message,
        help="end the same RUN with `&& rm -rf /var/lib/apt/lists/*`, or mount caches on /var/lib/apt, /var/cache/apt",
        related=related[:1],
    )
