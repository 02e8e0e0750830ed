"""A required setting takes an empty text for a value.

## What it does
Flags required text fields of settings classes without a minimum length, where a file of the repository gives the
variable an empty text: a compose file that passes `${NAME}` on (empty where the host does not set it), `NAME=` in an
environment file or in the example that people copy. `env_ignore_empty=True`, `min_length=1`, a pattern or a validator
of the field make it right.

## Why is this bad
The field has no default so that the service does not start without it, and then starts with `""`: the variable is set,
after all. The key is empty, the first call of a model fails with a 401 that names neither the variable nor the file.

## Example
```python
from fastapi import FastAPI
from pydantic import SecretStr
from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    openai_api_key: SecretStr


settings = Settings()
app = FastAPI()
```

```yaml
# file: compose.yaml
services:
  api:
    build: .
    environment:
      OPENAI_API_KEY: ${OPENAI_API_KEY}
```

## Use instead
```python
from fastapi import FastAPI
from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_ignore_empty=True)

    openai_api_key: SecretStr


settings = Settings()
app = FastAPI()
```

```yaml
# file: compose.yaml
services:
  api:
    build: .
    environment:
      OPENAI_API_KEY: ${OPENAI_API_KEY:?is not set}
```

## References
- https://docs.pydantic.dev/latest/concepts/pydantic_settings/
- https://docs.docker.com/reference/compose-file/interpolation/
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding, Step
from aiaudit.model.settings import EmptySetting
from aiaudit.rule import LOW, Rule

rule = Rule(
    id="ENV108",
    name="empty-value-accepted",
    summary="A required setting takes an empty text for a value",
    severity=LOW,
    since="0.1.0",
)


@rule.check(EmptySetting)
def empty_value_accepted(setting: EmptySetting) -> Iterator[Finding]:
    """Fields that something leaves empty."""
    field = setting.field
    yield rule.at(
        field.span,
        f"{setting.owner.name}.{field.name} is required and takes an empty text: {field.variable} {setting.how}",
        help="set env_ignore_empty=True in the model_config, or give the field min_length=1",
        trace=[Step("is required here", field.span), Step(setting.how, setting.given)],
    )
