"""FROM uses a build argument that is not declared before it.

## What it does
Flags a variable in FROM (image or `--platform`) that no ARG before the first FROM declares. The platform arguments of
the builder (`BUILDPLATFORM`, `TARGETARCH`, ...) need no declaration there. `${NAME:-default}` is fine: it has a value.
An ARG inside an earlier stage does not count, the builder does not look there.

## Why is this bad
The variable is empty, always, also with `--build-arg`: the build takes another image than the one meant, or stops
because the reference is no longer one.

## Example
```dockerfile
FROM python:${PYTHON_VERSION}-slim
```

## Use instead
```dockerfile
ARG PYTHON_VERSION=3.13
FROM python:${PYTHON_VERSION}-slim
```

## References
- https://docs.docker.com/reference/build-checks/undefined-arg-in-from/
- https://docs.docker.com/reference/dockerfile/#understand-how-arg-and-from-interact
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding, Step
from aiaudit.model.image import Dockerfile
from aiaudit.model.image.variables import PLATFORM_ARGUMENTS
from aiaudit.rule import HIGH, Rule
from aiaudit_rules.image.hygiene import is_template
from aiaudit_rules.image.variables import closest, names_used

rule = Rule(
    id="IMG605",
    name="undeclared-argument-in-from",
    summary="FROM uses a build argument that is not declared before it",
    severity=HIGH,
    since="0.1.0",
    aliases=("UndefinedArgInFrom",),
)


@rule.check(Dockerfile)
def undeclared_argument_in_from(dockerfile: Dockerfile) -> Iterator[Finding]:
    """Names in FROM that nothing declares."""
    if is_template(dockerfile):
        return
    pairs = [pair for instruction in dockerfile.facts.preamble for pair in instruction.pairs]
    known = {pair.key for pair in pairs} | PLATFORM_ARGUMENTS
    inside: dict[str, Step] = {}
    for stage in dockerfile.facts.stages:
        words = [(word.raw, word.extent) for word in stage.start.words[:1]]
        words += [(flag.value or "", flag.extent) for flag in stage.start.flags if flag.name == "platform"]
        for raw, extent in words:
            for name in names_used(raw, dockerfile.facts.escape):
                if name in known:
                    continue
                near = closest(name, known)
                yield rule.at(
                    dockerfile.span(extent),
                    f"${name} is empty here: no ARG before the first FROM declares it",
                    help=f"did you mean ${near}?" if near else f"write `ARG {name}=...` ahead of the first FROM",
                    related=[inside[name]] if name in inside else [],
                )
        for instruction in stage.instructions:
            if instruction.keyword == "ARG":
                step = Step("declared inside a stage, where FROM does not see it", dockerfile.span(instruction.extent))
                inside.update({pair.key: step for pair in instruction.pairs})
