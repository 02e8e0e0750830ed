"""The image gets ready although a setting is missing that it cannot work without.

## What it does
Boots the image with every variable set, and then without one required variable at a time, with an empty one, and with
a value that a typed one cannot have. Flags each of these boots that gets ready all the same. What is required is what
the settings classes and look-ups of the code, and the clients that read a key themselves, cannot do without, and what
`required` in the configuration adds. It counts only where the same image gets ready with everything set, in the same
run, and where a second boot shows the same.

## Why is this bad
The deployment succeeds, the health check passes, traffic comes, and the first request that needs the setting fails,
often with an error that names a client library. A start that fails is seen before any user is.

## Example
```python
# file: main.py
import os

from fastapi import FastAPI
from openai import OpenAI

app = FastAPI()
client = OpenAI(api_key=os.getenv("OPENAI_API_KEY", "unset"), timeout=20)
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
  "id": "missing:OPENAI_API_KEY", "changed": "OPENAI_API_KEY", "verdict": "STARTED_WITHOUT_VAR",
  "status": "fail", "reason": "ready after 2.1 s without OPENAI_API_KEY", "t_ready": 2.1
}]}
```

## Use instead
```python
# file: main.py
import os

from fastapi import FastAPI
from openai import OpenAI

app = FastAPI()
client = OpenAI(api_key=os.environ["OPENAI_API_KEY"], timeout=20)
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
  "id": "missing:OPENAI_API_KEY", "changed": "OPENAI_API_KEY", "verdict": "FAILED_FAST", "status": "pass",
  "reason": "ends after 1.9 s with code 1 and names OPENAI_API_KEY", "exit": {"code": 1, "seconds": 1.9}
}]}
```

## References
- https://12factor.net/config
- https://docs.pydantic.dev/latest/concepts/pydantic_settings/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from aiaudit.finding import Finding
from aiaudit.rule import HIGH, LOW, MEDIUM, Rule
from aiaudit_rules.startup.shared import ABOUT_ONE, failed, names, read_at, read_steps, spoken, start_of, variable_of

if TYPE_CHECKING:
    from aiaudit.boot.record import Boot, Outcome

rule = Rule(
    id="RUN101",
    name="starts-without-required-setting",
    summary="The image gets ready although a setting is missing that it cannot work without",
    severity=HIGH,
    since="0.1.0",
)

# How bad it is by what the boot differs in: a value that is there but wrong is rarer.
_SEVERITIES = {"missing": HIGH, "empty": MEDIUM, "invalid": LOW}


@rule.observe("Boot")
def starts_without_required_setting(boot: Boot) -> Iterator[Finding]:
    """The worst boot of each variable; the one without any only where no other tells."""
    by_variable: dict[str, list[Outcome]] = {}
    for outcome in failed(boot, ABOUT_ONE, "STARTED_WITHOUT_VAR", "STARTED_WITH_INVALID"):
        variable = variable_of(boot, outcome)
        if variable is None or variable.required:
            by_variable.setdefault(outcome.scenario.changed, []).append(outcome)
    for outcomes in by_variable.values():
        worst = min(outcomes, key=lambda outcome: ABOUT_ONE.index(outcome.scenario.family))
        variable = variable_of(boot, worst)
        also = f"; so it does {names(others)}" if (others := [one for one in outcomes if one is not worst]) else ""
        yield rule.at(
            read_at(boot, variable),
            spoken(boot, f"the service is {worst.reason}{also}"),
            help=f"fail at startup: require {worst.scenario.changed} in a settings class that is made at import, "
            "with the type and the length that it must have",
            trace=read_steps(variable),
            severity=_SEVERITIES[worst.scenario.family],
        )
    if not by_variable:
        for outcome in failed(boot, ("no-env",), "STARTED_WITHOUT_VAR"):
            yield rule.at(
                start_of(boot),
                spoken(boot, f"the service is {outcome.reason}"),
                help="fail at startup, and name every variable that is missing",
            )
