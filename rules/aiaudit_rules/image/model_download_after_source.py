"""Model weights are fetched after the source has been copied.

## What it does
Flags the first COPY or ADD of code ahead of a RUN that downloads weights or data: `huggingface-cli download`,
`snapshot_download`, `from_pretrained`, `SentenceTransformer(...)`, `spacy download`, `whisper.load_model`,
`nltk.download` and their like, on the command line, in `python -c`, or in a program of the repository that the RUN runs
(`python -m app.fetch`), also where what it calls loads the model. A COPY of that program and of what it imports is
right. A COPY that source-before-dependencies reports is not reported again.

## Why is this bad
The download belongs to a layer that is rebuilt whenever the source in front of it changes: each build fetches the same
weights again, slower and larger than anything else in the image, and fails when the hub is down or limits the rate.

## Example
```dockerfile
FROM python:3.12-slim
WORKDIR /app
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
COPY app app
RUN python -c "from faster_whisper import WhisperModel; WhisperModel('small')"
```

```text
# file: requirements.txt
faster-whisper==1.1.1
```

```python
# file: app/main.py
from fastapi import FastAPI

app = FastAPI()
```

## Use instead
```dockerfile
FROM python:3.12-slim
WORKDIR /app
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
RUN python -c "from faster_whisper import WhisperModel; WhisperModel('small')"
COPY app app
```

```text
# file: requirements.txt
faster-whisper==1.1.1
```

```python
# file: app/main.py
from fastapi import FastAPI

app = FastAPI()
```

## References
- https://docs.docker.com/build/cache/optimize/
- https://huggingface.co/docs/huggingface_hub/guides/download
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding, Step
from aiaudit.model.image import Download, Image
from aiaudit.model.image.order import premature_before_downloads
from aiaudit.rule import HIGH, Rule
from aiaudit_rules.image.shared import listed

rule = Rule(
    id="IMG103",
    name="model-download-after-source",
    summary="Model weights are fetched after the source has been copied",
    severity=HIGH,
    since="0.1.0",
)


@rule.check(Image)
def model_download_after_source(image: Image) -> Iterator[Finding]:
    """One finding for each stage's first COPY ahead of a download."""
    for found in premature_before_downloads(image):
        downloads = [entry.work for entry in found.repeated if isinstance(entry.work, Download)]
        first = downloads[0]
        what = f"{first.what} in {first.script}" if first.script else first.what
        yield rule.at(
            image.span(found.layer.instruction.extent),
            f"a change of {listed(found.files, 2)} fetches the model again ({what})",
            help="download the model before the source is copied"
            + (
                f"; copy {first.script} {'and what it imports' if first.needed else 'alone'} for it"
                if first.script
                else ""
            ),
            trace=[
                Step(f"brings {listed(found.files, 3)}", image.span(found.layer.instruction.extent)),
                *(Step(f"is repeated: {work.what}", image.span(work.command.extent)) for work in downloads[:5]),
            ],
            related=[Step("comes too early as well", image.span(layer.instruction.extent)) for layer in found.others],
        )
