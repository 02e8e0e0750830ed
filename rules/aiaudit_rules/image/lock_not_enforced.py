"""A lock file is there, and the install does not keep to it.

## What it does
Flags installs of a project that has a lock file which does not decide what is installed:

- `uv sync` without `--locked` or `--frozen` (or `UV_LOCKED`, `UV_FROZEN`): a lock that no longer fits pyproject.toml is
  resolved anew instead of ending the build; likewise `pdm install` and `pipenv install` without `--deploy`;
- `uv sync`, `poetry install` and their like in an image that the lock is not copied into;
- `pip install .`, `pip install -e .` and `uv pip install .`, which read no lock at all, beside a uv.lock, poetry.lock
  or pdm.lock.

The project's own install behind a layer with its dependencies is left alone.

## Why is this bad
Somebody keeps a lock so that what was tested is what ships. An install that goes past it does not say so: the image has
other versions, or a forgotten `uv lock` goes unnoticed until two builds differ.

## Example
```dockerfile
FROM python:3.13-slim
RUN pip install --no-cache-dir uv==0.9.11
WORKDIR /app
COPY pyproject.toml uv.lock ./
RUN uv sync --no-cache --no-dev --no-install-project
USER 1000
CMD ["python", "-c", "print('ready')"]
```

```toml
[project]
name = "service"
version = "0.1.0"
dependencies = ["fastapi>=0.120"]
```

```toml
# file: uv.lock
version = 1

[[package]]
name = "fastapi"
version = "0.120.0"
source = { registry = "https://pypi.org/simple" }
```

## Use instead
```dockerfile
FROM python:3.13-slim
RUN pip install --no-cache-dir uv==0.9.11
WORKDIR /app
COPY pyproject.toml uv.lock ./
RUN uv sync --locked --no-cache --no-dev --no-install-project
USER 1000
CMD ["python", "-c", "print('ready')"]
```

```toml
[project]
name = "service"
version = "0.1.0"
dependencies = ["fastapi>=0.120"]
```

```toml
# file: uv.lock
version = 1

[[package]]
name = "fastapi"
version = "0.120.0"
source = { registry = "https://pypi.org/simple" }
```

## References
- https://docs.astral.sh/uv/concepts/projects/sync/#automatic-lock-and-sync
- https://python-poetry.org/docs/basic-usage/#installing-with-poetrylock
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding, Severity, Step
from aiaudit.model.image import Image
from aiaudit.model.image.locking import Loose, loose_installs
from aiaudit.rule import MEDIUM, Rule
from aiaudit.span import Span
from aiaudit_rules.image.hygiene import is_beside_the_service
from aiaudit_rules.image.shared import shortened

rule = Rule(
    id="IMG307",
    name="lock-not-enforced",
    summary="A lock file is there, and the install does not keep to it",
    severity=MEDIUM,
    since="0.1.0",
)

_KEEPING = {
    "uv": ("--locked", "`uv sync --locked`"),
    "pdm": ("--frozen-lockfile", "`pdm sync`"),
    "pipenv": ("--deploy", "`pipenv sync`"),
}


@rule.check(Image)
def lock_not_enforced(image: Image) -> Iterator[Finding]:
    """One finding for each lock file that is not kept to."""
    if is_beside_the_service(image):
        return
    seen: set[str] = set()
    for found in loose_installs(image):
        if not found.lock or found.lock in seen:
            continue
        seen.add(found.lock)
        yield rule.at(
            image.span(found.install.extent),
            f"`{shortened(found.install.text)}` {_problem(found)}",
            help=_remedy(found),
            trace=[
                Step("the lock file", Span.whole_file(found.lock)),
                Step("installs without keeping to it", image.span(found.install.extent)),
            ],
            severity=Severity.LOW if found.is_read else None,
        )


def _problem(found: Loose) -> str:
    if found.is_read:
        return f"resolves anew when {found.lock} does not fit the manifest, instead of ending the build"
    if found.install.tool in ("pip", "uv pip"):
        return f"reads the ranges of the manifest and not {found.lock}"
    return f"has no {found.lock} in the image and resolves anew"


def _remedy(found: Loose) -> str:
    tool = found.install.tool
    if found.is_read:
        return f"add {_KEEPING[tool][0]}: a lock that is out of date then fails the build"
    if tool in ("pip", "uv pip"):
        by = found.lock.rpartition("/")[2].partition(".")[0]
        export = {"uv": "uv sync --locked", "poetry": "poetry install", "pdm": "pdm sync"}[by]
        return f"install with `{export}`, or export the lock to a requirements file and install that first"
    return f"copy {found.lock} beside the manifest" + (f", and run {_KEEPING[tool][1]}" if tool in _KEEPING else "")
