"""The start fails and the process ends with code 0, as if all were well.

## What it does
Boots the image without a required variable (or with one that is empty or of the wrong kind) and flags it where the
process then ends with exit code 0.

## Why is this bad
Orchestrators read the code: 0 means that the work is done. A Job is called complete, a container with `restart:
on-failure` is not started again, a pipeline goes on, and nobody is told that there is no service.

## Example
```python
# file: main.py
import os
import sys

from fastapi import FastAPI

if "SERVICE_TOKEN" not in os.environ:
    print("SERVICE_TOKEN is missing")
    sys.exit(0)
TOKEN = os.environ["SERVICE_TOKEN"]

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
  "id": "missing:SERVICE_TOKEN", "changed": "SERVICE_TOKEN", "verdict": "EXIT_ZERO", "status": "fail",
  "reason": "ends after 0.9 s with code 0", "exit": {"code": 0, "seconds": 0.9}
}]}
```

## Use instead
```python
# file: main.py
import os
import sys

from fastapi import FastAPI

if "SERVICE_TOKEN" not in os.environ:
    sys.exit("SERVICE_TOKEN is missing")
TOKEN = os.environ["SERVICE_TOKEN"]

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
  "id": "missing:SERVICE_TOKEN", "changed": "SERVICE_TOKEN", "verdict": "FAILED_FAST", "status": "pass",
  "reason": "ends after 0.9 s with code 1 and names SERVICE_TOKEN", "exit": {"code": 1, "seconds": 0.9}
}]}
```

## References
- https://docs.docker.com/engine/containers/start-containers-automatically/
- https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#restart-policy
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from aiaudit.finding import Finding
from aiaudit.rule import HIGH, Rule
from aiaudit_rules.startup.shared import FAIL_FAST, failed, names, quoted, setting_steps, spoken, start_of

if TYPE_CHECKING:
    from aiaudit.boot.record import Boot

rule = Rule(
    id="RUN102",
    name="exits-zero-on-failed-start",
    summary="The start fails and the process ends with code 0",
    severity=HIGH,
    since="0.1.0",
)

_UVICORN = (
    "end with another code than 0: `uvicorn --workers` ends with 0 when lifespan fails in its workers; start one "
    "process in a container, or check settings at import"
)


@rule.observe("Boot")
def exits_zero_on_failed_start(boot: Boot) -> Iterator[Finding]:
    """One finding: the command is what ends so, whatever is missing."""
    found = list(failed(boot, FAIL_FAST, "EXIT_ZERO"))
    if not found:
        return
    is_uvicorns = boot.plan.server == "uvicorn" and boot.plan.workers > 1
    yield rule.at(
        start_of(boot),
        spoken(boot, f"{names(found)} the service {found[0].reason}, as if it had succeeded{quoted(boot, found[0])}"),
        help=_UVICORN if is_uvicorns else "end with another code than 0: raise, or sys.exit() with a message",
        trace=setting_steps(boot, found),
    )
