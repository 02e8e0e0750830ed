"""The start contacts hosts that no setting names.

## What it does
Boots the image in a network that answers every name and reaches nobody, and notes by name and TLS what the service
wants to reach before it is ready. Flags hosts that it knows by itself: model hubs, package indexes, providers,
telemetry. Hosts that come from a variable's dummy value are what the service was told to use, and are left out.

## Why is this bad
Each start, and each new replica, waits for somebody else's servers, and fails when they are slow, limit rates or are
down; behind a firewall it never starts. What is downloaded may be another version than what was tested.

## Example
```python
# file: main.py
from fastapi import FastAPI
from sentence_transformers import SentenceTransformer

model = SentenceTransformer("sentence-transformers/all-MiniLM-L6-v2")
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
  "id": "baseline", "verdict": "READY", "status": "pass",
  "reason": "ready after 9.0 s (/openapi.json, assumed)", "t_ready": 9.0,
  "egress": [{"host": "huggingface.co", "port": 443, "how": "tls", "seconds": 3.1}]
}]}
```

## Use instead
```python
# file: main.py
from fastapi import FastAPI
from sentence_transformers import SentenceTransformer

model = SentenceTransformer("/models/all-MiniLM-L6-v2")
app = FastAPI()
```

```dockerfile
FROM python:3.11-slim AS weights
RUN mkdir /model

FROM python:3.11-slim
WORKDIR /srv
COPY main.py .
USER 1000
COPY --from=weights /model /models/all-MiniLM-L6-v2
ENV HF_HUB_OFFLINE=1
CMD ["uvicorn", "main:app", "--host", "0.0.0.0"]
```

```json
{"scenarios": [{
  "id": "baseline", "verdict": "READY", "status": "pass",
  "reason": "ready after 6.0 s (/openapi.json, assumed)", "t_ready": 6.0
}]}
```

## References
- https://huggingface.co/docs/huggingface_hub/package_reference/environment_variables#hfhuboffline
- https://12factor.net/build-release-run
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from aiaudit.finding import Finding
from aiaudit.rule import HIGH, MEDIUM, Rule
from aiaudit_rules.startup.shared import spoken, start_of

if TYPE_CHECKING:
    from aiaudit.boot.record import Boot, Contact

rule = Rule(
    id="RUN204",
    name="downloads-at-startup",
    summary="The start contacts hosts that no setting names",
    severity=MEDIUM,
    since="0.1.0",
)

_SHOWN = 4
_WEB = (80, 443)
_DOWNLOADS = (
    "bring what is downloaded into the image at a pinned version (HF_HUB_OFFLINE=1 then keeps the hub out), and let "
    "telemetry start in the background"
)
_STORES = "let a required setting name the host, so that each environment can have its own"


@rule.observe("Boot")
def downloads_at_startup(boot: Boot) -> Iterator[Finding]:
    """What the boot with everything set contacts before it is ready; worse where it cannot start without."""
    baseline = boot.baseline
    seen = baseline.observation if baseline is not None else None
    if baseline is None or seen is None:
        return
    told = " ".join(value for _, value in baseline.scenario.environment)
    told += " ".join(f" {variable.default}" for variable in boot.plan.variables if variable.default)
    companions = {companion.name for companion in boot.plan.companions}
    hosts: dict[str, Contact] = {}
    for contact in seen.contacts:
        if (seen.ready is None or contact.seconds <= seen.ready) and _is_its_own(contact.host, told, companions):
            known = hosts.setdefault(contact.host, contact)
            if not known.port:  # a name that was only looked up: what came after it says more
                hosts[contact.host] = contact
    if not hosts:
        return
    offline = next(iter(boot.of("offline")), None)
    fails = offline is not None and offline.status == "fail"
    listed = ", ".join(_shown(contact) for contact in list(hosts.values())[:_SHOWN])
    more = f" and {len(hosts) - _SHOWN} more" if len(hosts) > _SHOWN else ""
    consequence = f"; {offline.reason}" if offline is not None and fails else ""
    yield rule.at(
        start_of(boot),
        spoken(boot, f"the start contacts {listed}{more}{consequence}"),
        help=_STORES if all(_is_store(one) for one in hosts.values()) else _DOWNLOADS,
        severity=HIGH if fails else MEDIUM,
    )


def _is_its_own(host: str, told: str, companions: set[str]) -> bool:
    """Whether no variable's value, no service beside it and no address of the machine itself is this host."""
    is_machine = host.startswith("127.") or host in ("localhost", "::1")
    return not is_machine and host not in told and host not in companions


def _shown(contact: Contact) -> str:
    port = f":{contact.port}" if contact.port else ""
    return f"{contact.host}{port} after {contact.seconds:.1f} s"


def _is_store(contact: Contact) -> bool:
    """Whether it was asked on a port that is not the web's; one that was only looked up may be either."""
    return contact.port not in (0, *_WEB)
