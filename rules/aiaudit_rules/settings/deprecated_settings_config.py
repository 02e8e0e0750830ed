"""A settings class is configured with a nested class.

## What it does
Flags `class Config` inside a settings class of pydantic 2 (`pydantic-settings`, or pydantic pinned at 2 and above).

## Why is this bad
Pydantic 2 warns about it at every start and will remove it in version 3. Options that were renamed are ignored there
without an error, and so the class quietly does not do what it says.

## Example
```python
from fastapi import FastAPI
from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    chat_model: str = "gpt-4.1-mini"

    class Config:
        env_file = ".env"


settings = Settings()
app = FastAPI()
```

## Use instead
```python
from fastapi import FastAPI
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_file=".env")

    chat_model: str = "gpt-4.1-mini"


settings = Settings()
app = FastAPI()
```

## References
- https://docs.pydantic.dev/latest/migration/#changes-to-config
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.settings import SettingsClass
from aiaudit.rule import LOW, Rule

rule = Rule(
    id="ENV105",
    name="deprecated-settings-config",
    summary="A settings class is configured with a nested class",
    severity=LOW,
    since="0.1.0",
)


@rule.check(SettingsClass)
def deprecated_settings_config(settings: SettingsClass) -> Iterator[Finding]:
    """Nested classes of pydantic 2."""
    if settings.old_config is None or settings.major < 2:
        return
    yield rule.at(
        settings.old_config,
        f"{settings.name} is configured with class Config, which pydantic 2 deprecates",
        help="write model_config = SettingsConfigDict(...) with the same options",
    )
