"""The shipped stage starts from a base that is meant for building.

## What it does
Flags the last FROM of a Python service's image where it starts from a CUDA development image (`nvidia/cuda:*-devel-*`,
`pytorch/pytorch:*-devel`), or from the full `python:3.x` image (also behind `tiangolo/uvicorn-gunicorn-fastapi` and
`astral-sh/uv:python3.x`) where a `slim` one serves. The full image is Debian's buildpack-deps with compilers, headers,
git and Mercurial; severity is medium there.

Not flagged where the running container needs the toolchain: vLLM, Triton, DeepSpeed and their like compile when they
run; for CUDA's development images it is enough that a manifest of the repository names one as an extra. Packages that
have to be compiled are named, with the libraries that they need when they run: build them in an earlier stage.

## Why is this bad
A workshop is shipped to production: the CUDA toolkit is several gigabytes beside the libraries that a service uses, the
full Python image several hundred megabytes beside the slim one. Every node pulls them, scanners report their holes, and
whoever gets into the container finds a compiler.

## Example
```dockerfile
FROM python:3.13
RUN pip install --no-cache-dir fastapi==0.120.0
USER 1000
CMD ["python", "-c", "print('ready')"]
```

## Use instead
```dockerfile
FROM python:3.13-slim
RUN pip install --no-cache-dir fastapi==0.120.0
USER 1000
CMD ["python", "-c", "print('ready')"]
```

## References
- https://hub.docker.com/_/python (section "Image Variants")
- https://docs.nvidia.com/cuda/cuda-installation-guide-linux/
- https://hub.docker.com/r/nvidia/cuda (section "Overview of Images")
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Confidence, Finding, Severity, Step
from aiaudit.model.image import Image
from aiaudit.model.image.bases import DEVELOPMENT, workshop_kind
from aiaudit.model.image.needs import (
    Native,
    compiles_at_run_time,
    linked_packages,
    may_compile_at_run_time,
    native_packages,
)
from aiaudit.rule import HIGH, Rule
from aiaudit_rules.image.hygiene import is_beside_the_service, is_python_image
from aiaudit_rules.image.shared import listed

rule = Rule(
    id="IMG203",
    name="devel-base-in-final-stage",
    summary="The shipped stage starts from a base that is meant for building",
    severity=HIGH,
    since="0.1.0",
    aliases=("tally/gpu/prefer-runtime-final-stage",),
)


@rule.check(Image)
def devel_base_in_final_stage(image: Image) -> Iterator[Finding]:
    """The base that the shipped stages start from."""
    if is_beside_the_service(image) or not is_python_image(image) or compiles_at_run_time(image):
        return
    start = image.final.lineage[0]
    base = start.base
    kind = workshop_kind(base) if start.base_is_known and not start.is_windows else ""
    if not kind or (kind == DEVELOPMENT and may_compile_at_run_time(image)):
        return
    native = native_packages(image)
    yield rule.at(
        image.span(image.final.start.words[0].extent),
        f"the shipped stage starts from {base}, {_what(kind)}",
        help=_remedy(image, base, kind, native),
        trace=[Step(f"{item.name} is compiled with {listed(item.tools, 3)}", item.span) for item in native[:3]],
        severity=None if kind == DEVELOPMENT else Severity.MEDIUM,
        confidence=Confidence.MEDIUM if "$" in start.facts.base else None,
    )


def _what(kind: str) -> str:
    if kind == DEVELOPMENT:
        return "which holds the whole CUDA toolkit"
    return "which holds compilers, headers, git and Mercurial"


def _remedy(image: Image, base: str, kind: str, native: tuple[Native, ...]) -> str:
    if kind == DEVELOPMENT:
        return f"ship {base.replace('devel', 'runtime')}, and compile in a builder stage"
    libraries = [library for item in (*native, *linked_packages(image)) for library in item.libraries]
    kept = f"; install there what is needed at run time: {listed(libraries, 5)}" if libraries else ""
    if not native:
        return f"ship the slim variant of the same image{kept}"
    names = listed([item.name for item in native], 3)
    return f"ship the slim variant: compile {names} in a builder stage and COPY --from it{kept}"
