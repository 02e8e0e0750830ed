"""RUN changes the folder with cd.

## What it does
Flags `cd` in a RUN, unless it stands in a subshell or a function.

## Why is this bad
The change ends with the RUN. A `cd` that was meant for the next instruction does nothing, and one in the middle of a
long RUN is easily missed; WORKDIR says where everything happens.

## Example
```dockerfile
FROM python:3.13-slim
RUN cd /srv && python -m compileall .
```

## Use instead
```dockerfile
FROM python:3.13-slim
WORKDIR /srv
RUN python -m compileall .
```

## References
- https://docs.docker.com/build/building/best-practices/#workdir
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.image import Dockerfile
from aiaudit.rule import LOW, Rule

rule = Rule(
    id="IMG637",
    name="directory-changed-in-run",
    summary="RUN changes the folder with cd",
    severity=LOW,
    since="0.1.0",
    aliases=("DL3003", "DS-0013", "f4a6bcd3", "use-workdir"),
    profile="pedantic",
)


@rule.check(Dockerfile)
def directory_changed_in_run(dockerfile: Dockerfile) -> Iterator[Finding]:
    """The first change of each RUN."""
    seen: set[int] = set()
    for call in dockerfile.usage.calls(["cd"]):
        if call.command.nested or id(call.run) in seen:
            continue
        seen.add(id(call.run))
        target = " ".join(call.texts) or "home"
        is_lost = not call.behind
        yield rule.at(
            dockerfile.span(call.command.extent),
            f"cd {target} has no effect: the RUN ends here" if is_lost else f"cd {target} holds for this RUN alone",
            help=f"write WORKDIR {target}",
        )
