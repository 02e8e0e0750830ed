"""A command looks like a JSON array and is none.

## What it does
Flags CMD, ENTRYPOINT, RUN and a HEALTHCHECK's command that begin with a bracket like the JSON form but are no JSON
array of strings: single quotes, bare words, a missing comma, a comma at the end, typographic quotes, words behind the
bracket. A test of the shell (`RUN [ -f x ] && ...`) is no such thing, and the command of a stage that is not shipped
has no effect anyway.

## Why is this bad
The builder takes what is no JSON for shell form, without a word: the container runs `/bin/sh -c "[python, app.py]"` and
dies with `[python,: not found`.

## Example
```dockerfile
FROM python:3.13-slim
CMD ['python', '-V']
```

## Use instead
```dockerfile
FROM python:3.13-slim
CMD ["python", "-V"]
```

## References
- https://docs.docker.com/reference/dockerfile/#exec-form
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.image import Dockerfile
from aiaudit.rule import HIGH, Rule
from aiaudit_rules.image.hygiene import arguments_of, is_malformed_json

rule = Rule(
    id="IMG616",
    name="malformed-json-command",
    summary="A command looks like a JSON array and is none",
    severity=HIGH,
    since="0.1.0",
    aliases=("34945ae8", "ID.20013", "JSON_IN_SINGLE_QUOTES", "tally/invalid-json-form"),
)


@rule.check(Dockerfile)
def malformed_json_command(dockerfile: Dockerfile) -> Iterator[Finding]:
    """Commands that were meant as JSON."""
    shipped = {id(stage) for stage in dockerfile.shipped}
    stopped = {problem.extent for problem in dockerfile.facts.problems if problem.fatal}
    for placed in dockerfile.usage.placed("CMD", "ENTRYPOINT", "RUN", "HEALTHCHECK"):
        instruction, layer = placed.instruction, placed.layer
        if layer is None or (instruction.keyword != "RUN" and id(layer.stage) not in shipped):
            continue
        if is_malformed_json(instruction) and instruction.extent not in stopped:
            yield rule.at(
                dockerfile.span(arguments_of(instruction)),
                f"{instruction.keyword} is no JSON array of strings, so a shell runs it, brackets included",
                help='write it with double quotes and commas: ["program", "argument"]',
            )
