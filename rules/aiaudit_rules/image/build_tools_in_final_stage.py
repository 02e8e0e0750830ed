"""Build tools are left in the shipped stage.

## What it does
Flags an image of a Python service whose last stage (or one that it is built on) installs compilers, build systems,
headers (`*-dev`, `*-devel`), Rust or Go toolchains, or git, and ships them. Tools that the same RUN removes again do
not count; neither do tools in stages that only hand over files. The finding stands at the last FROM, its trace leads
to every install.

Not flagged where the container needs them: the command runs them, a dependency compiles at run time (vLLM, Triton,
DeepSpeed want a C compiler), or the code works with git repositories.

## Why is this bad
They are hundreds of megabytes that every node pulls, and a comfortable workshop for whoever gets into the container:
nothing has to be brought along to build an exploit. What they are for (wheels without binaries, `git+https`
requirements) is over when the image is built.

## Example
```dockerfile
FROM python:3.13-slim
RUN apt-get update \\
    && apt-get install -y --no-install-recommends build-essential libpq-dev \\
    && rm -rf /var/lib/apt/lists/*
RUN pip install --no-cache-dir psycopg2==2.9.10
USER 1000
CMD ["python", "-c", "import psycopg2"]
```

## Use instead
```dockerfile
FROM python:3.13-slim AS build
RUN apt-get update \\
    && apt-get install -y --no-install-recommends build-essential libpq-dev \\
    && rm -rf /var/lib/apt/lists/*
RUN python -m venv /opt/venv && /opt/venv/bin/pip install psycopg2==2.9.10

FROM python:3.13-slim
RUN apt-get update \\
    && apt-get install -y --no-install-recommends libpq5 \\
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /opt/venv /opt/venv
USER 1000
CMD ["/opt/venv/bin/python", "-c", "import psycopg2"]
```

## References
- https://docs.docker.com/build/building/multi-stage/
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from aiaudit.finding import Confidence, Finding, Severity, Step
from aiaudit.model.image import Image
from aiaudit.model.image.needs import compiles_at_run_time, native_packages, works_with_git
from aiaudit.model.image.tools import GIT_TOOLS, HEADERS, SMALL_TOOLS, tool_kind
from aiaudit.model.image.usage import Run
from aiaudit.rule import HIGH, Rule
from aiaudit.sources.dockerfile.facts import Command
from aiaudit.span import Extent
from aiaudit.values import dataclass
from aiaudit_rules.image.hygiene import is_beside_the_service, is_python_image, named, verb

rule = Rule(
    id="IMG202",
    name="build-tools-in-final-stage",
    summary="Build tools are left in the shipped stage",
    severity=HIGH,
    since="0.1.0",
    aliases=("tally/prefer-multi-stage-build",),
)

_RUST = ("sh.rustup.rs", "static.rust-lang.org/rustup", "rustup-init")
_REMOVERS = {
    "apt-get": ("purge", "remove", "autoremove", "autopurge"),
    "apt": ("purge", "remove", "autoremove", "autopurge"),
    "aptitude": ("purge", "remove"),
    "apk": ("del",),
    "dnf": ("remove", "erase", "autoremove", "groupremove"),
    "microdnf": ("remove",),
    "yum": ("remove", "erase", "autoremove", "groupremove"),
    "zypper": ("remove", "rm"),
    "conda": ("remove", "uninstall"),
    "mamba": ("remove", "uninstall"),
    "micromamba": ("remove",),
    "rustup": ("self",),
}


@dataclass(frozen=True, slots=True)
class Left:
    """A build tool that an install leaves in the image."""

    name: str
    extent: Extent
    is_compiler: bool


@rule.check(Image)
def build_tools_in_final_stage(image: Image) -> Iterator[Finding]:
    """Tools that the shipped stages install and keep."""
    if is_beside_the_service(image) or not is_python_image(image):
        return
    left = [tool for run in image.usage.runs_in(image.shipped) for tool in _left_by(run)]
    left = list(_not_needed(left, image))
    if not left:
        return
    names = list(dict.fromkeys(tool.name for tool in left))
    compilers = [tool for tool in left if tool.is_compiler]
    yield rule.at(
        image.span(image.final.start.words[0].extent),
        f"the shipped stage keeps what the image was built with: {_listed(names)}",
        help="install and compile in a stage of its own and copy the environment from it with COPY --from="
        + _kept(image),
        trace=[Step(f"{name} installed here", image.span(extent)) for name, extent in _places(left)],
        severity=None if compilers else Severity.MEDIUM,
        confidence=None if compilers else Confidence.MEDIUM,
    )


def _kept(image: Image) -> str:
    """The libraries that compiled packages go on needing."""
    libraries = [library for item in native_packages(image) for library in item.libraries]
    return f"; keep what is needed at run time: {_listed(list(dict.fromkeys(libraries)))}" if libraries else ""


def _left_by(run: Run) -> Iterator[Left]:
    """The tools of one RUN that it does not remove itself."""
    removed: set[str] = set()
    for command in run.commands:
        if verb(command) in _REMOVERS.get(command.name, ()):
            removed.update(named(command))
    for install in run.installs:
        if install.ecosystem != "system" and install.tool not in ("conda", "mamba", "micromamba"):
            continue
        if removed & set(_virtual(install.command)):
            continue
        for package in install.packages:
            kind = tool_kind(package.name)
            if kind is not None and package.name not in removed:
                yield Left(package.name, package.extent, kind)
    for command in run.commands:
        if any(mark in word.text for mark in _RUST for word in command.words) and "self" not in removed:
            yield Left("a Rust toolchain", command.extent, True)
            break


def _virtual(command: Command) -> Iterable[str]:
    """The name of the group under which apk installs (`--virtual .build-deps`)."""
    words = [word.text for word in command.words]
    for position, word in enumerate(words):
        if word in ("-t", "--virtual"):
            yield from words[position + 1 : position + 2]
        elif word.startswith("--virtual="):
            yield word.partition("=")[2]


def _not_needed(left: list[Left], image: Image) -> Iterator[Left]:
    """Those that nothing in the running container uses."""
    started = {command.name for command in image.command.commands} if image.command else set()
    compiler_needed = any(tool.is_compiler for tool in left) and compiles_at_run_time(image)
    git_needed = any(tool.name in GIT_TOOLS for tool in left) and works_with_git(image)
    for tool in left:
        if tool.name in started or (tool.name in GIT_TOOLS and git_needed):
            continue
        if compiler_needed and (tool.is_compiler or tool.name.endswith(HEADERS) or tool.name in SMALL_TOOLS):
            continue
        yield tool


def _listed(names: list[str], limit: int = 4) -> str:
    shown = names[:limit]
    if len(names) > limit:
        return f"{', '.join(shown)} and {len(names) - limit} more"
    return " and ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else shown[0]


def _places(left: list[Left]) -> Iterator[tuple[str, Extent]]:
    seen: set[str] = set()
    for tool in left:
        if tool.name not in seen:
            seen.add(tool.name)
            yield tool.name, tool.extent
