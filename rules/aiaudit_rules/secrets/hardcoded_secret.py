"""A secret is written into the code or a settings file.

## What it does
Flags literals bound to a secret's name, by assignment, keyword argument, dict entry, header or key of a settings
file: `JWT_SECRET = "..."`, `connect(password="...")`, `{"Authorization": "Bearer ..."}`, `auth=("user", "...")`;
passwords that are hashed or set where they stand: `hash_password("...")`, `user.set_password("...")`; and literals
that let in whoever sends them, placeholders included: `if x_api_key != "...": raise HTTPException(401)`.
Names are cut into words, so that `MAX_TOKENS`, `KEY_PREFIX` or `password_hash` are no secrets. Values need the
entropy of a generated secret or, for passwords and signing keys, have to be usable; guessable ones (`postgres`,
`dev-secret`) are reported with medium severity. Names of fields and variables, paths, addresses without credentials,
references, empty strings and what clients send to servers without authentication (`EMPTY`, `ollama`) are no secrets.
Tests, examples and documents do not count, except for a value in an example file that is the one in use.

## Why is this bad
The value is the same in every environment, cannot be rotated without a release and is known to everybody who has ever
seen the repository.

## Example
```python
import jwt

JWT_SECRET = "9d1c3f6a7be24805c1f2e3d4b5a69788"


def issue(user: str) -> str:
    return jwt.encode({"sub": user}, JWT_SECRET, algorithm="HS256")
```

## Use instead
```python
import os

import jwt

JWT_SECRET = os.environ["JWT_SECRET"]


def issue(user: str) -> str:
    return jwt.encode({"sub": user}, JWT_SECRET, algorithm="HS256")
```

## References
- https://cwe.mitre.org/data/definitions/798.html
- https://12factor.net/config
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.secrets import HARDCODED, Secret
from aiaudit.rule import HIGH, Rule

rule = Rule(
    id="KEY102",
    name="hardcoded-secret",
    summary="A secret is written into the code or a settings file",
    severity=HIGH,
    since="0.1.0",
    aliases=("S105", "S106", "B105", "B106"),
)


@rule.check(Secret)
def hardcoded_secret(secret: Secret) -> Iterator[Finding]:
    """Literals that are no provider's key."""
    if secret.place != HARDCODED:
        return
    where = f" in {secret.where}" if secret.where else ": whoever sends it is let in" if secret.opens else ""
    yield rule.at(
        secret.span,
        f"{secret.title}{secret.bound} is hard-coded{where}",
        help="read it from the environment or a secret store, and change the value that has been published",
        severity=secret.severity,
        confidence=secret.confidence,
        related=secret.related,
    )
