"""ENV or LABEL is written without an equals sign.

## What it does
Flags `ENV name value` and `LABEL name value`, and `ARG name value`, which declares two arguments and sets none.

## Why is this bad
The form is deprecated, takes one name only, and swallows the rest of the line: `ENV A 1 B=2` sets A to `1 B=2`.

## Example
```dockerfile
FROM python:3.13-slim
ENV PORT 8000
```

## Use instead
```dockerfile
FROM python:3.13-slim
ENV PORT=8000
```

## References
- https://docs.docker.com/reference/build-checks/legacy-key-value-format/
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.image import Dockerfile
from aiaudit.rule import LOW, Rule

rule = Rule(
    id="IMG617",
    name="legacy-key-value",
    summary="ENV or LABEL is written without an equals sign",
    severity=LOW,
    since="0.1.0",
    aliases=("LegacyKeyValueFormat", "SYNTAX_MISSING_EQUALS", "label_invalid", "invalid_format"),
    profile="pedantic",
)


@rule.check(Dockerfile)
def legacy_key_value(dockerfile: Dockerfile) -> Iterator[Finding]:
    """Pairs with a blank between name and value."""
    for placed in dockerfile.usage.placed("ENV", "LABEL", "ARG"):
        instruction = placed.instruction
        pairs = instruction.pairs
        if not pairs:
            continue
        if instruction.keyword == "ARG":
            is_legacy = len(pairs) > 1 and all(pair.value is None for pair in pairs)
            is_legacy = is_legacy and "=" not in instruction.raw and not pairs[1].key.isupper()
        else:
            is_legacy = len(pairs) == 1 and _is_blank_separated(instruction.raw, pairs[0].key)
        if is_legacy:
            key = pairs[0].key
            yield rule.at(
                dockerfile.span(pairs[0].extent),
                f"{instruction.keyword} {key} has no equals sign",
                help=f"write `{instruction.keyword} {key}=...`",
            )


def _is_blank_separated(raw: str, key: str) -> bool:
    rest = raw.partition(key)[2]
    return bool(rest) and not rest.lstrip("\"'").startswith("=")
