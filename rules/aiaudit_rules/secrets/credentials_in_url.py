"""A URL carries its password.

## What it does
Flags `scheme://user:password@host` with a literal password in code, settings and environment files. A password that
is a variable or a placeholder (`${PASSWORD}`, `{password}`, `%s`) is right. `user:password@localhost` counts, as a
guessable password with medium severity: it is what the service connects with when nothing else is set. URLs in tests,
examples, documents, comments and CI pipelines do not count; those in a Dockerfile, a deploy file or a default are
reported by `secret-in-image`, `secret-in-deploy-file` and `secret-default`.

## Why is this bad
URLs are logged, shown in error messages and process lists, and passed on; the password goes with them.

## Example
```python
from sqlalchemy import create_engine

engine = create_engine(
    "postgresql://rag:h7Kq2mXw9Rt4@db.internal:5432/rag",
    connect_args={"connect_timeout": 5},
)
```

## Use instead
```python
import os

from sqlalchemy import create_engine

engine = create_engine(os.environ["DATABASE_URL"], connect_args={"connect_timeout": 5})
```

## References
- https://cwe.mitre.org/data/definitions/522.html
- https://www.rfc-editor.org/rfc/rfc3986#section-3.2.1
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.secrets import LINK, Secret
from aiaudit.rule import HIGH, Rule

rule = Rule(
    id="KEY105",
    name="credentials-in-url",
    summary="A URL carries its password",
    severity=HIGH,
    since="0.1.0",
    aliases=(),
)


@rule.check(Secret)
def credentials_in_url(secret: Secret) -> Iterator[Finding]:
    """Literal passwords in URLs."""
    if secret.place != LINK:
        return
    yield rule.at(
        secret.span,
        f"{secret.title}{secret.bound} is committed",
        help="take the whole URL, or its password, from the environment",
        severity=secret.severity,
        confidence=secret.confidence,
        related=secret.related,
    )
