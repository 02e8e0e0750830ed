"""An upload of any size is read into memory.

## What it does
Flags routes that read a whole upload (`await file.read()`, `request.files["file"].read()`,
`request.FILES["file"].read()`) where nothing limits its size: no comparison of the file's size or of the length of
what was read, no limit on bodies in the framework (`MAX_CONTENT_LENGTH` of Flask, `max_body_size`,
`client_max_size`), in a middleware, or in an nginx of the repository (which refuses more than 1 MiB unless told
otherwise). Django's `DATA_UPLOAD_MAX_MEMORY_SIZE` does not count files.

Reading in pieces of a fixed size is not flagged.

## Why is this bad
Servers of Python take bodies of any size by default. A file of some gigabytes, sent by accident or on purpose, is
held in memory whole, copied by each step that follows, cut into thousands of pieces that are all embedded, and paid
for.

## Example
```python
from fastapi import FastAPI, UploadFile

app = FastAPI()


@app.post("/documents")
async def add(file: UploadFile):
    content = await file.read()
    return {"lines": content.count(b"\\n")}
```

## Use instead
```python
from fastapi import FastAPI, HTTPException, UploadFile

app = FastAPI()
LARGEST = 10 * 1024 * 1024


@app.post("/documents")
async def add(file: UploadFile):
    if file.size is None or file.size > LARGEST:
        raise HTTPException(413)
    content = await file.read()
    return {"lines": content.count(b"\\n")}
```

## References
- https://fastapi.tiangolo.com/reference/uploadfile/
- https://flask.palletsprojects.com/en/stable/patterns/fileuploads/
- https://docs.djangoproject.com/en/stable/ref/settings/#data-upload-max-memory-size
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.flow.uploads import UnboundedUpload
from aiaudit.rule import MEDIUM, Rule

rule = Rule(
    id="PRM104",
    name="unbounded-upload",
    summary="An upload of any size is read into memory",
    severity=MEDIUM,
    since="0.1.0",
)


@rule.check(UnboundedUpload)
def unbounded_upload(upload: UnboundedUpload) -> Iterator[Finding]:
    """One finding a read."""
    yield rule.at(
        upload.span,
        f"{upload.route.label} reads the upload `{upload.name}` whole: nothing limits its size",
        help="refuse a file above the largest size that you can hold and afford to process, before reading it",
        trace=upload.steps,
    )
