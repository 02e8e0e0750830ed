"""A label that the schema asks for is missing.

## What it does
Flags a stage that ships, or that nothing else of the file uses, without one of the labels that the option
`label-schema` names. Labels of stages that it is built on count. Without that option the rule is silent.

## Why is this bad
Who looks for the images of a team, a version or a licence does not find this one.

## Example
```dockerfile
FROM python:3.13-slim
LABEL org.opencontainers.image.title="api"
```

```toml
# file: aiaudit.toml
[rules.label-missing]
label-schema = { "org.opencontainers.image.version" = "semver", "org.opencontainers.image.title" = "text" }
```

## Use instead
```dockerfile
FROM python:3.13-slim
LABEL org.opencontainers.image.title="api" org.opencontainers.image.version="1.4.0"
```

```toml
# file: aiaudit.toml
[rules.label-missing]
label-schema = { "org.opencontainers.image.version" = "semver", "org.opencontainers.image.title" = "text" }
```

## Options
- `label-schema`: keys with the type of their values: `text`, `url`, `email`, `hash` (of a git commit), `rfc3339` (a
  time), `semver` or `spdx` (a licence). Empty switches the rule off.

## References
- https://specs.opencontainers.org/image-spec/annotations/
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.image import Dockerfile
from aiaudit.rule import LOW, Rule
from aiaudit_rules.image.label_schema import LabelSchema, labels_of, results_of

rule = Rule(
    id="IMG677",
    name="label-missing",
    summary="A label that the schema asks for is missing",
    severity=LOW,
    since="0.1.0",
    aliases=("DL3049",),
    options=LabelSchema(),
)


@rule.check(Dockerfile)
def label_missing(dockerfile: Dockerfile, options: LabelSchema) -> Iterator[Finding]:
    """One finding a stage and label."""
    if not options.label_schema:
        return
    for stage in results_of(dockerfile):
        present = {pair.key for pair in labels_of(stage)}
        for key in options.label_schema:
            if key not in present:
                yield rule.at(
                    dockerfile.span(stage.start.extent),
                    f"this stage has no label {key}",
                    help=f'add LABEL {key}="..."',
                )
