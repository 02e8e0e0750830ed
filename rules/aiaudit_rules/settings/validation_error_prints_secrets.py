"""The error about a missing setting prints the secrets that are there.

## What it does
Flags settings classes of pydantic 2 with a credential whose validation can fail in a way that shows it: another field
is required (the error about it prints all values that were given), or the credential itself has a limit (the error
prints what was refused), and `hide_input_in_errors` is off. `SecretStr` does not help: the error shows the input.

## Why is this bad
A start that fails because one variable is missing writes the others into the log of the platform: pydantic 2 prints
`input_value={'openai_api_key': 'sk-pr...` with the beginning and the end of the values. Logs are read by more people,
and kept longer, than secrets should be.

## Example
```python
from fastapi import FastAPI
from pydantic import SecretStr
from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    openai_api_key: SecretStr
    database_host: str


settings = Settings()
app = FastAPI()
```

## Use instead
```python
from fastapi import FastAPI
from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    model_config = SettingsConfigDict(hide_input_in_errors=True)

    openai_api_key: SecretStr
    database_host: str


settings = Settings()
app = FastAPI()
```

## References
- https://docs.pydantic.dev/latest/api/config/#pydantic.config.ConfigDict.hide_input_in_errors
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding, Step
from aiaudit.model.settings import SettingsClass
from aiaudit.rule import MEDIUM, Rule

rule = Rule(
    id="ENV107",
    name="validation-error-prints-secrets",
    summary="The error about a missing setting prints the secrets that are there",
    severity=MEDIUM,
    since="0.1.0",
    tags=("security",),
)


@rule.check(SettingsClass)
def validation_error_prints_secrets(settings: SettingsClass) -> Iterator[Finding]:
    """Classes that show a credential in their own error."""
    if settings.major < 2 or settings.option("hide_input_in_errors"):
        return
    for secret in settings.secrets:
        failing = next((field for field in settings.fields if field.required and field is not secret), None)
        if failing is None and not secret.is_limited:
            continue
        reason = f"{failing.variable} is missing" if failing is not None else "it is refused"
        yield rule.at(
            settings.cls.span,
            f"the error of {settings.name} prints {secret.variable} when {reason}",
            help="set hide_input_in_errors=True in its model_config",
            trace=[
                Step("the credential", secret.span),
                *([Step("is required", failing.span)] if failing is not None else []),
            ],
        )
        return
