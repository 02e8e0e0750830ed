"""The server starts failing processes again and again inside the container.

## What it does
Boots the image and flags it where child processes of the main one fail alike and are started again, while the main
process goes on as if nothing had happened.

## Why is this bad
For the orchestrator the container runs. It sees no restart, raises no alarm and keeps the failing version; each new
process loads everything again and uses a processor. The error scrolls through the log for ever.

## Example
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
CMD ["uvicorn", "main:app", "--host", "0.0.0.0", "--workers", "2"]
```

What `aiaudit boot --format json` recorded of it (an excerpt):

```json
{"scenarios": [{
  "id": "missing:OPENAI_API_KEY", "changed": "OPENAI_API_KEY", "verdict": "CRASH_LOOP_INSIDE",
  "status": "fail", "reason": "its processes fail alike and are started again (9 times), and it never ends",
  "respawns": 9, "churn": true, "log_excerpt": "KeyError: 'OPENAI_API_KEY'"
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
- https://github.com/encode/uvicorn/issues/1115
- https://github.com/encode/uvicorn/discussions/2440
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from aiaudit.finding import Finding
from aiaudit.rule import HIGH, Rule
from aiaudit_rules.startup.shared import failed, names, quoted, restarts, setting_steps, spoken, start_of

if TYPE_CHECKING:
    from aiaudit.boot.record import Boot

rule = Rule(
    id="RUN104",
    name="crash-loops-inside",
    summary="The server starts failing processes again and again inside the container",
    severity=HIGH,
    since="0.1.0",
)


@rule.observe("Boot")
def crash_loops_inside(boot: Boot) -> Iterator[Finding]:
    """One finding: the server command is what starts them."""
    families = tuple(dict.fromkeys(outcome.scenario.family for outcome in boot.outcomes))
    found = list(failed(boot, families, "CRASH_LOOP_INSIDE"))
    if not found:
        return
    missing = [outcome for outcome in found if outcome.scenario.changed]
    how = names(missing) if missing else "with everything set"
    yield rule.at(
        start_of(boot),
        spoken(boot, f"{how} the service fails inside: {found[0].reason}{quoted(boot, found[0])}"),
        help=restarts(boot),
        trace=setting_steps(boot, missing),
    )
