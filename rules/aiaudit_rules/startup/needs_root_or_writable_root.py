"""The image does not get ready as another user with a read-only root file system.

## What it does
Boots the image as user 65532 with a read-only root, a writable /tmp and no capabilities, and flags it where it does
not get ready although it did before. The finding names what it could not write.

## Why is this bad
`runAsNonRoot` and `readOnlyRootFilesystem` are what clusters demand (Kubernetes' restricted profile, OpenShift, many
policies): the image does not start there. What writes into its own files also behaves differently after each start.

## Example
```python
# file: main.py
from pathlib import Path

from fastapi import FastAPI

CACHE = Path("/srv/cache")
CACHE.mkdir(exist_ok=True)
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
  "id": "hardened", "user": "65532:65532", "read_only": true, "verdict": "NEEDS_ROOT_OR_WRITES",
  "status": "fail",
  "reason": "with a read-only root and user 65532:65532 it could not write /srv/cache: ends after 1.3 s with code 1",
  "denied": ["/srv/cache"]
}]}
```

## Use instead
```python
# file: main.py
import tempfile
from pathlib import Path

from fastapi import FastAPI

CACHE = Path(tempfile.mkdtemp())
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
  "id": "hardened", "user": "65532:65532", "read_only": true, "verdict": "READY", "status": "pass",
  "reason": "ready after 1.5 s (/openapi.json, assumed)", "t_ready": 1.5
}]}
```

## References
- https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted
- https://docs.docker.com/reference/cli/docker/container/run/#read-only
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from aiaudit.finding import Finding
from aiaudit.rule import MEDIUM, Rule
from aiaudit_rules.startup.shared import failed, quoted, spoken, start_of

if TYPE_CHECKING:
    from aiaudit.boot.record import Boot

rule = Rule(
    id="RUN205",
    name="needs-root-or-writable-root",
    summary="The image does not get ready as another user with a read-only root",
    severity=MEDIUM,
    since="0.1.0",
)


@rule.observe("Boot")
def needs_root_or_writable_root(boot: Boot) -> Iterator[Finding]:
    """The boot with a foreign user and a read-only root."""
    for outcome in failed(boot, ("hardened",), "NEEDS_ROOT_OR_WRITES"):
        yield rule.at(
            start_of(boot),
            spoken(boot, f"{outcome.reason}{quoted(boot, outcome)}"),
            help="write below /tmp or a mounted volume (HF_HOME, XDG_CACHE_HOME, MPLCONFIGDIR can point there), write "
            "bytecode and caches when the image is built, and set USER to a number",
        )
