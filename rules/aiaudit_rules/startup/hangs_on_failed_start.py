"""The start fails and the process neither ends nor serves.

## What it does
Boots the image without a required variable, or with stores that accept connections and never answer, and flags it
where the process goes on without getting ready: it logs an error and stays, it listens and answers nothing, or it
waits and does not say for what. A process that waits for a host, and says so in its log, is left alone.

## Why is this bad
Nothing is restarted, because nothing has ended. The deployment waits until its deadline, minutes later, and then says
no more than that it was not ready. An end with an error is noticed at once, and tells why.

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
CMD ["uvicorn", "main:app", "--host", "0.0.0.0", "--reload"]
```

What `aiaudit boot --format json` recorded of it (an excerpt):

```json
{"scenarios": [{
  "id": "missing:OPENAI_API_KEY", "changed": "OPENAI_API_KEY", "verdict": "HANG_AFTER_FATAL_LOG",
  "status": "fail", "reason": "its log ends with an error, but it neither ends nor listens",
  "log_excerpt": "KeyError: 'OPENAI_API_KEY'"
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
- https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#failed-deployment
- https://github.com/encode/uvicorn/discussions/2440
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from aiaudit.finding import Finding
from aiaudit.rule import HIGH, Rule
from aiaudit_rules.startup.shared import FAIL_FAST, failed, names, quoted, restarts, setting_steps, spoken, start_of

if TYPE_CHECKING:
    from aiaudit.boot.record import Boot, Outcome

rule = Rule(
    id="RUN103",
    name="hangs-on-failed-start",
    summary="The start fails and the process neither ends nor serves",
    severity=HIGH,
    since="0.1.0",
)

_VERDICTS = ("HANG", "HANG_AFTER_FATAL_LOG", "LISTENING_NOT_SERVING", "NOT_READY_5XX")


@rule.observe("Boot")
def hangs_on_failed_start(boot: Boot) -> Iterator[Finding]:
    """One finding a way of hanging, and one for stores that keep silent."""
    by_verdict: dict[str, list[Outcome]] = {}
    for outcome in failed(boot, FAIL_FAST, *_VERDICTS):
        by_verdict.setdefault(outcome.verdict, []).append(outcome)
    for found in by_verdict.values():
        yield rule.at(
            start_of(boot),
            spoken(boot, f"{names(found)} the service does not end: {found[0].reason}{quoted(boot, found[0])}"),
            help=restarts(boot),
            trace=setting_steps(boot, found),
        )
    for outcome in failed(boot, ("slow-dependency",), *_VERDICTS):
        yield rule.at(
            start_of(boot),
            spoken(boot, f"the service waits without a word: {outcome.reason}"),
            help="give the connection at startup a time-out of some seconds, and end with an error that names the host",
        )
