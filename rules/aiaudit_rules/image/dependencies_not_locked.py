"""Dependencies are installed in whatever versions are the newest.

## What it does
Flags an install from a requirements file, a pyproject.toml, a Pipfile or a conda environment that leaves packages
without one version, when no lock file and no constraints decide: `fastapi`, `openai>=1.0`, `torch~=2.1`. The message
counts and names them, the trace leads to the first. Where all of them have an upper bound, severity is low.

Packages on the command line are pip-package-unpinned's matter; a lock file that is there but not used is
lock-not-enforced's. Versions that come with `-c`, with `PIP_CONSTRAINT`, by an archive's address or a git revision are
decided; so is a project that is installed behind its dependencies.

## Why is this bad
The image that was tested cannot be built again: a rebuild for a security fix, on a new machine or after the cache has
been emptied takes newer packages, and a service breaks that nobody has changed. AI libraries break their interfaces
often, and quietly.

## Example
```dockerfile
FROM python:3.13-slim
WORKDIR /app
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
USER 1000
CMD ["python", "-c", "print('ready')"]
```

```text
# file: requirements.txt
fastapi
openai>=1.0
```

## Use instead
```dockerfile
FROM python:3.13-slim
WORKDIR /app
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
USER 1000
CMD ["python", "-c", "print('ready')"]
```

```text
# file: requirements.txt
fastapi==0.120.0
openai==2.8.0
```

Better still: a lock file with hashes (`uv lock`, `poetry lock`, `pip-compile --generate-hashes`), which also pins what
the packages themselves require.

## References
- https://pip.pypa.io/en/stable/topics/repeatable-installs/
- https://docs.astral.sh/uv/concepts/projects/sync/
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding, Severity, Step
from aiaudit.model.image import Image
from aiaudit.model.image.locking import Loose, loose_installs
from aiaudit.rule import MEDIUM, Rule
from aiaudit_rules.image.hygiene import is_beside_the_service
from aiaudit_rules.image.shared import listed, shortened

rule = Rule(
    id="IMG305",
    name="dependencies-not-locked",
    summary="Dependencies are installed in whatever versions are the newest",
    severity=MEDIUM,
    since="0.1.0",
)

_REMEDIES = {
    "uv": "run `uv lock`, commit uv.lock, copy it and run `uv sync --locked`",
    "poetry": "run `poetry lock`, commit poetry.lock and copy it beside pyproject.toml",
    "pdm": "run `pdm lock`, commit pdm.lock, copy it and run `pdm sync`",
    "pipenv": "run `pipenv lock`, commit Pipfile.lock, copy it and run `pipenv sync`",
}


@rule.check(Image)
def dependencies_not_locked(image: Image) -> Iterator[Finding]:
    """One finding for each install that no lock decides."""
    if is_beside_the_service(image):
        return
    for found in loose_installs(image):
        if found.lock:
            continue
        names = list(dict.fromkeys(item.name for item in found.open))
        first = found.open[0].span
        yield rule.at(
            image.span(found.install.extent),
            f"`{shortened(found.install.text)}` installs {_counted(found, names)} in whatever versions are the newest"
            f" then: {listed(names, 4)}",
            help=_REMEDIES.get(found.install.tool, "")
            or "compile the requirements to exact versions (uv pip compile, pip-compile) and install that file",
            trace=[
                Step(f"{_written(found)} allows several versions", first),
                Step("installed here", image.span(found.install.extent)),
            ],
            severity=Severity.LOW if found.is_bounded else None,
        )


def _counted(found: Loose, names: list[str]) -> str:
    total = max(found.total, len(names))
    if len(names) == total:
        return f"all {total} packages" if total > 1 else "its package"
    return f"{len(names)} of {total} packages"


def _written(found: Loose) -> str:
    first = found.open[0]
    return f"`{first.name}{first.specifier}`"
