"""An install has nothing to install, reads a file that is not in the image, or is refused.

## What it does
Flags `pip install` and `uv pip install` without any package or file, and an install that reads a requirements file, a
manifest or a lock that no layer has put where the command looks for it: `pip install -r requirements.txt` when another
file was copied, `uv sync` or `poetry install` without a pyproject.toml, `npm ci` without package.json. Places that a
command, another image or an unknown base may have filled are left alone.

Two reasons for which a tool refuses a project are told as well: a uv.lock or poetry.lock without packages that
pyproject.toml requires (`uv sync --locked` and `poetry install` stop, `uv sync --frozen` goes on without them), and a
base image whose Python the project does not allow.

## Why is this bad
A missing file ends the build. An install without arguments is worse: some tools end it with success, the image is
built, and the service fails on its first import.

## Example
```dockerfile
FROM python:3.12-slim
WORKDIR /app
COPY pyproject.toml uv.lock ./
RUN pip install --no-cache-dir uv==0.5.11 && uv pip install --system
```

```toml
[project]
name = "service"
version = "0.1.0"
dependencies = ["fastapi==0.115.6"]
```

## Use instead
```dockerfile
FROM python:3.12-slim
WORKDIR /app
COPY pyproject.toml ./
RUN pip install --no-cache-dir uv==0.5.11 && uv pip install --system -r pyproject.toml
```

```toml
[project]
name = "service"
version = "0.1.0"
dependencies = ["fastapi==0.115.6"]
```

## References
- https://docs.astral.sh/uv/pip/packages/
- https://pip.pypa.io/en/stable/cli/pip_install/
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding, Step
from aiaudit.model.image import Image, Input, Install, Layer, Presence
from aiaudit.model.image.refusals import Refusal, refusals
from aiaudit.rule import HIGH, Rule
from aiaudit_rules.image.shared import listed, shortened

rule = Rule(
    id="IMG503",
    name="install-does-nothing",
    summary="An install has nothing to install, reads a file that is not in the image, or is refused",
    severity=HIGH,
    since="0.1.0",
)

_WITHOUT_ARGUMENTS = ("pip", "uv pip", "uv add", "uv tool")


@rule.check(Image)
def install_does_nothing(image: Image) -> Iterator[Finding]:
    """Installs of every stage that a build runs."""
    told: set[str] = set()
    for stage in image.used:
        for layer in stage.layers:
            for install in layer.installs:
                yield from _check(image, layer, install, told)


def _check(image: Image, layer: Layer, install: Install, told: set[str]) -> Iterator[Finding]:
    """`told` are the reasons that an earlier install has been refused for."""
    missing = [item for item in install.inputs if _is_missing(install, item)]
    if missing:
        names = listed([item.name for item in missing], 3)
        yield rule.at(
            image.span(install.extent),
            f"`{shortened(install.text)}` reads {names}, which no layer has put into {_folder(missing[0])}",
            help=f"COPY {names} before this install" + _copied_instead(layer, missing[0]),
            trace=[
                Step("looks for the file", image.span(install.extent)),
            ],
        )
        return
    refused = next(refusals(image, layer, install), None)
    if refused is not None and refused.reason not in told:
        told.add(refused.reason)
        yield _refused(image, install, refused)
    elif _has_no_argument(install):
        yield rule.at(
            image.span(install.extent),
            f"`{shortened(install.text)}` names no package and no file: nothing is installed",
            help="name what to install: -r requirements.txt, -r pyproject.toml, or `.` for the project",
        )


def _refused(image: Image, install: Install, refused: Refusal) -> Finding:
    """An install that ends with an error, or leaves out what the project needs."""
    command = f"`{shortened(install.text, 40)}`"
    if not refused.names:
        message, remedy = f"{command} is refused: {refused.reason}", "use a base image with a Python that fits"
    else:
        effect = "installs without them" if refused.is_silent else "is refused"
        message = f"{command} {effect}: {refused.reason} {listed(refused.names, 3)}, which the project requires"
        remedy = f"lock anew (`{install.tool} lock`) and commit the lock file"
    return rule.at(
        image.span(install.extent),
        message,
        help=remedy,
        trace=[
            Step("installs the project", image.span(install.extent)),
            Step("what the project requires", refused.span),
        ],
    )


def _is_missing(install: Install, item: Input) -> bool:
    if item.presence is not Presence.MISSING:
        return False
    if item.kind in ("requirement", "constraint"):
        return True
    # Locks are optional, and a project may have any one of its manifests.
    if item.kind != "manifest" or install.packages:
        return False
    return all(other.presence is Presence.MISSING for other in install.inputs if other.kind == "manifest")


def _folder(item: Input) -> str:
    return (item.place or "").rpartition("/")[0] or "/"


def _copied_instead(layer: Layer, item: Input) -> str:
    """Files of the same kind that lie where the missing one is looked for."""
    files = layer.stage.files
    folder = _folder(item)
    if files is None:
        return ""
    ending = item.name.rpartition(".")[2]
    beside = [name for name, _ in files.below(folder) if "/" not in name and name.endswith(f".{ending}")]
    return f" (there is {listed(sorted(beside), 2)})" if beside else ""


def _has_no_argument(install: Install) -> bool:
    if install.tool not in _WITHOUT_ARGUMENTS or install.installs_something or install.groups:
        return False
    positionals = [word.text for word in install.command.words if not word.text.startswith("-")]
    # `pip install $PACKAGES` and `pip install /wheels/*` name something that cannot be read here.
    return len(positionals) <= len(install.tool.split()) + (
        2 if positionals[0].startswith("python") else 1
    ) and not any("$" in word.text for word in install.command.words)
