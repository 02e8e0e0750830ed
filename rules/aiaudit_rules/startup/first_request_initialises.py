"""The first request makes what startup should have made.

## What it does
Boots the image three times and asks a route of a model six times in each, on a stub of the API. Flags the route where
in at least two boots the first call takes 250 ms and 20 times longer than the usual one of the next five, and adds 8
MB of memory or contacts a host for the first time.

## Why is this bad
The first user after each deployment, and on each new replica, waits for imports, clients, models and connections, and
so do all who come meanwhile. What is wrong with them shows in a request instead of at startup, where it would stop a
bad deployment. Ordinary first-call work stays far below the limit: measured, 38 to 154 ms with a client made at
startup, 912 to 1041 ms with one that the route imports and makes.

## Example
```python
# file: main.py
import os

from fastapi import FastAPI

app = FastAPI()


@app.get("/tip")
def tip():
    from openai import OpenAI

    client = OpenAI(api_key=os.environ["OPENAI_API_KEY"], timeout=20)
    return client.responses.create(model="gpt-4.1-mini", input="One tip", max_output_tokens=100).output_text
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
{
  "scenarios": [
    {
      "id": "first-request",
      "action": "first-request",
      "verdict": "FIRST_REQUEST_INITIALISES",
      "status": "fail",
      "reason": "the first GET /tip takes 1041 ms, then 3 ms, in 3 of 3 fresh boots",
      "t_ready": 1.2,
      "latencies": [
        {
          "endpoint": {
            "method": "GET",
            "path": "/tip",
            "purpose": "model",
            "span": {
              "path": "main.py",
              "line": 8,
              "column": 2,
              "end_line": 8,
              "end_column": 17
            }
          },
          "first": 1.041,
          "following": [
            0.003,
            0.003
          ],
          "growth": 29360128
        }
      ]
    }
  ]
}
```

## Use instead
```python
# file: main.py
import os

from fastapi import FastAPI
from openai import OpenAI

app = FastAPI()
client = OpenAI(api_key=os.environ["OPENAI_API_KEY"], timeout=20)


@app.get("/tip")
def tip():
    return client.responses.create(model="gpt-4.1-mini", input="One tip", max_output_tokens=100).output_text
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
  "id": "first-request", "action": "first-request", "verdict": "NO_LAZY_START", "status": "pass",
  "reason": "the first GET /tip takes 88 ms, then 3 ms", "t_ready": 2.2
}]}
```

## References
- https://fastapi.tiangolo.com/advanced/events/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from aiaudit.finding import Finding
from aiaudit.rule import MEDIUM, Rule
from aiaudit_rules.startup.shared import failed, spoken, start_of

if TYPE_CHECKING:
    from aiaudit.boot.record import Boot

rule = Rule(
    id="RUN401",
    name="first-request-initialises",
    summary="The first request makes what startup should have made",
    severity=MEDIUM,
    since="0.1.0",
)

_MIB = 1 << 20


@rule.observe("Boot")
def first_request_initialises(boot: Boot) -> Iterator[Finding]:
    """At the route that was asked."""
    for outcome in failed(boot, ("first-request",), "FIRST_REQUEST_INITIALISES"):
        latencies = outcome.observation.latencies if outcome.observation is not None else ()
        first = max(latencies, key=lambda latency: latency.first, default=None)
        span = first.endpoint.span if first is not None else None
        growth = f" and adds {first.growth // _MIB} MiB" if first is not None and first.growth >= _MIB else ""
        yield rule.at(
            span or start_of(boot),
            spoken(boot, f"{outcome.reason}{growth}"),
            help="make clients, models and connections at import or in lifespan, and import their modules at the top",
        )
