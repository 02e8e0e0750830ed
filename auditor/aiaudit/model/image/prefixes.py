"""Where Python packages land: the system's Python, an environment, a folder; and whether the command finds them."""

from __future__ import annotations

import posixpath
import sys
from collections.abc import Iterator, Mapping

from aiaudit.model.image.bases import is_plain
from aiaudit.model.image.commands import commands_in, names_in, options, unwrapped
from aiaudit.model.image.filesystem import absolute
from aiaudit.model.image.imports import imported_names
from aiaudit.model.image.values import Image, Install, Layer, Server, Stage
from aiaudit.sources.dockerfile.facts import Command
from aiaudit.values import dataclass

SYSTEM = "/usr/local"
_SYSTEM_PREFIXES = ("/", "/usr", "/usr/local", "")
_TRUE = ("1", "true", "True", "yes", "on")
_FALSE = ("0", "false", "False", "no", "off")
_PLACE_OPTIONS = names_in("-t --target --prefix --root")
_PIP_PLACES = names_in("-t --target --prefix --root -p --python")


@dataclass(frozen=True, slots=True)
class Landing:
    """One install and the prefix that it fills, None where that cannot be told."""

    stage: Stage
    layer: Layer
    install: Install
    prefix: str | None


@dataclass(frozen=True, slots=True)
class Unreached:
    """A server that the container cannot find, because what is installed lies where it does not look."""

    server: Server
    landing: Landing
    is_carried: bool


def landings(stage: Stage) -> Iterator[Landing]:
    """Every Python install of a stage's lineage."""
    made = set(_environments(stage))
    for member in stage.lineage:
        for layer in member.layers:
            for install in layer.installs:
                if install.ecosystem == "python" and install.installs_something:
                    yield Landing(member, layer, install, _prefix(install, layer, stage, made))


def landing_of(layer: Layer, install: Install) -> Landing:
    """Where one install lands."""
    stage = layer.stage
    return Landing(stage, layer, install, _prefix(install, layer, stage, set(_environments(stage))))


def unreached_server(image: Image) -> Unreached | None:
    """The first server that no install of the image reaches; None where any may, or where that cannot be told."""
    final = image.final
    if not is_plain(final.root_base) or not final.lineage[0].base_is_known or _takes_from_outside(image):
        return None
    server = next((server for server in image.servers if not server.is_conditional and _looked_in(server)), None)
    if server is None or _activates(image) or not _needs_packages(image, server):
        return None
    found = [item for stage in (final, *image.copied_from) for item in landings(stage) if not _is_tool(item.install)]
    looked_in, is_carried = _looked_in(server), False
    for item in found:
        places = None if item.prefix is None or _fills_a_folder(item.install) else _carried_to(image, item)
        if places is None or not set(places).isdisjoint(looked_in):
            return None
        is_carried = is_carried or bool(places)
    return Unreached(server, found[0], is_carried) if found else None


def _fills_a_folder(install: Install) -> bool:
    """Whether packages go into a folder that PYTHONPATH has to name, without programs."""
    return any(flag in ("-t", "--target", "--root") for flag in install.flags)


def _environments(stage: Stage) -> Iterator[str]:
    """Virtual environments that commands make: `python -m venv X`, `uv venv X`, `virtualenv X`."""
    for member in stage.lineage:
        for layer in member.layers:
            for command in layer.instruction.commands if layer.keyword == "RUN" else ():
                command = unwrapped(command)
                words = [word.text for word in command.words]
                is_module = command.name.startswith("python") and words[1:3] in (["-m", "venv"], ["-m", "virtualenv"])
                if not (is_module or words[:2] == ["uv", "venv"] or command.name == "virtualenv"):
                    continue
                rest = command.words[3 if is_module else 2 if command.name == "uv" else 1 :]
                places = options(rest, names_in("--python -p --prompt --seed-packages")).positionals
                written = _known(places[0].text if places else ".venv", layer.environment)
                place = absolute(written, layer.workdir)
                if place is not None:
                    yield place


def _known(text: str, environment: Mapping[str, str]) -> str:
    from aiaudit.sources.dockerfile.expand import expand

    return expand(text, environment.get).text if "$" in text else text


def _prefix(install: Install, layer: Layer, stage: Stage, made: set[str]) -> str | None:
    environment, folder = install.environment(layer.environment), install.folder
    if install.tool == "uv":
        if "--active" in install.flags and environment.get("VIRTUAL_ENV"):
            return absolute(environment["VIRTUAL_ENV"], folder)
        base = absolute(install.project or ".", folder)
        return absolute(environment.get("UV_PROJECT_ENVIRONMENT", ".venv"), base)
    if install.tool == "pdm":
        return absolute(".venv", folder)
    if install.tool == "poetry":
        return _of_poetry(environment, folder, stage)
    if install.tool in ("pip", "uv pip"):
        return _of_pip(install, environment, folder, made)
    return None


def _of_poetry(environment: Mapping[str, str], folder: str | None, stage: Stage) -> str | None:
    if environment.get("VIRTUAL_ENV"):
        return absolute(environment["VIRTUAL_ENV"], folder)
    configured = {"create": environment.get("POETRY_VIRTUALENVS_CREATE", "")}
    configured["in-project"] = environment.get("POETRY_VIRTUALENVS_IN_PROJECT", "")
    for layer in stage.inherited_layers:
        for command in layer.instruction.commands if layer.keyword == "RUN" else ():
            words = [word.text for word in unwrapped(command).words if not word.text.startswith("-")]
            if words[:2] == ["poetry", "config"] and len(words) > 3 and words[2].startswith("virtualenvs."):
                configured[words[2].partition(".")[2]] = words[3]
    if configured["create"] in _FALSE:
        return SYSTEM
    return absolute(".venv", folder) if configured["in-project"] in _TRUE else None


def _of_pip(install: Install, environment: Mapping[str, str], folder: str | None, made: set[str]) -> str | None:
    command = unwrapped(install.command)
    given = options(command.words[1:], _PIP_PLACES)
    place = given.value(*_PLACE_OPTIONS)
    if place is not None:
        return absolute(_known(place, environment), folder)
    if given.has("--user") or environment.get("PIP_USER") in _TRUE or environment.get("PIP_TARGET"):
        return None
    if install.tool == "uv pip":
        if given.has("--system") or environment.get("UV_SYSTEM_PYTHON") in _TRUE:
            return SYSTEM
        if given.has("-p", "--python") or environment.get("UV_PYTHON"):
            return None
        return absolute(environment.get("VIRTUAL_ENV", ".venv"), folder)
    program = _known(command.words[0].text, environment)
    if "/" in program:
        place = absolute(program, folder)
        prefix = posixpath.dirname(posixpath.dirname(place)) if place is not None else None
        return SYSTEM if prefix in _SYSTEM_PREFIXES else prefix
    for entry in environment.get("PATH", "").split(":"):
        prefix = posixpath.dirname(posixpath.normpath(entry))
        if posixpath.basename(entry.rstrip("/")) == "bin" and prefix in made:
            return prefix
    return None if _was_activated(install) else SYSTEM


def _was_activated(install: Install) -> bool:
    """Whether the command runs in a nested shell or behind something that may have switched to an environment."""
    return install.command.nested


def _is_tool(install: Install) -> bool:
    """Whether an install brings an installer alone: `pip install uv`, `pip install --upgrade pip`."""
    tools = names_in("pip setuptools wheel uv poetry pdm pipenv virtualenv build pip-tools hatch poetry-plugin-export")
    return bool(install.packages) and not install.project and all(p.name in tools for p in install.packages)


def _looked_in(server: Server) -> tuple[str, ...]:
    """The prefixes where the server's program is looked for: PATH, or the folder that it names; () if unsure."""
    first = server.words[0] if server.words else ""
    if not first or "$" in first or server.runner or server.kind == "function":
        return ()
    if "/" in first:
        return (posixpath.dirname(posixpath.dirname(posixpath.normpath(first))),) if first.startswith("/") else ()
    entries = [entry for entry in (server.variable("PATH") or "").split(":") if entry not in ("$PATH", "${PATH}")]
    if any("$" in entry for entry in entries):
        return ()
    return (*(posixpath.dirname(posixpath.normpath(entry)) for entry in entries if entry), SYSTEM)


def _needs_packages(image: Image, server: Server) -> bool:
    """Whether what is started is a package's program, or a file that imports what Python and the image do not hold."""
    if server.program != "python":
        return True
    files, place = image.final.files, absolute(server.target.partition(" ")[0], server.folder)
    source = files.source(place) if files is not None and place is not None else None
    names = imported_names(image, source) if source is not None else ()
    tops = {name.partition(".")[0] for name in names} - sys.stdlib_module_names
    carried = {posixpath.basename(folder) for folder in files.folders} if files is not None else set()
    modules = {posixpath.basename(path).removesuffix(".py") for path in files.files} if files is not None else set()
    return bool(tops - carried - modules)


def _activates(image: Image) -> bool:
    """Whether the command or its script switches to a virtual environment, or changes PATH, by itself."""
    command = image.command
    commands: list[Command] = list(command.commands) if command else []
    if command is not None and command.script:
        commands += commands_in(image.service.tree.text(command.script))
    return any(
        any("activate" in word.text or word.text.startswith("PATH=") for word in item.words)
        or any(pair.key == "PATH" for pair in item.assignments)
        for item in commands
    )


def _takes_from_outside(image: Image) -> bool:
    """Whether another image or a command that is not understood may have brought the packages."""
    for stage in (*image.shipped, *image.copied_from):
        for layer in stage.layers:
            if layer.copy is not None and layer.copy.is_foreign and not _is_installer(layer):
                return True
    return False


def _is_installer(layer: Layer) -> bool:
    return any(name in (layer.instruction.flag("from") or "") for name in ("astral-sh/uv", "aws-lambda-adapter"))


def _carried_to(image: Image, item: Landing) -> list[str] | None:
    """Where the final stage holds what an install has filled; None where that cannot be told."""
    prefix = item.prefix or "/"
    if item.stage in image.shipped:
        return [prefix]
    places: list[str] = []
    for stage in image.used:
        for layer in stage.layers:
            copy = layer.copy
            if copy is None or copy.stage is None or item.stage not in copy.stage.lineage:
                continue
            for source in copy.sources:
                place = posixpath.normpath(f"/{source.lstrip('/')}")
                if "$" in source or "*" in source or copy.destination is None or place.startswith(f"{prefix}/"):
                    return None
                if prefix == place or place == "/" or prefix.startswith(f"{place}/"):
                    below = posixpath.relpath(prefix, place)
                    places.append(posixpath.normpath(posixpath.join(copy.destination, below)))
    return places
