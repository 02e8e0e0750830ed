"""A model of the hub is fetched in whatever state it is in.

## What it does
Flags `from_pretrained`, `snapshot_download`, `hf_hub_download`, `SentenceTransformer(...)` and `CrossEncoder(...)` with
a name of the Hugging Face hub (`account/model`, well-known short names) and without `revision`: in the service's code,
in scripts that an image runs when it is built, and in RUN; likewise `hf download` without `--revision`. Each model
is reported once.

Folders (`./model`, `models/...`, what lies in the repository), `local_files_only`, and arguments that are passed on
from elsewhere are left alone.

## Why is this bad
A name on the hub is a git branch. Whoever owns it may change weights, tokenizer or, with `trust_remote_code`, the code
that is run; the next start or build takes it. Answers change, an index that was embedded with the old weights no longer
fits, and no deployment shows why.

## Example
```python
from fastapi import FastAPI
from sentence_transformers import SentenceTransformer

app = FastAPI()
encoder = SentenceTransformer("BAAI/bge-small-en-v1.5")
```

## Use instead
```python
from fastapi import FastAPI
from sentence_transformers import SentenceTransformer

app = FastAPI()
encoder = SentenceTransformer("BAAI/bge-small-en-v1.5", revision="5c38ec7c405ec4b44b94cc5a9bb96e735b38267a")
```

## References
- https://huggingface.co/docs/huggingface_hub/guides/download
- https://huggingface.co/docs/transformers/main_classes/model#transformers.PreTrainedModel.from_pretrained.revision
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding, Step
from aiaudit.model.revisions import FloatingModel
from aiaudit.rule import LOW, Rule

rule = Rule(
    id="IMG309",
    name="model-revision-not-pinned",
    summary="A model of the hub is fetched in whatever state it is in",
    severity=LOW,
    since="0.1.0",
    aliases=("B615",),
)


@rule.check(FloatingModel)
def model_revision_not_pinned(model: FloatingModel) -> Iterator[Finding]:
    """Models by name alone."""
    yield rule.at(
        model.span,
        f"{model.call} takes {model.name} from the hub in whatever state its main branch is in",
        help="name the commit: revision=..., or `--revision` of `hf download`",
        related=[Step("fetched here as well", span) for span in model.others[:5]],
    )
