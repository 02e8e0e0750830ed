"""FROM names no image unless a build argument is passed.

## What it does
Flags a FROM that, with the defaults of its build arguments, is no valid image reference: `ARG TAG` without a default in
`python:$TAG`.

## Why is this bad
A plain `docker build .` fails with a message about the reference instead of one about the missing argument, and nothing
that reads the file (update bots, scanners) knows which image is used. Teams that make the argument mandatory on purpose
leave this rule off.

## Example
```dockerfile
ARG TAG
FROM python:$TAG
```

## Use instead
```dockerfile
ARG TAG=3.13-slim
FROM python:$TAG
```

## References
- https://docs.docker.com/reference/build-checks/invalid-default-arg-in-from/
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.image import Dockerfile
from aiaudit.patterns import regex
from aiaudit.rule import LOW, Rule
from aiaudit.sources.dockerfile.expand import expand

rule = Rule(
    id="IMG606",
    name="argument-default-gives-no-image",
    summary="FROM names no image unless a build argument is passed",
    severity=LOW,
    since="0.1.0",
    aliases=("InvalidDefaultArgInFrom",),
    profile="pedantic",
)

_PART = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_IMAGE = regex(
    rf"(?:[A-Za-z0-9.-]+(?::\d+)?/)?{_PART}(?:/{_PART})*(?::[A-Za-z0-9_][\w.-]{{0,127}})?(?:@[a-z0-9]+:[0-9a-f]{{32,}})?"
)


@rule.check(Dockerfile)
def argument_default_gives_no_image(dockerfile: Dockerfile) -> Iterator[Finding]:
    """Bases that are no reference when every argument has its default."""
    defaults: dict[str, str] = {}
    for instruction in dockerfile.facts.preamble:
        for pair in instruction.pairs:
            defaults[pair.key] = expand(pair.raw, defaults.get, keep_unset=False).text if pair.value else ""
    for stage in dockerfile.stages:
        word = next(iter(stage.start.words), None)
        if stage.parent is not None or word is None or "$" not in word.raw:
            continue
        read = expand(word.raw, defaults.get, dockerfile.facts.escape, keep_unset=False)
        if not set(read.unknown) - set(defaults) and not _IMAGE.fullmatch(read.text):
            yield rule.at(
                dockerfile.span(word.extent),
                f"without build arguments {word.text} is {read.text!r}, which is no image",
                help="give the argument a default",
            )
