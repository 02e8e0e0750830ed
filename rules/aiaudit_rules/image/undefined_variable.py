"""An instruction uses a variable that nothing sets.

## What it does
Flags a variable in COPY, ADD, WORKDIR, ENV, ARG, LABEL, USER, EXPOSE, VOLUME or STOPSIGNAL that no ARG or ENV of the
stage (or of the stages that it is built on) sets before. `${NAME:-default}` is fine, and so is a variable that is
appended to itself (`ENV PYTHONPATH=/srv:$PYTHONPATH`).

What the base image sets is known for the official images of Python, Node and the distributions; with any other base
only names that look like misspellings of known ones are flagged. An ARG before the first FROM does not count inside a
stage unless the stage declares it again, and neither do the builder's platform arguments.

## Why is this bad
The variable is empty: `COPY $SRC_DIR .` copies something else or fails, `WORKDIR $HOME/app` is `/app`, a label says
nothing.

## Example
```dockerfile
ARG VERSION=1.4
FROM python:3.13-slim
LABEL org.opencontainers.image.version=$VERSION
```

## Use instead
```dockerfile
ARG VERSION=1.4
FROM python:3.13-slim
ARG VERSION
LABEL org.opencontainers.image.version=$VERSION
```

## References
- https://docs.docker.com/reference/build-checks/undefined-var/
- https://docs.docker.com/reference/dockerfile/#understand-how-arg-and-from-interact
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding, Step
from aiaudit.model.image import Dockerfile, Layer, Stage
from aiaudit.model.image.variables import PLATFORM_ARGUMENTS
from aiaudit.rule import MEDIUM, Rule
from aiaudit.sources.dockerfile.expand import expand
from aiaudit.sources.dockerfile.facts import Instruction
from aiaudit.span import Extent
from aiaudit_rules.image.hygiene import is_template
from aiaudit_rules.image.variables import PREDEFINED, base_variables, closest

rule = Rule(
    id="IMG643",
    name="undefined-variable",
    summary="An instruction uses a variable that nothing sets",
    severity=MEDIUM,
    since="0.1.0",
    aliases=("UndefinedVar",),
)

_EXPANDED = frozenset({"ADD", "ARG", "COPY", "ENV", "EXPOSE", "LABEL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR"})


@rule.check(Dockerfile)
def undefined_variable(dockerfile: Dockerfile) -> Iterator[Finding]:
    """Names that have no value where they are used."""
    if is_template(dockerfile) or not dockerfile.facts.stages:
        return
    before = {
        pair.key: Step("declared before the first FROM, which stages do not see", dockerfile.span(pair.extent))
        for instruction in dockerfile.facts.preamble
        for pair in instruction.pairs
    }
    for stage in dockerfile.stages:
        yield from _in_stage(dockerfile, stage, before)


def _in_stage(dockerfile: Dockerfile, stage: Stage, before: dict[str, Step]) -> Iterator[Finding]:
    of_base = base_variables(stage)
    known = set(PREDEFINED | (of_base or frozenset({"PATH"})))
    told: set[str] = set()
    for layer in stage.inherited_layers:
        instruction = layer.instruction
        if layer.stage is stage and instruction.keyword in _EXPANDED and "$" in instruction.raw:
            for name, extent in _undefined(layer, known, dockerfile.facts.escape):
                near = closest(name, known)
                if name in told or (of_base is None and not near and name not in before):
                    continue
                told.add(name)
                yield rule.at(
                    dockerfile.span(extent),
                    f"${name} is empty here: no ARG or ENV of this stage sets it before",
                    help=_remedy(name, near, name in before),
                    related=[before[name]] if name in before else [],
                )
        if instruction.keyword in ("ARG", "ENV"):
            known.update(pair.key for pair in instruction.pairs)


def _undefined(layer: Layer, known: set[str], escape: str) -> Iterator[tuple[str, Extent]]:
    own = {pair.key for pair in layer.instruction.pairs}
    for raw, extent in _texts(layer.instruction):
        for name in expand(raw, lambda name: "" if name in known else None, escape).unknown:
            # appended to itself, or set by another pair, which is a matter of another rule
            if name not in own and name.isidentifier():
                yield name, extent


def _texts(instruction: Instruction) -> Iterator[tuple[str, Extent]]:
    for word in instruction.words:
        if not word.raw.startswith("<<"):
            yield (word.text if instruction.exec_form else word.raw), word.extent
    for pair in instruction.pairs:
        yield pair.raw, pair.extent


def _remedy(name: str, near: str, is_before: bool) -> str:
    if is_before or name in PLATFORM_ARGUMENTS:
        return f"write `ARG {name}` in this stage first"
    return f"did you mean ${near}?" if near else f"declare it with `ARG {name}=...` or ENV, or leave it out"
