"""A label is not in the schema.

## What it does
Flags labels that the option `label-schema` does not name, where the option `strict-labels` is on.

## Why is this bad
Keys that nobody agreed on are misspellings more often than not.

## Example
```dockerfile
FROM python:3.13-slim
LABEL org.opencontainers.image.titel="api"
```

```toml
# file: aiaudit.toml
[rules.label-superfluous]
label-schema = { "org.opencontainers.image.version" = "semver", "org.opencontainers.image.title" = "text" }
strict-labels = true
```

## Use instead
```dockerfile
FROM python:3.13-slim
LABEL org.opencontainers.image.title="api"
```

```toml
# file: aiaudit.toml
[rules.label-superfluous]
label-schema = { "org.opencontainers.image.version" = "semver", "org.opencontainers.image.title" = "text" }
strict-labels = true
```

## Options
- `label-schema`: keys with the type of their values: `text`, `url`, `email`, `hash` (of a git commit), `rfc3339` (a
  time), `semver` or `spdx` (a licence). Empty switches the rule off.
- `strict-labels`: whether keys beside those are flagged.

## References
- https://specs.opencontainers.org/image-spec/annotations/
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.image import Dockerfile
from aiaudit.rule import LOW, Rule
from aiaudit_rules.image.label_schema import LabelSchema
from aiaudit_rules.image.variables import closest

rule = Rule(
    id="IMG678",
    name="label-superfluous",
    summary="A label is not in the schema",
    severity=LOW,
    since="0.1.0",
    aliases=("DL3050",),
    options=LabelSchema(),
)


@rule.check(Dockerfile)
def label_superfluous(dockerfile: Dockerfile, options: LabelSchema) -> Iterator[Finding]:
    """Keys that the schema does not know."""
    if not options.strict_labels:
        return
    for placed in dockerfile.usage.placed("LABEL"):
        for pair in placed.instruction.pairs:
            if pair.key not in options.label_schema:
                near = closest(pair.key, options.label_schema)
                yield rule.at(
                    dockerfile.span(pair.extent),
                    f"the schema has no label {pair.key}",
                    help=f"did you mean {near}?" if near else "leave it out, or add it to label-schema",
                )
