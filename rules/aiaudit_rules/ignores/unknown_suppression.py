"""An ignore comment that names no rule, or one that does not exist.

## What it does

Reports `aiaudit: ignore` comments without brackets, with empty brackets, or with a name, id or alias that no rule has.

## Why is this bad

Such a comment accepts nothing, although it looks as if it did: after a typing error or the renaming of a rule the
finding is back, or was never hidden. A comment without any name would hide every finding of its line, also those that
its author never saw; it is therefore not honoured.

## Example

```dockerfile
FROM python:3.12.7-slim
# aiaudit: ignore[rot-user] the entry point binds port 80 and drops its rights itself
USER root
```

## Use instead

```dockerfile
FROM python:3.12.7-slim
# aiaudit: ignore[root-user] the entry point binds port 80 and drops its rights itself
USER root
```

## References

- [Suppressions](../suppressions.md)
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.ignores import IgnoreComment
from aiaudit.rule import LOW, Rule

rule = Rule(
    id="IGN102",
    name="unknown-suppression",
    summary="An ignore comment names no rule, or one that does not exist",
    severity=LOW,
    since="0.1.0",
)


@rule.check(IgnoreComment)
def unknown_suppression(comment: IgnoreComment) -> Iterator[Finding]:
    """Every comment needs names, and every name a rule."""
    if not comment.names:
        yield rule.at(
            comment.span,
            "the ignore comment names no rule and is not honoured",
            help="name the rule: `aiaudit: ignore[rule-name] reason`",
        )
    for name, closest in comment.unknown:
        advice = f"did you mean {closest!r}?" if closest else "`aiaudit rules` lists the names"
        yield rule.at(comment.span, f"no rule is called {name!r}", help=advice)
