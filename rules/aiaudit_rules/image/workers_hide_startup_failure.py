"""A supervisor of worker processes hides that the application cannot start.

## What it does
Flags uvicorn with several workers: `uvicorn --workers 4`, `fastapi run --workers 4`, `WEB_CONCURRENCY` of the image,
and `uvicorn.run(..., workers=4)` in a script that the image starts. One worker is one process without a supervisor, and
gunicorn is fine: it stops when its workers cannot boot. `--reload`, which has the same effect, is what
development-server tells.

## Why is this bad
When the application cannot be imported (a missing variable, a broken dependency), every worker dies and uvicorn's
supervisor starts another one, for ever: measured with uvicorn 0.23 to 0.54, the parent did not exit after a failed
import in any of them. The container counts as running, no restart policy helps, a rollout without a
readiness probe replaces the working version, and the log repeats the same traceback.

## Example
```dockerfile
FROM python:3.13-slim
USER 1000
HEALTHCHECK CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/', timeout=2)"]
CMD ["uvicorn", "app.main:app", "--host", "0.0.0.0", "--workers", "4"]
```

## Use instead
```dockerfile
FROM python:3.13-slim
USER 1000
HEALTHCHECK CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/', timeout=2)"]
CMD ["uvicorn", "app.main:app", "--host", "0.0.0.0"]
```

Run more containers, or let gunicorn supervise: `gunicorn app.main:app -k uvicorn_worker.UvicornWorker -w 4`.

## References
- https://github.com/encode/uvicorn/issues/1115
- https://www.uvicorn.org/deployment/#running-programmatically
- https://fastapi.tiangolo.com/deployment/docker/#replication-number-of-processes
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Confidence, Finding, Step
from aiaudit.model.image import Image, Listening, served
from aiaudit.model.image.listening import CODE, ENVIRONMENT
from aiaudit.rule import HIGH, Rule
from aiaudit_rules.image.hygiene import is_beside_the_service

rule = Rule(
    id="IMG407",
    name="workers-hide-startup-failure",
    summary="A supervisor of worker processes hides that the application cannot start",
    severity=HIGH,
    since="0.1.0",
)


@rule.check(Image)
def workers_hide_startup_failure(image: Image) -> Iterator[Finding]:
    """The servers that the image starts by itself."""
    if is_beside_the_service(image):
        return
    for item in served(image):
        if not _has_supervisor(item) or item.server.reload:
            continue
        conditional = item.server.is_conditional
        yield rule.at(
            item.server.span,
            f"uvicorn with {item.workers.text} workers{_source(item)} starts dead workers again for ever: a container"
            " whose application cannot be loaded stays up",
            help="one process in a container and more containers, or gunicorn with uvicorn's worker class, which exits",
            trace=[Step(f"{item.workers.text} workers", item.workers.span)] if item.workers.origin == CODE else (),
            confidence=Confidence.MEDIUM if conditional or item.workers.origin == CODE else None,
        )


def _has_supervisor(item: Listening) -> bool:
    """Whether uvicorn's own process manager runs."""
    number = item.workers.number
    if number is None or number < 2:
        return False
    return item.server.program in ("uvicorn", "fastapi") or item.starter == "uvicorn.run"


def _source(item: Listening) -> str:
    return " (WEB_CONCURRENCY)" if item.workers.origin == ENVIRONMENT else ""
