"""Requests keep state on the local disk of one host.

## What it does
Flags code of a request that writes what the request brings, or what the service has gathered, to the local disk and
leaves it there: uploads, indexes (`faiss.write_index`, `save_local`, a Chroma directory), rows of a SQLite file, JSON
and CSV files. One finding a function, one a database; the trace leads from the route to the write.

Files in temporary folders are left alone unless their path is put into a queue (the worker may have another disk), and
so are those that the same request deletes or sends back, logs, caches, files that are written only where there is none,
and everything that an administrator's script writes.

What a library runs at a moment of its own (a tool that an agent is given, a listener) has medium confidence, and so
has what goes into a bucket where the configuration says so: another class of the same kind or another branch keeps
files there, or the same function puts there what it has written. What is only written where a variable of the
environment is set that has no value of its own has it as well.

## Why is this bad
The next request may be answered by another replica, which does not have the file. A container's disk is gone with the
container: each deployment, restart or move to another node loses what users have uploaded, and the disk of a
container that lives long fills up.

## Example
```python
from pathlib import Path

from fastapi import FastAPI, UploadFile

app = FastAPI()
UPLOADS = Path("uploads")


@app.post("/documents")
async def upload(file: UploadFile):
    target = UPLOADS / (file.filename or "document.pdf")
    target.write_bytes(await file.read(10_000_000))
    return {"name": target.name}
```

## Use instead
```python
import boto3
from botocore.config import Config
from fastapi import FastAPI, UploadFile

app = FastAPI()
storage = boto3.client("s3", config=Config(connect_timeout=2, read_timeout=10, retries={"max_attempts": 2}))


@app.post("/documents")
def upload(file: UploadFile):
    storage.upload_fileobj(file.file, "documents", file.filename or "document.pdf")
    return {"name": file.filename}
```

## References
- https://12factor.net/processes
- https://12factor.net/backing-services
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding, Step
from aiaudit.model.local_files import LocalFile
from aiaudit.rule import MEDIUM, Rule

rule = Rule(
    id="LIF202",
    name="request-state-on-local-disk",
    summary="Requests keep state on the local disk of one host",
    severity=MEDIUM,
    since="0.1.0",
)


@rule.check(LocalFile)
def request_state_on_local_disk(written: LocalFile) -> Iterator[Finding]:
    """One finding a function, one a database."""
    label = written.reach.entry.label
    steps = [*written.reach.steps(), Step(f"writes {written.what}", written.writes[0])]
    yield rule.at(
        written.writes[0],
        f"{label} writes {written.what} to the local disk and leaves it there",
        help="keep it in an object store or a database that all replicas share, or delete it before the answer",
        trace=[*steps, written.made] if written.made is not None else steps,
        related=[Step("writes as well", span) for span in written.writes[1:]],
        confidence=written.confidence,
    )
