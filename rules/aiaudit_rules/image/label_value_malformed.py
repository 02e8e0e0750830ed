"""A label does not hold what the schema says.

## What it does
Flags labels that are empty, or whose value is not of the type that the option `label-schema` gives the key. Values with
a variable are left alone.

## Why is this bad
Tools that read the label (licence reports, update bots, dashboards) skip the image or fail.

## Example
```dockerfile
FROM python:3.13-slim
LABEL org.opencontainers.image.version="latest"
```

```toml
# file: aiaudit.toml
[rules.label-value-malformed]
label-schema = { "org.opencontainers.image.version" = "semver", "org.opencontainers.image.title" = "text" }
```

## Use instead
```dockerfile
FROM python:3.13-slim
LABEL org.opencontainers.image.version="1.4.0"
```

```toml
# file: aiaudit.toml
[rules.label-value-malformed]
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
from aiaudit_rules.image.label_schema import LabelSchema, is_valid

rule = Rule(
    id="IMG679",
    name="label-value-malformed",
    summary="A label does not hold what the schema says",
    severity=LOW,
    since="0.1.0",
    aliases=(
        "DL3051",
        "DL3052",
        "DL3053",
        "DL3054",
        "DL3055",
        "DL3056",
        "DL3058",
    ),
    options=LabelSchema(),
)


@rule.check(Dockerfile)
def label_value_malformed(dockerfile: Dockerfile, options: LabelSchema) -> Iterator[Finding]:
    """Values of another type."""
    if not options.label_schema:
        return
    for placed in dockerfile.usage.placed("LABEL"):
        for pair in placed.instruction.pairs:
            kind = options.label_schema.get(pair.key)
            value = pair.value or ""
            if kind is None or "$" in value or is_valid(kind, value):
                continue
            yield rule.at(
                dockerfile.span(pair.extent),
                f"label {pair.key} is empty" if not value else f"label {pair.key}: {value!r} is no {kind}",
                help=f"write a value of type {kind}",
            )
