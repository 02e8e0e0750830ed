"""What commands of a RUN do to the files that the replay knows: told where it is plain, "unknown" where it is not."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable

from aiaudit.model.image.commands import names_in, options, unwrapped
from aiaudit.model.image.filesystem import Filesystem, absolute
from aiaudit.sources.dockerfile.facts import Command

_REDIRECT = re.compile(r"\d*>>?\|?\s*([^&\s].*)")
_GLOB = re.compile(r"[*?\[{]")
_MOVING = {"cp", "mv", "ln", "install", "rsync"}
_FETCHING_VALUES = names_in(
    "-o --output -O --output-document -P --directory-prefix -C --directory -d -b --branch --depth"
)
_EXPORTING_VALUES = names_in(
    "-o --output --output-file --requirements -f --format --with --without --only -E --extras --extra --group"
)
_EXPORTERS = {
    ("poetry", "export"): ("poetry.lock", "pyproject.toml"),
    ("uv", "export"): ("uv.lock", "pyproject.toml"),
    ("pdm", "export"): ("pdm.lock", "pyproject.toml"),
    ("pipenv", "requirements"): ("Pipfile.lock", "Pipfile"),
    ("pipenv", "lock"): ("Pipfile.lock", "Pipfile"),
    ("uv", "pip"): ("pyproject.toml", "requirements.in"),
}
_MAKING = {"make", "sh", "bash", "django-admin", "cookiecutter", "copier", "git", "hf", "huggingface-cli"}


def replay(commands: Iterable[Command], files: Filesystem, workdir: str | None) -> None:
    """Follow the commands through `cd`, and note what they make, move or take away."""
    folder = workdir
    for command in commands:
        command = unwrapped(command)
        exported = _exported(command, files, folder)
        if exported is not None:
            files.add(*exported)
            continue
        for redirect in command.redirects:
            match = _REDIRECT.fullmatch(redirect.strip())
            if match:
                _blur(files, match[1].strip("\"' "), folder)
        if command.name == "cd":
            folder = moved(folder, command)
            continue
        _effect(command, files, folder)


def _exported(command: Command, files: Filesystem, folder: str | None) -> tuple[str, str] | None:
    """Where `poetry export` and its like write requirements, and the repository file that they are made from."""
    manifests = _EXPORTERS.get((command.name, command.words[1].text)) if len(command.words) > 1 else None
    if manifests is None:
        return None
    target = options(command.words[1:], _EXPORTING_VALUES).value("-o", "--output", "--output-file", "--requirements")
    for redirect in command.redirects:
        match = _REDIRECT.fullmatch(redirect.strip())
        target = target or (match[1].strip("\"' ") if match else None)
    place = absolute(target, folder) if target else None
    sources = (absolute(name, folder) for name in manifests)
    source = next((found for path in sources if path and (found := files.source(path))), None)
    return (place, source) if place and source else None


def moved(folder: str | None, command: Command) -> str | None:
    """The folder after a `cd`."""
    target = next((word.text for word in command.words[1:] if not word.text.startswith("-")), "/root")
    return absolute(target, folder)


def _effect(command: Command, files: Filesystem, folder: str | None) -> None:
    name = command.name
    arguments = [word.text for word in command.words[1:] if not word.text.startswith("-")]
    if name == "mkdir":
        for argument in arguments:
            place = absolute(argument, folder)
            if place is not None and not _GLOB.search(argument):
                files.add_folder(place)
    elif name in _MOVING and arguments:
        targets = arguments if name == "mv" else arguments[-1:]
        for argument in targets:
            _blur(files, argument, folder)
    elif name in ("rm", "unlink", "touch", "tee", "truncate"):
        for argument in arguments:
            _blur(files, argument, folder)
    elif name == "git" and "clone" in arguments:
        _clone(command, files, folder)
    elif name in ("curl", "wget"):
        _fetched(command, files, folder)
    elif name in ("tar", "unzip", "7z", "bsdtar"):
        given = options(command.words[1:], _FETCHING_VALUES)
        _blur(files, given.value("-C", "--directory", "-d") or ".", folder)
    elif name in _MAKING or (name.endswith((".sh", ".bash")) and "/" in command.words[0].text):
        _blur(files, ".", folder)


def _clone(command: Command, files: Filesystem, folder: str | None) -> None:
    given = options(command.words[1:], _FETCHING_VALUES)
    places = [word.text for word in given.positionals if word.text != "clone"]
    if not places:
        return
    name = posixpath.basename(places[0].rstrip("/")).removesuffix(".git")
    _blur(files, places[1] if len(places) > 1 else name, folder)


def _fetched(command: Command, files: Filesystem, folder: str | None) -> None:
    given = options(command.words[1:], _FETCHING_VALUES)
    target = given.value("-o", "--output", "--output-document") or (
        given.value("-O") if command.name == "wget" else None
    )
    if target in (None, "", "-"):
        address = given.positionals[-1].text if given.positionals else ""
        target = posixpath.basename(address.partition("?")[0]) or "."
    _blur(files, target or ".", folder)


def _blur(files: Filesystem, argument: str, folder: str | None) -> None:
    glob = _GLOB.search(argument)
    if glob:
        argument = argument[: glob.start()].rpartition("/")[0] or ("/" if argument.startswith("/") else ".")
    place = absolute(argument.replace("~", "/root", 1) if argument.startswith("~") else argument, folder)
    if place is None:
        place = folder or "/"
    files.blur(place)
