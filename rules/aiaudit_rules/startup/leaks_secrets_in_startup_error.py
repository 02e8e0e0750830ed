"""A secret comes out in the log, in a response or in a file.

## What it does
Every secret variable of a boot has a value of its own that occurs nowhere else. Flags each that is found again, whole
or in large part, in the log, in a response or in a file that the container wrote. The finding says where, and never
the value.

## Why is this bad
Logs go to systems that many people read and that keep them for months. What pydantic prints of a missing field is the
worst case: the error about one variable shows the values of all others, `SecretStr` or not.

## Example
```python
# file: main.py
from fastapi import FastAPI
from pydantic import Field
from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    openai_api_key: str = Field(min_length=20)
    database_password: str = Field(min_length=8)


settings = Settings()
app = FastAPI()
```

```dockerfile
FROM python:3.11-slim
WORKDIR /srv
COPY main.py .
USER 1000
CMD ["uvicorn", "main:app", "--host", "0.0.0.0"]
```

What `aiaudit boot --format json` recorded of it (an excerpt):

```json
{"scenarios": [{
  "id": "missing:DATABASE_PASSWORD", "changed": "DATABASE_PASSWORD", "verdict": "FAILED_FAST",
  "status": "pass", "reason": "ends after 1.8 s with code 1 and names DATABASE_PASSWORD",
  "exit": {"code": 1, "seconds": 1.8},
  "canary_leaks": [{"variable": "OPENAI_API_KEY", "place": "log", "line": 6}]
}]}
```

## Use instead
```python
# file: main.py
from fastapi import FastAPI
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    model_config = SettingsConfigDict(hide_input_in_errors=True)

    openai_api_key: str = Field(min_length=20)
    database_password: str = Field(min_length=8)


settings = Settings()
app = FastAPI()
```

```dockerfile
FROM python:3.11-slim
WORKDIR /srv
COPY main.py .
USER 1000
CMD ["uvicorn", "main:app", "--host", "0.0.0.0"]
```

```json
{"scenarios": [{
  "id": "missing:DATABASE_PASSWORD", "changed": "DATABASE_PASSWORD", "verdict": "FAILED_FAST",
  "status": "pass", "reason": "ends after 1.8 s with code 1 and names DATABASE_PASSWORD",
  "exit": {"code": 1, "seconds": 1.8}
}]}
```

## References
- https://docs.pydantic.dev/latest/api/config/#pydantic.config.ConfigDict.hide_input_in_errors
- https://cwe.mitre.org/data/definitions/532.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from aiaudit.finding import Finding
from aiaudit.rule import HIGH, Rule
from aiaudit_rules.startup.shared import read_at, read_steps

if TYPE_CHECKING:
    from aiaudit.boot.record import Boot, Leak, Scenario

rule = Rule(
    id="RUN106",
    name="leaks-secrets-in-startup-error",
    summary="A secret comes out in the log, in a response or in a file",
    severity=HIGH,
    since="0.1.0",
)


@rule.observe("Boot")
def leaks_secrets_in_startup_error(boot: Boot) -> Iterator[Finding]:
    """One finding a secret, with the first place where it came out."""
    found: dict[str, list[tuple[Scenario, Leak]]] = {}
    for outcome in boot.outcomes:
        for leak in outcome.observation.leaks if outcome.observation is not None else ():
            found.setdefault(leak.variable, []).append((outcome.scenario, leak))
    known = {variable.name: variable for variable in (*boot.plan.variables, *boot.learned)}
    for name, leaks in found.items():
        scenario, first = leaks[0]
        scenarios = {one.id for one, _ in leaks}
        more = f", and in {len(scenarios) - 1} other boots" if len(scenarios) > 1 else ""
        variable = known.get(name)
        yield rule.at(
            read_at(boot, variable),
            f"the value of {name} comes out in line {first.line} of the {first.place} (boot {scenario.id}){more}",
            help="do not print settings; for pydantic: hide_input_in_errors=True in model_config, and SecretStr",
            trace=read_steps(variable),
        )
