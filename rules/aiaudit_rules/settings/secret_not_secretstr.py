"""A secret is a plain text in the settings.

## What it does
Flags fields of settings classes that hold a credential by their name and are typed `str`. One finding a field.

## Why is this bad
The value is part of `repr(settings)`, of tracebacks with local variables, of logged and serialised settings. A
`SecretStr` shows `**********` there and gives its value only to who asks for it.

## Example
```python
from fastapi import FastAPI
from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    openai_api_key: str


settings = Settings()
app = FastAPI()
```

## Use instead
```python
from fastapi import FastAPI
from pydantic import SecretStr
from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    openai_api_key: SecretStr


settings = Settings()
app = FastAPI()
```

## References
- https://docs.pydantic.dev/latest/examples/secrets/
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.settings import SettingsClass
from aiaudit.rule import LOW, Rule

rule = Rule(
    id="ENV106",
    name="secret-not-secretstr",
    summary="A secret is a plain text in the settings",
    severity=LOW,
    since="0.1.0",
    profile="pedantic",
    tags=("security",),
)


@rule.check(SettingsClass)
def secret_not_secretstr(settings: SettingsClass) -> Iterator[Finding]:
    """Credentials without a type that masks them."""
    for field in settings.secrets:
        if not field.is_masked and field.span.path == settings.cls.module.path:
            yield rule.at(
                field.span,
                f"{settings.name}.{field.name} holds a credential as plain text",
                help="type it SecretStr, and call get_secret_value() where the value is needed",
            )
