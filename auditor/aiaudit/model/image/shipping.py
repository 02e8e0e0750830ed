"""Which Python installs end in the final image: its own, and those of stages whose environment it takes over."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from aiaudit.model.image.commands import names_in, options
from aiaudit.model.image.filesystem import absolute
from aiaudit.model.image.values import Image, Install, Layer, Stage

_PLACES = names_in("--prefix --target -t --root -w --wheel-dir -p --python")
_SYSTEM = "/usr/local"
_TRUE = names_in("true 1 yes on")


def shipped_installs(image: Image) -> Iterator[tuple[Stage, Layer, Install]]:
    """Installs whose packages are in the final image, in the order of the stages."""
    for stage in image.used:
        for layer in stage.layers:
            for install in layer.installs:
                if install.ecosystem == "python" and (
                    stage in image.shipped or _is_taken(image, stage, layer, install)
                ):
                    yield stage, layer, install


def environment_of(install: Install, layer: Layer) -> str | None:
    """The folder that an install fills: a virtual environment, a prefix, or the system's; None where not known."""
    environment = install.environment(layer.environment)
    given = options(install.command.words[1:], _PLACES)
    named = given.value("--prefix", "--target", "-t", "--root", "-w", "--wheel-dir")
    if named:
        return absolute(named, install.folder)
    program = install.command.words[0].text
    if program.startswith("/") and "/bin/" in program:
        return program.partition("/bin/")[0] or "/"
    if install.tool == "uv":
        return absolute(environment.get("UV_PROJECT_ENVIRONMENT") or ".venv", install.folder)
    if install.tool in ("poetry", "pdm") and not _uses_system(
        install, environment.get("POETRY_VIRTUALENVS_CREATE", "")
    ):
        return absolute(".venv", install.folder)
    if install.tool == "uv pip" and not (given.has("--system") or environment.get("UV_SYSTEM_PYTHON")):
        return environment.get("VIRTUAL_ENV") or absolute(".venv", install.folder)
    if given.has("--user"):
        return "/root/.local"
    return environment.get("VIRTUAL_ENV") or _first_on_path(environment.get("PATH", ""))


def _uses_system(install: Install, creates: str) -> bool:
    return install.tool == "poetry" and bool(creates) and creates.lower() not in _TRUE


def _first_on_path(path: str) -> str:
    """The prefix whose `bin` comes first on PATH."""
    first = path.partition(":")[0]
    if first.startswith("/") and first.endswith("/bin"):
        return posixpath.dirname(first)
    return _SYSTEM


def _is_taken(image: Image, stage: Stage, layer: Layer, install: Install) -> bool:
    """Whether a stage that ships, at once or through others, copies what the install fills."""
    place = environment_of(install, layer)
    if place is None:
        return False
    takers = [*image.shipped, *image.copied_from]
    return any(
        _overlaps(source, place)
        for taker in takers
        for other in taker.layers
        if other.copy is not None and other.copy.stage is not None and stage in other.copy.stage.lineage
        for source in other.copy.sources
    )


def _overlaps(source: str, place: str) -> bool:
    """Whether copying one takes (a part of) the other."""
    source = posixpath.normpath(f"/{source.partition('*')[0]}").replace("//", "/")
    place = posixpath.normpath(place)
    return (
        source == place or place.startswith(f"{source.rstrip('/')}/") or source.startswith(f"{place.rstrip('/')}/lib")
    )
