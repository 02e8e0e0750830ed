"""Anybody may ask a model: nothing on the way looks at who is asking.

## What it does
Flags routes that reach a model and that nothing protects, in two cases:

- an application in which no route, or only a few, know who is asking, and which the repository publishes: a port of a
  container that is not bound to the loopback address, an Ingress, a load balancer, a platform's file, or CORS for any
  origin;
- a route without protection in an application most of whose routes have one.

What protects: dependencies (of the route, its routers and the application), decorators, middleware and hooks that
authenticate; FastAPI's security classes; permission classes and login requirements of Django; an answer 401 or 403 of
the program's own decision; a credential that is read from a header, a cookie, a session or the query, signatures of
webhooks included; a key of the provider that the caller brings along; and logins that a proxy, a gateway or a platform
in the repository asks for (nginx `auth_request`, traefik, oauth2-proxy, Kong, Envoy, API Gateway, Cloud Run).

## Why is this bad
A model behind an open address is found within days and used by strangers: their prompts, your bill, your provider
account's limits, and your name on what they generate.

## Example
```python
from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from openai import OpenAI

app = FastAPI()
app.add_middleware(CORSMiddleware, allow_origins=["*"])
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
import os
import secrets
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException, Security
from fastapi.middleware.cors import CORSMiddleware
from fastapi.security import APIKeyHeader
from openai import OpenAI

KEY = os.environ["SERVICE_KEY"]


def require_key(given: Annotated[str, Security(APIKeyHeader(name="X-API-Key"))]) -> None:
    if not secrets.compare_digest(given, KEY):
        raise HTTPException(401)


app = FastAPI(dependencies=[Depends(require_key)])
app.add_middleware(CORSMiddleware, allow_origins=["*"])
client = OpenAI(timeout=20, max_retries=1)


@app.get("/motto")
def motto():
    answer = client.chat.completions.create(
        model="gpt-4.1-mini", max_tokens=50, messages=[{"role": "user", "content": "A motto, please"}]
    )
    return answer.choices[0].message.content
```

A proxy that is configured elsewhere cannot be seen: accept the finding with the proxy's name as the reason.

## References
- https://fastapi.tiangolo.com/tutorial/security/
- https://owasp.org/API-Security/editions/2023/en/0xa2-broken-authentication/
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Confidence, Finding
from aiaudit.model.access import OpenRoutes
from aiaudit.rule import MEDIUM, Rule

rule = Rule(
    id="PRM402",
    name="open-model-route",
    summary="Anybody may ask a model: nothing on the way looks at who is asking",
    severity=MEDIUM,
    confidence=Confidence.MEDIUM,
    since="0.1.0",
)

EXAMPLES = 3


@rule.check(OpenRoutes)
def open_model_route(found: OpenRoutes) -> Iterator[Finding]:
    """One finding an application, or a route where others are protected."""
    labels = list(dict.fromkeys(route.label for route in found.routes))
    shown = ", ".join(labels[:EXAMPLES]) + (", ..." if len(labels) > EXAMPLES else "")
    kept = "1 other route does" if found.others == 1 else f"{found.others} other routes do"
    if len(labels) == 1 and found.others:
        message = f"{shown} reaches a model and does not ask who is calling: {kept}"
    elif found.others:
        message = f"{len(labels)} routes reach a model and do not ask who is calling, {kept}: {shown}"
    else:
        message = f"no route that reaches a model asks who is calling: {shown}"
    yield rule.at(
        found.span,
        message,
        help="require a key or a login: a dependency of the router or the application, or a check in the gateway",
        trace=found.steps,
    )
