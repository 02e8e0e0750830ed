"""What the service prints waits in a buffer.

## What it does
Flags an image whose server runs on Python without `PYTHONUNBUFFERED` (in the image, in a parent stage, in the entry
script) and without `python -u`, when code that the image carries calls `print` to standard output without `flush=True`.
Log records are not affected: logging flushes every record. celery, which turns prints into log records, is left alone,
and so is an image where every deploy file of the repository sets the variable.

## Why is this bad
Without a terminal Python keeps 8 KB of printed text before it writes any. The last lines before a crash, a kill for
memory or a time-out are the ones that would explain it, and they are lost; while the service runs, `docker logs` lags
behind.

## Example
```dockerfile
FROM python:3.13-slim
WORKDIR /srv
COPY app app
USER 1000
HEALTHCHECK CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/', timeout=2)"]
CMD ["uvicorn", "app.main:app", "--host", "0.0.0.0"]
```

```python
# file: app/main.py
from fastapi import FastAPI

app = FastAPI()
print("service ready")
```

## Use instead
```dockerfile
FROM python:3.13-slim
ENV PYTHONUNBUFFERED=1
WORKDIR /srv
COPY app app
USER 1000
HEALTHCHECK CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/', timeout=2)"]
CMD ["uvicorn", "app.main:app", "--host", "0.0.0.0"]
```

```python
# file: app/main.py
from fastapi import FastAPI

app = FastAPI()
print("service ready")
```

## References
- https://docs.python.org/3/using/cmdline.html#envvar-PYTHONUNBUFFERED
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding, Step
from aiaudit.model.image import Image, Server
from aiaudit.model.image.bases import is_plain
from aiaudit.model.image.printing import buffered_prints
from aiaudit.model.image.starts import starts
from aiaudit.rule import LOW, Rule
from aiaudit_rules.image.hygiene import is_beside_the_service

rule = Rule(
    id="IMG405",
    name="buffered-output",
    summary="What the service prints waits in a buffer",
    severity=LOW,
    since="0.1.0",
)

_VARIABLE = "PYTHONUNBUFFERED"


@rule.check(Image)
def buffered_output(image: Image) -> Iterator[Finding]:
    """The final stage."""
    stage, servers = image.final, [server for server in image.servers if server.program != "celery"]
    if is_beside_the_service(image) or not servers or not is_plain(stage.root_base):
        return
    if any(map(_is_unbuffered, servers)) or stage.environment.get(_VARIABLE):
        return
    deployed = starts(image)[1:]
    if deployed and all(any(item.name == _VARIABLE for item in start.environment) for start in deployed):
        return
    prints = buffered_prints(image, servers)
    if not prints:
        return
    files = sorted({span.path for span in prints})
    where = files[0] if len(files) == 1 else f"{len(files)} files"
    yield rule.at(
        image.span(stage.start.words[0].extent),
        f"what the service prints ({where}) waits in a buffer: no PYTHONUNBUFFERED in the image",
        help="ENV PYTHONUNBUFFERED=1, or log instead of printing",
        trace=[Step("prints to standard output", span) for span in prints[:3]],
    )


def _is_unbuffered(server: Server) -> bool:
    return bool(server.variable(_VARIABLE)) or (server.words[:1] != () and "-u" in server.words[1:3])
