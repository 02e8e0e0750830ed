"""torch brings CUDA's libraries into an image that runs without a GPU.

## What it does
Flags an install of torch, named or required by another package, from PyPI's default index where the image starts from
a plain Python or Linux base and nothing in the repository, from code and deploy files to the README, speaks of CUDA or
a GPU. On Linux x86-64 these wheels require NVIDIA's libraries. Installs in an earlier stage count when the final one
copies their environment.

Not flagged: the CPU index (`https://download.pytorch.org/whl/cpu`, on the command line, in the requirements file, in
uv's or poetry's sources, or in the lock), images for ARM, and bases that bring CUDA.

## Why is this bad
Most of the image is then software that cannot run there. The build downloads it, the registry stores it, and every
node pulls it before the first request is answered.

## Example
```dockerfile
FROM python:3.13-slim AS build
RUN python -m venv /opt/venv
RUN /opt/venv/bin/pip install --no-cache-dir torch==2.9.1

FROM python:3.13-slim
COPY --from=build /opt/venv /opt/venv
USER 1000
CMD ["/opt/venv/bin/python", "-c", "import torch"]
```

## Use instead
```dockerfile
FROM python:3.13-slim AS build
RUN python -m venv /opt/venv
RUN /opt/venv/bin/pip install --no-cache-dir --index-url https://download.pytorch.org/whl/cpu torch==2.9.1

FROM python:3.13-slim
COPY --from=build /opt/venv /opt/venv
USER 1000
CMD ["/opt/venv/bin/python", "-c", "import torch"]
```

## References
- https://pytorch.org/get-started/locally/
- https://docs.astral.sh/uv/guides/integration/pytorch/
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Confidence, Finding, Step
from aiaudit.model.image import Image, Install, Stage
from aiaudit.model.image.bases import is_plain
from aiaudit.model.image.gpu import asks_for_gpu
from aiaudit.model.image.shipping import shipped_installs
from aiaudit.model.packages import Brought, heavy
from aiaudit.model.weights import weight
from aiaudit.rule import HIGH, Rule
from aiaudit_rules.image.hygiene import is_beside_the_service
from aiaudit_rules.image.shared import size

rule = Rule(
    id="IMG206",
    name="cuda-wheels-on-cpu-image",
    summary="torch brings CUDA's libraries into an image that runs without a GPU",
    severity=HIGH,
    since="0.1.0",
    confidence=Confidence.MEDIUM,
)

_OTHER_INDEXES = ("download.pytorch.org", "/whl/")


@rule.check(Image)
def cuda_wheels_on_cpu_image(image: Image) -> Iterator[Finding]:
    """The first install that brings torch with CUDA into the image."""
    if is_beside_the_service(image) or not _is_for_processors(image.final):
        return
    for stage, _, install in shipped_installs(image):
        torch = _torch(install, image)
        if torch is None or not _is_for_processors(stage) or _is_there(stage, install, image):
            continue
        if asks_for_gpu(image.service):
            return
        yield rule.at(
            image.span(install.extent),
            f"torch{_version(torch)}{_through(torch)} comes with CUDA's libraries{_weight(torch)},"
            " and nothing in the repository asks for a GPU",
            help="install torch from https://download.pytorch.org/whl/cpu before the rest (uv: an index for torch in"
            " [tool.uv.sources])",
            trace=[
                Step(" -> ".join(torch.path), torch.required.span),
                Step("installed here", image.span(install.extent)),
            ],
        )
        return


def _is_for_processors(stage: Stage) -> bool:
    """Whether a stage starts from a base without CUDA, on x86-64."""
    platform = stage.lineage[0].facts.platform or ""
    base = stage.root_base.lower()
    return is_plain(base) and not any(word in base for word in ("cuda", "gpu", "rocm")) and "arm" not in platform


def _torch(install: Install, image: Image) -> Brought | None:
    """torch, where the install takes it from the default index."""
    if any(mark in index for index in install.indexes for mark in _OTHER_INDEXES):
        return None
    for brought in heavy(install, image):
        is_default = not brought.is_cpu_only and not brought.is_elsewhere and "+" not in (brought.version or "")
        if brought.name != "torch" or not is_default or brought.required.name == "pytorch":
            continue  # conda's "pytorch" brings CUDA only where "pytorch-cuda" asks for it
        return None if any(mark in brought.required.index for mark in _OTHER_INDEXES) else brought
    return None


def _is_there(stage: Stage, install: Install, image: Image) -> bool:
    """Whether an earlier install of the stage has taken torch from another index: this one then keeps it."""
    for _, other in stage.installs:
        if other is install:
            return False
        if _torch(other, image) is None and any(brought.name == "torch" for brought in heavy(other, image)):
            return True
    return False


def _version(torch: Brought) -> str:
    return f" {torch.version}" if torch.version else ""


def _through(torch: Brought) -> str:
    return f" (via {torch.path[0]})" if len(torch.path) > 1 else ""


def _weight(torch: Brought) -> str:
    with_cuda, without = weight("torch", version=torch.version), weight("torch", cpu_only=True)
    if with_cuda is None or without is None:
        return ""
    return f": ~{size(with_cuda.unpacked_total)} on disk instead of ~{size(without.unpacked)}"
