"""Nothing limits how often a model can be asked.

## What it does
Flags an application with routes that reach a model (generation, embedding, agents, speech, images, in a request or in a
task that it queues) while nothing in the repository limits how often they are called. What counts as a limit: slowapi,
fastapi-limiter, Flask-Limiter, django-ratelimit and the like where they cover such a route or the whole application,
throttles of Django REST framework, an own middleware, dependency or check that answers 429, and limits of a gateway
that the repository configures (nginx `limit_req`, traefik, Kong, Envoy, ingress annotations, Cloud Armor, API Gateway).

One finding an application, where it is made; for Django, where the settings configure the API.

## Why is this bad
Each call costs money or occupies a model for seconds. Without a limit one client, or one loop in somebody's script,
spends the month's budget in a night, exhausts the quota of the provider's account, and starves every other user.

## Example
```python
from fastapi import FastAPI
from openai import OpenAI

app = FastAPI()
client = OpenAI(timeout=20, max_retries=1)


@app.get("/motto")
def motto():
    answer = client.chat.completions.create(
        model="gpt-4.1-mini", max_tokens=50, messages=[{"role": "user", "content": "A motto, please"}]
    )
    return answer.choices[0].message.content
```

## Use instead
```python
from fastapi import FastAPI, Request
from openai import OpenAI
from slowapi import Limiter
from slowapi.util import get_remote_address

limiter = Limiter(key_func=get_remote_address)
app = FastAPI()
app.state.limiter = limiter
client = OpenAI(timeout=20, max_retries=1)


@app.get("/motto")
@limiter.limit("10/minute")
def motto(request: Request):
    answer = client.chat.completions.create(
        model="gpt-4.1-mini", max_tokens=50, messages=[{"role": "user", "content": "A motto, please"}]
    )
    return answer.choices[0].message.content
```

An application counts as limited when at least half of the routes that reach a model are.

With several workers or replicas, keep the counters in a store that they share.

## References
- https://slowapi.readthedocs.io/
- https://www.django-rest-framework.org/api-guide/throttling/
- https://nginx.org/en/docs/http/ngx_http_limit_req_module.html
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Confidence, Finding
from aiaudit.model.limits import CostlyApplication
from aiaudit.rule import MEDIUM, Rule

rule = Rule(
    id="PRM401",
    name="no-rate-limit",
    summary="Nothing limits how often a model can be asked",
    severity=MEDIUM,
    confidence=Confidence.MEDIUM,
    since="0.1.0",
)

EXAMPLES = 3


@rule.check(CostlyApplication)
def no_rate_limit(application: CostlyApplication) -> Iterator[Finding]:
    """One finding an application."""
    if application.limited:
        return
    labels = list(dict.fromkeys(route.label for route in application.routes))
    shown = ", ".join(labels[:EXAMPLES]) + (", ..." if len(labels) > EXAMPLES else "")
    count = "1 route reaches" if len(labels) == 1 else f"{len(labels)} routes reach"
    told = f"{count} a model without any rate limit"
    if len(application.routes) < application.of:
        told = f"{len(application.routes)} of {application.of} routes that reach a model have no rate limit"
    yield rule.at(
        application.span,
        f"{told}: {shown}",
        help="limit requests by user or address (slowapi, fastapi-limiter, Flask-Limiter, DRF) or at the gateway",
        trace=application.example,
    )
