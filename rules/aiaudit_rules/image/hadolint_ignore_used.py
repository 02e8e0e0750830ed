"""A comment tells hadolint to ignore a rule.

## What it does
Flags `# hadolint ignore=...` above an instruction. The comment is honoured all the same, for this tool's rules of those
names as well; `# hadolint global ignore=...` and other pragmas are not flagged.

## Why is this bad
Teams that want exceptions in one reviewed place, the configuration, find those that are not there.

## Example
```dockerfile
FROM python:3.13-slim
# hadolint ignore=DL3003
RUN cd /srv && python -V
```

## Use instead
```dockerfile
FROM python:3.13-slim
WORKDIR /srv
RUN python -V
```

## References
- https://github.com/hadolint/hadolint/wiki/DL1001
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.image import Dockerfile
from aiaudit.patterns import regex
from aiaudit.rule import LOW, Rule

rule = Rule(
    id="IMG680",
    name="hadolint-ignore-used",
    summary="A comment tells hadolint to ignore a rule",
    severity=LOW,
    since="0.1.0",
    aliases=("DL1001",),
    profile="pedantic",
)

_PRAGMA = regex(r"hadolint\s+ignore\s*=\s*(.+)")


@rule.check(Dockerfile)
def hadolint_ignore_used(dockerfile: Dockerfile) -> Iterator[Finding]:
    """Every such comment."""
    for comment in dockerfile.facts.comments:
        match = _PRAGMA.fullmatch(comment.text)
        if match:
            yield rule.at(
                dockerfile.span(comment.extent),
                f"{match[1].strip()} is ignored by a comment",
                help="fix what it is about, or make the exception in the configuration",
            )
