"""Source code enters a stage before an install that does not need it.

## What it does
Follows the layers of each stage, through the stages that it is built on, and flags the first COPY or ADD that brings
code ahead of an expensive install: pip, uv, poetry, pdm, pipenv, conda, apt, apk, dnf, npm, yarn, pnpm and their like.
What an install reads is known: its requirement files and those that they include, the manifests and locks that its tool
looks up, bind mounts, local packages. A COPY that brings only those is right. So is an install of the project itself
behind a layer that has installed its dependencies. Images that install the project and its dependencies in one step
are flagged too, because the dependencies need no source, be it the whole context that is copied or the package's folder
alone: with less severity for pip, which has no command of its own for the first half, and not for a package's folder
whose project requires one or two light packages. A bind mount of the whole context in the install's own RUN counts like
a COPY ahead of it: BuildKit makes the layer depend on all that is mounted. Severity is low with a cache mount, and
where wheels of an earlier stage are installed without an index.

The message prices what is repeated: packages and bytes by the lock file where there is a uv.lock, otherwise the
packages that are asked for and what was measured of the heaviest of them.

## Why is this bad
A layer is reused only while all layers before it are unchanged. Code changes with each commit, so each build downloads
and installs every dependency again: minutes and gigabytes for an AI service, in CI and at each deployment.

## Example
```dockerfile
FROM python:3.12-slim
WORKDIR /app
COPY . .
RUN pip install --no-cache-dir -r requirements.txt
CMD ["uvicorn", "app.main:app", "--host", "0.0.0.0"]
```

```text
# file: requirements.txt
fastapi==0.115.6
uvicorn==0.34.0
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
COPY . .
CMD ["uvicorn", "app.main:app", "--host", "0.0.0.0"]
```

```text
# file: requirements.txt
fastapi==0.115.6
uvicorn==0.34.0
```

```python
# file: app/main.py
from fastapi import FastAPI

app = FastAPI()
```

With uv: copy `pyproject.toml` and `uv.lock`, run `uv sync --locked --no-install-project`, copy the source, run
`uv sync --locked`. With poetry: `poetry install --no-root` first.

## Fix safety
The fix copies the requirement files alone, moves the install in front of the COPY and leaves the rest. It is unsafe: an
install that relied on another file of the source would no longer find it.

## References
- https://docs.docker.com/build/cache/optimize/
- https://docs.astral.sh/uv/guides/integration/docker/#intermediate-layers
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from aiaudit.finding import Confidence, Finding, Severity, Step
from aiaudit.model.image import Image, Input, Install, Presence
from aiaudit.model.image.order import Premature, premature_copies
from aiaudit.model.weights import price
from aiaudit.rule import HIGH, Rule
from aiaudit_rules.image.shared import listed, shortened, size
from aiaudit_rules.image.source_before_dependencies_fix import reordered

rule = Rule(
    id="IMG101",
    name="source-before-dependencies",
    summary="Source code enters a stage before an install that does not need it",
    severity=HIGH,
    since="0.1.0",
)

_REMEDIES = {
    "uv": "copy pyproject.toml and uv.lock, run `uv sync --no-install-project`, then copy the source and sync again",
    "poetry": "copy pyproject.toml and poetry.lock, run `poetry install --no-root`, then copy the source",
    "pdm": "copy pyproject.toml and pdm.lock, run `pdm install --no-self`, then copy the source",
}


@rule.check(Image)
def source_before_dependencies(image: Image) -> Iterator[Finding]:
    """One finding for each stage's first COPY that comes too early."""
    for found in premature_copies(image):
        installs = [entry.work for entry in found.repeated if isinstance(entry.work, Install)]
        first = installs[0]
        count = len(installs)
        more = f", and {count - 1} more install{'s' if count > 2 else ''}" if count > 1 else ""
        yield rule.at(
            image.span(found.layer.instruction.extent),
            f"a change of {_brought(found)} repeats `{shortened(first.text)}`, which {_reads(first)}{more}"
            f"{_cost(installs, image)}",
            help=_remedy(first, found.layer.keyword == "RUN"),
            trace=_trace(image, found),
            related=[Step("comes too early as well", image.span(layer.instruction.extent)) for layer in found.others],
            severity=_severity(installs),
            confidence=_confidence(installs),
            fix=reordered(image, found),
        )


def _brought(found: Premature) -> str:
    names = listed(found.files, 2)
    return f"any source file ({names})" if found.copy.is_whole_context else names


def _reads(install: Install) -> str:
    if install.project:
        return "installs the dependencies together with the project"
    names = [item.name for item in install.inputs if item.source or item.presence is Presence.UNKNOWN]
    return f"reads {listed(names, 2)} alone" if names else "reads none of it"


def _cost(installs: list[Install], image: Image) -> str:
    """What the dearest of the repeated installs brings each time."""
    prices = [price(install, image) for install in installs]
    dearest = max(prices, key=lambda found: (found.download, found.packages))
    if dearest.is_exact:
        return f": {dearest.packages} packages, {size(dearest.download)} to download each time"
    if dearest.download:
        return f": ~{size(dearest.download)} to download each time for {dearest.heaviest} and what it requires"
    return f": {dearest.packages} packages each time" if dearest.packages > 1 else ""


def _remedy(install: Install, is_bound: bool) -> str:
    if install.ecosystem == "system":
        return "install system packages before the source is copied"
    if install.project and install.tool in _REMEDIES:
        return _REMEDIES[install.tool]
    if install.project:
        return "install the dependencies from a requirements file or lock first, then copy the source and install it"
    names = [_written(item) for item in install.inputs if item.source]
    what = listed(names, 3) if names else "what the install reads"
    if is_bound:
        return f"mount {what} alone: the layer depends on everything that its bind mount brings"
    return f"copy {what} and run the install first; copy the source after it"


def _written(item: Input) -> str:
    """The file to copy: as the install names it, or the one of the repository that a command makes it from."""
    source = item.source or item.name
    return item.name if posixpath.basename(source) == posixpath.basename(item.name) else source


def _severity(installs: list[Install]) -> Severity:
    if all(install.has_cache_mount or "--no-index" in install.flags for install in installs):
        return Severity.LOW
    if any(install.ecosystem == "python" and not (install.project and install.tool == "pip") for install in installs):
        return Severity.HIGH
    return Severity.MEDIUM


def _confidence(installs: list[Install]) -> Confidence:
    if all(install.has_cache_mount for install in installs):
        return Confidence.MEDIUM
    if all(install.project and install.tool in ("pip", "uv pip", "setup.py") for install in installs):
        return Confidence.MEDIUM
    return Confidence.HIGH


def _trace(image: Image, found: Premature) -> list[Step]:
    steps = [Step(f"brings {listed(found.files, 3)}", image.span(found.layer.instruction.extent))]
    for entry in found.repeated[:5]:
        if isinstance(entry.work, Install):
            steps.append(Step(f"is repeated: {shortened(entry.work.text)}", image.span(entry.work.extent)))
    return steps
