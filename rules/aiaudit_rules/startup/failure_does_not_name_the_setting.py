"""The start fails without a setting, and the log does not say which one.

## What it does
Boots the image without a required variable and flags it where the process ends with an error whose last lines do not
name the variable: neither by its name nor by the field or alias that the settings class has for it.

## Why is this bad
Whoever deploys sees a traceback of a library ("No API key was provided") and has to read the code to learn what to
set. With several variables missing it takes one deployment for each.

## Example
```python
# file: main.py
import os

from fastapi import FastAPI
from google import genai

app = FastAPI()
client = genai.Client(api_key=os.getenv("GEMINI_API_KEY"))


@app.get("/tip")
def tip():
    return {"tip": client.models.generate_content(model="gemini-2.5-flash", contents="One tip").text}
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
  "id": "missing:GEMINI_API_KEY", "changed": "GEMINI_API_KEY", "verdict": "FAILED_UNNAMED", "status": "fail",
  "reason": "ends after 3.1 s with code 1; 'No API key was provided' stands for GEMINI_API_KEY but does not name it",
  "exit": {"code": 1, "seconds": 3.1}
}]}
```

## Use instead
```python
# file: main.py
import os

from fastapi import FastAPI
from google import genai

app = FastAPI()
client = genai.Client(api_key=os.environ["GEMINI_API_KEY"])


@app.get("/tip")
def tip():
    return {"tip": client.models.generate_content(model="gemini-2.5-flash", contents="One tip").text}
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
  "id": "missing:GEMINI_API_KEY", "changed": "GEMINI_API_KEY", "verdict": "FAILED_FAST", "status": "pass",
  "reason": "ends after 3.1 s with code 1 and names GEMINI_API_KEY", "exit": {"code": 1, "seconds": 3.1}
}]}
```

## References
- https://docs.pydantic.dev/latest/concepts/pydantic_settings/
- https://docs.python.org/3/library/os.html#os.environ
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from aiaudit.finding import Finding
from aiaudit.rule import LOW, Rule
from aiaudit_rules.startup.shared import (
    ABOUT_ONE,
    FAIL_FAST,
    failed,
    names,
    quoted,
    read_at,
    read_steps,
    spoken,
    variable_of,
)

if TYPE_CHECKING:
    from aiaudit.boot.record import Boot

rule = Rule(
    id="RUN105",
    name="failure-does-not-name-the-setting",
    summary="The start fails without a setting and does not say which one",
    severity=LOW,
    since="0.1.0",
)


@rule.observe("Boot")
def failure_does_not_name_the_setting(boot: Boot) -> Iterator[Finding]:
    """The first boot of each variable; the one without any where it alone tells nothing."""
    seen: set[str] = set()
    for outcome in failed(boot, FAIL_FAST, "FAILED_UNNAMED"):
        name = outcome.scenario.changed
        if name in seen or (seen and outcome.scenario.family not in ABOUT_ONE):
            continue
        seen.add(name)
        variable = variable_of(boot, outcome)
        yield rule.at(
            read_at(boot, variable),
            spoken(boot, f"{names([outcome])} the service {outcome.reason}{quoted(boot, outcome)}"),
            help=f'name it in the error: os.environ["{name}"], or a settings class that requires it'
            if name
            else "name what is missing: a settings class that requires its fields lists them all",
            trace=read_steps(variable),
        )
