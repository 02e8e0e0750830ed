"""The shipped stage installs a heavy dependency itself.

## What it does
Flags the final FROM when the stages that ship run an install that brings torch, tensorflow, jax, vllm, CUDA libraries,
OpenCV, xgboost or another package of that weight, named directly or required by something that is: through a lock file
along its edges, otherwise through what is known of the packages. Installing in a builder stage and copying the
environment is right, and so is installing wheels that a builder stage has built. A service that is built onto an image
such as pytorch/pytorch is flagged with less certainty: that base is meant for work, not for shipping.

Sizes are those of the measured release that is closest below the project's own, for CPython 3.11 on Linux x86_64, with
everything that it requires. A uv.lock tells exactly what is downloaded; where no lock tells what comes along, what is
known of the packages serves, and the message says that it is an estimate.

## Why is this bad
What builds and downloads these packages ships with them: installers, caches, headers, compilers, and every file that a
later layer deletes. Images of many gigabytes start slowly on a new node, cost in every registry and every pull, and
offer more to attack. A second stage that takes only the finished environment drops all of it.

## Example
```dockerfile
FROM python:3.12-slim
WORKDIR /app
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
COPY app app
CMD ["uvicorn", "app.main:app", "--host", "0.0.0.0"]
```

```text
# file: requirements.txt
fastapi==0.115.6
sentence-transformers==3.3.1
```

## Use instead
```dockerfile
FROM python:3.12-slim AS builder
RUN python -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt

FROM python:3.12-slim
COPY --from=builder /opt/venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH
WORKDIR /app
COPY app app
CMD ["uvicorn", "app.main:app", "--host", "0.0.0.0"]
```

```text
# file: requirements.txt
fastapi==0.115.6
sentence-transformers==3.3.1
```

## References
- https://docs.docker.com/build/building/multi-stage/
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from aiaudit.finding import Confidence, Finding, Severity, Step
from aiaudit.model.image import Image, Install, Layer
from aiaudit.model.image.bases import heavy_package_of
from aiaudit.model.packages import Brought, heavy
from aiaudit.model.weights import COMPANIONS, price, weight, weight_of
from aiaudit.rule import HIGH, Rule
from aiaudit_rules.image.shared import listed, shortened, size

rule = Rule(
    id="IMG201",
    name="heavy-dependency-single-stage",
    summary="The shipped stage installs a heavy dependency itself",
    severity=HIGH,
    since="0.1.0",
)


@rule.check(Image)
def heavy_dependency_single_stage(image: Image) -> Iterator[Finding]:
    """One finding at the final stage's FROM."""
    if image.is_for_development:
        return
    found: list[tuple[Layer, Install, Brought]] = []
    for layer, install in image.final.installs:
        if install.ecosystem == "python" and not _from_built_wheels(image, install):
            found.extend((layer, install, one) for one in heavy(install, image) if not _is_there(one, image))
    chief = _chief(found)
    if not chief:
        yield from _heavy_base(image)
        return
    names = [_title(brought) for _, _, brought in chief]
    place = "in a one-stage image" if len(image.stages) == 1 else "in the final stage"
    yield rule.at(
        image.span(image.final.start.extent),
        f"{listed(names, 3)}{_weight(chief)}, {place}{_proof(chief, image)}",
        help="install into a virtual environment in a builder stage and COPY --from it into a slim final stage",
        trace=_trace(image, chief),
        severity=Severity.HIGH if _is_huge(chief) else Severity.MEDIUM,
        confidence=Confidence.HIGH if any(not brought.is_estimate for _, _, brought in chief) else _known(chief),
    )


def _heavy_base(image: Image) -> Iterator[Finding]:
    """A base that brings the heavy package, and that the service's own packages are installed onto."""
    name = heavy_package_of(image.final.root_base)
    layer = next((layer for layer, install in image.final.installs if install.ecosystem == "python"), None)
    if not name or layer is None:
        return
    yield rule.at(
        image.span(image.final.start.extent),
        f"the service is built onto {image.final.root_base}, which ships {name} with all its tools",
        help="install what the service needs in a builder stage and COPY --from it into a slim final stage",
        trace=[Step("installs the service's packages", image.span(layer.instruction.extent))],
        severity=Severity.MEDIUM,
        confidence=Confidence.MEDIUM,
    )


def _is_there(brought: Brought, image: Image) -> bool:
    """Whether the base has what another package only requires: pip takes that one, whatever its version."""
    held = heavy_package_of(image.final.root_base)
    is_held = brought.name == held or (held == "torch" and brought.name.startswith(COMPANIONS))
    return is_held and len(brought.path) > 1 and not brought.version


def _from_built_wheels(image: Image, install: Install) -> bool:
    """Whether the packages come as wheels from another stage of the build."""
    if len(image.stages) == 1:
        return False
    if {"--no-index", "--find-links", "-f"} & set(install.flags):
        return True
    return any(mount.type == "bind" and mount.from_ for mount in install.mounts)


def _chief(found: Sequence[tuple[Layer, Install, Brought]]) -> list[tuple[Layer, Install, Brought]]:
    """Each heavy package once; what only comes along with torch is not named beside it."""
    unique: dict[str, tuple[Layer, Install, Brought]] = {}
    for entry in found:
        known = unique.get(entry[2].name)
        if known is None or len(entry[2].path) < len(known[2].path):
            unique[entry[2].name] = entry
    if any(not name.startswith(COMPANIONS) for name in unique):
        unique = {name: entry for name, entry in unique.items() if not name.startswith(COMPANIONS)}
    return sorted(unique.values(), key=lambda entry: (-_total(entry[2]), entry[2].name))


def _total(brought: Brought) -> int:
    measured = weight_of(brought)
    return measured.unpacked_total if measured else 0


def _is_huge(chief: Sequence[tuple[Layer, Install, Brought]]) -> bool:
    return any(_total(brought) >= 1_000_000_000 or _total(brought) == 0 for _, _, brought in chief) or any(
        brought.is_cpu_only for _, _, brought in chief
    )


def _known(chief: Sequence[tuple[Layer, Install, Brought]]) -> Confidence:
    """Measured requirements are as good as a lock; listed ones nearly so."""
    return Confidence.HIGH if any(weight(brought.path[0]) for _, _, brought in chief) else Confidence.MEDIUM


def _title(brought: Brought) -> str:
    version = f" {brought.version}" if brought.version else ""
    through = f" via {brought.path[0]}" if len(brought.path) > 1 else ""
    return f"{brought.name}{version}{through}"


def _weight(chief: Sequence[tuple[Layer, Install, Brought]]) -> str:
    """What the heaviest of them weighs with all that it requires."""
    brought = chief[0][2]
    measured = weight_of(brought)
    if measured is None:
        return ""
    of_one = f", all that {brought.name} requires included" if len(chief) > 1 else ""
    return f": ~{size(measured.unpacked_total)} installed{of_one}"


def _proof(chief: Sequence[tuple[Layer, Install, Brought]], image: Image) -> str:
    """What a lock file says of the whole install, or that none does."""
    _, install, brought = chief[0]
    whole = price(install, image)
    if whole.is_exact:
        return f" ({whole.packages} packages, a download of {size(whole.download)}, by the lock file)"
    return " (an estimate: no lock file says what comes along)" if brought.is_estimate else ""


def _trace(image: Image, chief: Sequence[tuple[Layer, Install, Brought]]) -> list[Step]:
    steps: list[Step] = []
    shown = chief[:3]
    for (_, install, brought), following in zip(shown, (*shown[1:], None), strict=True):
        steps.append(Step(" -> ".join(brought.path), brought.required.span))
        if following is None or following[1] is not install:
            steps.append(Step(f"installed by {shortened(install.text)}", image.span(install.extent)))
    return steps
