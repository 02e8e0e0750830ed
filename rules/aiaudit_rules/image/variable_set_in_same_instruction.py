"""ENV uses a variable that it sets itself.

## What it does
Flags an ENV with several pairs in which one value uses a variable that another pair of the same instruction sets and
that was not set before.

## Why is this bad
The builder expands all values with what was known before the instruction: the variable is empty, whatever stands to the
left of it.

## Example
```dockerfile
FROM python:3.13-slim
ENV HOME_FOLDER=/srv DATA_FOLDER=$HOME_FOLDER/data
```

## Use instead
```dockerfile
FROM python:3.13-slim
ENV HOME_FOLDER=/srv
ENV DATA_FOLDER=$HOME_FOLDER/data
```

## References
- https://docs.docker.com/reference/dockerfile/#environment-replacement
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Confidence, Finding, Step
from aiaudit.model.image import Dockerfile
from aiaudit.rule import MEDIUM, Rule
from aiaudit.sources.dockerfile.facts import Pair
from aiaudit_rules.image.variables import base_variables, names_used

rule = Rule(
    id="IMG642",
    name="variable-set-in-same-instruction",
    summary="ENV uses a variable that it sets itself",
    severity=MEDIUM,
    since="0.1.0",
    aliases=("DL3044",),
)


@rule.check(Dockerfile)
def variable_set_in_same_instruction(dockerfile: Dockerfile) -> Iterator[Finding]:
    """Values that come too early."""
    for placed in dockerfile.usage.placed("ENV"):
        pairs, layer = placed.instruction.pairs, placed.layer
        if len(pairs) < 2 or layer is None:
            continue
        for pair in pairs:
            for name in names_used(pair.raw, dockerfile.facts.escape):
                setter = _other(pairs, pair, name)
                if setter is None or name in layer.environment or name in layer.stage.arguments:
                    continue
                yield rule.at(
                    dockerfile.span(pair.extent),
                    f"${name} in the value of {pair.key} is what it was before this ENV, not what the ENV sets",
                    help=f"set {pair.key} in an ENV of its own, behind this one",
                    confidence=None if base_variables(layer.stage) is not None else Confidence.MEDIUM,
                    related=[Step(f"{name} is set by the same instruction", dockerfile.span(setter.extent))],
                )


def _other(pairs: tuple[Pair, ...], own: Pair, name: str) -> Pair | None:
    """Another pair of the instruction that sets the name; of two that set the same one, the earlier."""
    if own.key == name:
        pairs = pairs[: pairs.index(own)]
    return next((pair for pair in pairs if pair is not own and pair.key == name), None)
