"""A look-up of a secret falls back to a literal.

## What it does
Flags literals that are used when a variable is missing: `os.getenv("NAME", "...")`, `os.environ.get("NAME") or
"..."`, `config("NAME", default="...")`, the default of a field in a settings class, of a parameter or of a
command-line option. The literal may be a real secret, a guessable one or, for passwords and signing keys, a
placeholder. `""` and `None` are another matter (`empty-default-for-required-setting`).

## Why is this bad
The service comes up without its configuration and runs on a value that anybody can read in the repository. A
forgotten variable becomes an open door instead of a failed start.

## Example
```python
import os

JWT_SECRET_KEY = os.getenv("JWT_SECRET_KEY", "change-me-in-production")
```

## Use instead
```python
import os

JWT_SECRET_KEY = os.environ["JWT_SECRET_KEY"]
```

## References
- https://cwe.mitre.org/data/definitions/1188.html
- https://docs.pydantic.dev/latest/concepts/pydantic_settings/
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.secrets import DEFAULT, Secret
from aiaudit.rule import HIGH, Rule

rule = Rule(
    id="KEY104",
    name="secret-default",
    summary="A look-up of a secret falls back to a literal",
    severity=HIGH,
    since="0.1.0",
    aliases=("S107", "B107"),
)


@rule.check(Secret)
def secret_default(secret: Secret) -> Iterator[Finding]:
    """Defaults of look-ups, fields, parameters and options."""
    if secret.place != DEFAULT:
        return
    name = secret.fact.name or "the setting"
    yield rule.at(
        secret.span,
        f"{name} falls back to a committed value: {secret.title}",
        help="drop the default, so that a missing variable stops the start",
        severity=secret.severity,
        confidence=secret.confidence,
        related=secret.related,
    )
