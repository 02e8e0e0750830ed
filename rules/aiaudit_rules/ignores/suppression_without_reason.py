"""An ignore comment that does not say why the finding is accepted.

## What it does

Reports `aiaudit: ignore[...]` comments without text after the brackets.

## Why is this bad

A finding that was accepted for a reason nobody wrote down cannot be reviewed: the next reader can neither tell whether
the reason still holds nor whether there ever was one. One short sentence after the brackets is enough. Comments of
other tools that aiaudit honours (hadolint, gitleaks, detect-secrets) have no place for a reason and are left alone.

## Example

```dockerfile
FROM python:3.12.7-slim
# aiaudit: ignore[root-user]
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
    id="IGN101",
    name="suppression-without-reason",
    summary="An ignore comment does not say why",
    severity=LOW,
    since="0.1.0",
)


@rule.check(IgnoreComment)
def suppression_without_reason(comment: IgnoreComment) -> Iterator[Finding]:
    """Every comment that names rules needs a reason."""
    if comment.names and not comment.reason:
        message = f"the comment that ignores {', '.join(comment.names)} gives no reason"
        yield rule.at(comment.span, message, help="write the reason after the brackets")
