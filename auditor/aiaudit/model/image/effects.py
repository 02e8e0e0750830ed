"""What commands of a RUN do to the files that the replay knows: told where it is plain, "unknown" where it is not."""

from __future__ import annotations

import fnmatch
import posixpath
from collections.abc import Iterable

from aiaudit.model.image.commands import names_in, options, unwrapped
from aiaudit.model.image.filesystem import Filesystem, absolute
from aiaudit.patterns import regex
from aiaudit.sources.dockerfile.facts import Command

_REDIRECT = regex(r"\d*>>?\|?\s*([^&\s].*)")
_GLOB = regex(r"[*?\[{]")
_PLACING = {"ln", "install", "rsync"}
_FETCHING_VALUES = names_in(
    "-o --output -O --output-document -P --directory-prefix -C --directory -d -b --branch --depth"
)
_EXPORTING_VALUES = names_in(
    "-o --output --output-file --requirements -f --format --with --without --only -E --extras --extra --group"
)
_TRANSFER_VALUES = names_in("-t --target-directory -S --suffix")
_EXPORTERS = {
    ("poetry", "export"): ("poetry.lock", "pyproject.toml"),
    ("uv", "export"): ("uv.lock", "pyproject.toml"),
    ("pdm", "export"): ("pdm.lock", "pyproject.toml"),
    ("pipenv", "requirements"): ("Pipfile.lock", "Pipfile"),
    ("pipenv", "lock"): ("Pipfile.lock", "Pipfile"),
    ("uv", "pip"): ("pyproject.toml", "requirements.in"),
}
_MAKING = {"make", "sh", "bash", "django-admin", "cookiecutter", "copier", "git", "hf", "huggingface-cli"}


def replay(commands: Iterable[Command], files: Filesystem, workdir: str | None) -> str | None:
    """Follow the commands through `cd`, and note what they make, move or take away; gives the folder at the end."""
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
    return folder


def _exported(command: Command, files: Filesystem, folder: str | None) -> tuple[str, str] | None:
    """Where `poetry export` and its like write requirements, and the repository file that they are made from."""
    manifests = _EXPORTERS.get((command.name, command.words[1].text)) if len(command.words) > 1 else None
    if manifests is None:
        return None
    target = export_target(command)
    place = absolute(target, folder) if target else None
    sources = (absolute(name, folder) for name in manifests)
    source = next((found for path in sources if path and (found := files.source(path))), None)
    return (place, source) if place and source else None


def export_target(command: Command) -> str | None:
    """The file that `poetry export` and its like write, as their options or a redirection name it."""
    target = options(command.words[1:], _EXPORTING_VALUES).value("-o", "--output", "--output-file", "--requirements")
    for redirect in command.redirects:
        match = _REDIRECT.fullmatch(redirect.strip())
        target = target or (match[1].strip("\"' ") if match else None)
    return target


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
    elif name in ("cp", "mv"):
        _transferred(command, files, folder)
    elif name in _PLACING:
        for argument in arguments[-1:]:
            _blur(files, argument, folder)
    elif name in ("rm", "unlink", "rmdir"):
        _removed(command, files, folder)
    elif name in ("touch", "tee", "truncate"):
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


def _is_certain(command: Command) -> bool:
    """Whether the command runs in every build: no condition or failure decides over it."""
    return not command.nested and command.operator != "||"


def _removed(command: Command, files: Filesystem, folder: str | None) -> None:
    for argument in options(command.words[1:], frozenset()).positionals:
        places = _places(argument.text, files, folder)
        if places is None or not _is_certain(command):
            _blur(files, argument.text, folder)
            continue
        for place in places:
            files.remove(place)


def _transferred(command: Command, files: Filesystem, folder: str | None) -> None:
    """`cp` and `mv`: files that are known arrive under their new names, others make the target unknown."""
    given = options(command.words[1:], _TRANSFER_VALUES)
    into = given.value("-t", "--target-directory")
    words = [word.text for word in given.positionals]
    written = into or (words.pop() if words else "")
    target = absolute(written, folder)
    if not words or target is None or given.has("-n", "--no-clobber", "-u", "--update", "--parents"):
        for argument in (*words, written) if command.name == "mv" else (written,):
            _blur(files, argument, folder)
        return
    is_folder = bool(into) or written.endswith("/") or target in files.folders or len(words) > 1
    for argument in words:
        places = _places(argument, files, folder)
        found = bool(places) and _is_certain(command)
        for place in places or ():
            contents = command.name == "cp" and argument.endswith("/.")
            goal = posixpath.join(target, posixpath.basename(place)) if is_folder and not contents else target
            found = files.transfer(place, goal) and found
        if not found:
            _blur(files, written, folder)
        if command.name == "mv":
            for place in places or ():
                if found:
                    files.remove(place)
            if not found:
                _blur(files, argument, folder)


def _places(argument: str, files: Filesystem, folder: str | None) -> list[str] | None:
    """The known places that a word of the shell means; None where they cannot all be told."""
    if not _GLOB.search(argument):
        place = absolute(argument, folder)
        return None if place is None or argument.startswith("~") else [place]
    head, _, pattern = argument.rpartition("/")
    above = absolute(head or ("/" if argument.startswith("/") else "."), folder)
    if above is None or _GLOB.search(head) or set("{[") & set(pattern) or files.is_blurred(above):
        return None
    shown = (name for name in files.children(above) if not name.startswith(".") or pattern.startswith("."))
    return sorted(posixpath.join(above, name) for name in shown if fnmatch.fnmatchcase(name, pattern))


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
