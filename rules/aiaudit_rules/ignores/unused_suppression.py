"""An ignore comment that accepts nothing any more.

## What it does

Reports names in `aiaudit: ignore[...]` comments whose rule ran and found nothing that the comment covers.

## Why is this bad

The defect has been repaired, has moved, or the comment stands at the wrong line. A dead comment misleads readers and
hides the same defect when it comes back, without anyone deciding so again. Names of rules that did not run
(`--select`, the pedantic profile) are not reported.

## Example

```dockerfile
FROM python:3.12.7-slim
# aiaudit: ignore[root-user] the entry point binds port 80 and drops its rights itself
USER 1000
```

## Use instead

```dockerfile
FROM python:3.12.7-slim
USER 1000
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
    id="IGN103",
    name="unused-suppression",
    summary="An ignore comment accepts nothing",
    severity=LOW,
    since="0.1.0",
)


@rule.check(IgnoreComment)
def unused_suppression(comment: IgnoreComment) -> Iterator[Finding]:
    """Every name must have accepted something."""
    for name in comment.unused:
        yield rule.at(comment.span, f"nothing here is found by {name!r}", help="remove the name or the comment")
