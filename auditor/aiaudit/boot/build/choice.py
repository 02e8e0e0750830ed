"""Which builder builds a Dockerfile."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from aiaudit.boot.build import buildkit, legacy
from aiaudit.boot.build.results import BUILDKIT, LEGACY, BuildFailed, BuildResult, NoBuilder, Options
from aiaudit.boot.build.steps import demand
from aiaudit.boot.masking import masked, secret_values
from aiaudit.boot.world import EngineError
from aiaudit.reading import decode
from aiaudit.sources.dockerfile.facts import DockerfileFacts
from aiaudit.sources.dockerfile.parse import extract
from aiaudit.values import replace

if TYPE_CHECKING:
    from aiaudit.boot.world import Engine

_REMEDY = "install docker-buildx, or a docker client that brings it"


def build(folder: Path, dockerfile: Path, options: Options, engine: Engine) -> BuildResult:
    """Build an image from a folder and a Dockerfile, which may lie elsewhere.

    The image carries the session's labels, and all that the build adds goes with the session. `NoBuilder` where nothing
    here can build it, `BuildFailed` where a step fails, the time is over or the session ends, `EngineError` where a
    file or the engine is not there.
    """
    try:
        facts = extract(decode(dockerfile.read_bytes(), dockerfile.name))
    except OSError as error:
        raise EngineError(f"{dockerfile} cannot be read: {error.strerror}") from None
    if not folder.is_dir():
        raise EngineError(f"{folder} is no folder to build from")
    secrets = secrets_of(facts, options)
    try:
        result = _built(folder, dockerfile, facts, options, engine, secrets)
    except BuildFailed as error:
        engine.adopt(error.made)
        raise
    engine.adopt(result.made)
    return replace(result, steps=tuple(replace(step, text=masked(step.text, secrets)) for step in result.steps))


def _built(
    folder: Path, dockerfile: Path, facts: DockerfileFacts, options: Options, engine: Engine, secrets: tuple[str, ...]
) -> BuildResult:
    if engine.facts.name == "podman":  # its one builder knows mounts, and speaks nothing of BuildKit
        if options.builder == BUILDKIT:
            raise NoBuilder("podman builds with a builder of its own, not with BuildKit")
        return legacy.build(folder, dockerfile, facts, options, engine, secrets)
    needed = demand(facts)
    program = buildkit.client(engine.address) if options.builder != LEGACY else None
    if program is not None:
        return buildkit.build(program, folder, dockerfile, facts, options, engine, secrets)
    if options.builder == BUILDKIT:
        raise NoBuilder(f"no docker client here can build with BuildKit: {_REMEDY}")
    if needed is not None:
        line, what = needed
        why = "the legacy builder cannot build it" if options.builder == LEGACY else f"no client here has it: {_REMEDY}"
        raise NoBuilder(f"{dockerfile.name}:{line} has {what}, which needs BuildKit; {why}")
    return legacy.build(folder, dockerfile, facts, options, engine, secrets)


def secrets_of(facts: DockerfileFacts, options: Options) -> tuple[str, ...]:
    """Values that a build may print and that nobody may read: of build arguments, ENV and ARG."""
    pairs = [
        (pair.key, pair.value or "")
        for instruction in facts.instructions
        if instruction.keyword in ("ENV", "ARG")
        for pair in instruction.pairs
    ]
    return secret_values((*options.arguments, *pairs))
