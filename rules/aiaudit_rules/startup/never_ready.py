"""With everything set, the image does not get ready.

## What it does
Boots the image with a value for every variable that it requires, behind a network in which every name resolves and no
host answers, and flags it where the process ends, is killed for its memory, or answers no health route with success
within the time that it has. The same for a boot within the memory that a deploy file declares, for a second start of
the same container, and for one with another port in the variable that tells it. A service that waits for a store, and
says so, is left alone: `services` in the configuration starts one beside it.

## Why is this bad
What does not get ready here does not get ready anywhere, or depends on something that nobody has written down.

## Example
```python
# file: main.py
from fastapi import FastAPI

app = FastAPI()


@app.get("/healthz")
def healthz():
    return {"status": "ok"}
```

```dockerfile
FROM python:3.11-slim
WORKDIR /srv
COPY main.py .
USER 1000
CMD ["uvicorn", "main:application", "--host", "0.0.0.0"]
```

What `aiaudit boot --format json` recorded of it (an excerpt):

```json
{"scenarios": [{
  "id": "baseline", "status": "fail", "verdict": "EXITED", "reason": "ends after 1.2 s with code 1",
  "exit": {"code": 1, "seconds": 1.2}
}]}
```

## Use instead
```python
# file: main.py
from fastapi import FastAPI

app = FastAPI()


@app.get("/healthz")
def healthz():
    return {"status": "ok"}
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
  "id": "baseline", "verdict": "READY", "status": "pass", "reason": "ready after 1.4 s (/healthz)",
  "t_ready": 1.4
}]}
```

## References
- https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/
- https://cloud.google.com/run/docs/container-contract
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from aiaudit.finding import Finding
from aiaudit.rule import CRITICAL, HIGH, MEDIUM, Rule
from aiaudit_rules.startup.shared import quoted, spoken, start_of

if TYPE_CHECKING:
    from aiaudit.boot.record import Boot

rule = Rule(
    id="RUN201",
    name="never-ready",
    summary="With everything set, the image does not get ready",
    severity=CRITICAL,
    since="0.1.0",
)

# Boots that must get ready as the baseline did -> what to do where one does not.
_FURTHER = {
    "memory": (HIGH, "raise the limit that the deploy file declares, or load less before the first request"),
    "second-boot": (
        MEDIUM,
        "leave nothing behind that stops the next start: a PID file, a lock, half a migration",
    ),
    "port": (MEDIUM, "listen on the port that the variable names"),
}
_ADVICE = {
    "BAD_COMMAND": "name a program that the image holds, and give it the right to be executed",
    "OOM": "give it more memory (`memory` in the configuration), or load less at startup",
    "NOT_READY_5XX": "read what the health route asks for: without it the service cannot work",
}
# Told by a rule of its own.
_ELSEWHERE = ("BOUND_TO_LOOPBACK", "CRASH_LOOP_INSIDE")


@rule.observe("Boot")
def never_ready(boot: Boot) -> Iterator[Finding]:
    """The boot with everything set, else those that differ from it by one thing."""
    baseline = boot.baseline
    if baseline is not None and baseline.status == "fail" and baseline.verdict not in _ELSEWHERE:
        yield rule.at(
            start_of(boot),
            spoken(boot, f"with everything set it never gets ready: {baseline.reason}{quoted(boot, baseline)}"),
            help=_ADVICE.get(baseline.verdict, "start the image as the report shows and read its log"),
        )
        return
    for family, (severity, help) in _FURTHER.items():
        for outcome in boot.of(family):
            if outcome.status == "fail" and outcome.verdict != "SLOW_SECOND_BOOT":
                words = "" if outcome.verdict == "OOM" else quoted(boot, outcome)
                yield rule.at(
                    (boot.plan.memory_span if family == "memory" else None) or start_of(boot),
                    spoken(boot, f"it does not get ready as it did before: {outcome.reason}{words}"),
                    help=help,
                    severity=severity,
                )
