"""Programs that a process manager starts in a container: those of supervisord's configuration, those of a Procfile."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from fnmatch import fnmatchcase

from aiaudit.model.image.commands import commands_in, names_in, options
from aiaudit.model.image.filesystem import Filesystem, absolute
from aiaudit.model.tree import Tree
from aiaudit.sources.dockerfile.facts import Command
from aiaudit.values import dataclass

_PROCFILE = frozenset(("honcho", "foreman", "goreman", "overmind", "hivemind"))
_VALUES = names_in(
    "-c --configuration -f --procfile -e --env -d --root -m --formation -p --port -u --user -l --logfile"
)
# Where supervisord looks for its configuration when nobody names one; Debian's includes a folder.
_PLACES = ("supervisord.conf", "etc/supervisord.conf", "/etc/supervisord.conf", "/etc/supervisor/supervisord.conf")
_DEBIAN = "/etc/supervisor/conf.d/*.conf"


@dataclass(frozen=True, slots=True)
class Supervised:
    """A program that a process manager starts: the repository file that says so, and what it gets."""

    path: str
    commands: tuple[Command, ...]
    folder: str | None
    environment: tuple[tuple[str, str], ...] = ()


def supervised(command: Command, folder: str | None, files: Filesystem, tree: Tree) -> Iterator[Supervised]:
    """The programs that a command starts if it is a process manager whose configuration the repository has."""
    if command.name == "supervisord":
        yield from _of_supervisord(command, folder, files, tree)
    elif command.name in _PROCFILE:
        yield from _of_procfile(command, folder, files, tree)


def _of_supervisord(command: Command, folder: str | None, files: Filesystem, tree: Tree) -> Iterator[Supervised]:
    named = options(command.words[1:], _VALUES).value("-c", "--configuration")
    places = [absolute(place, folder) for place in ((named,) if named else _PLACES)]
    main = next((place for place in places if place is not None and files.source(place) is not None), None)
    if main is None:
        configured = [] if named else list(_matching(_DEBIAN, files))
    else:
        patterns = _sections(tree.text(files.source(main) or "")).get("include", {}).get("files", _Setting("")).text
        folders = [absolute(pattern, _above(main)) or "" for pattern in patterns.split()]
        configured = [main, *(place for pattern in folders for place in _matching(pattern, files))]
    read = [(place, files.source(place) or "") for place in configured]
    sections = [(place, path, *item) for place, path in read for item in _sections(tree.text(path)).items()]
    environment = [pair for _, _, name, own in sections if name == "supervisord" for pair in _variables(own)]
    for place, path, name, settings in sections:
        written = settings.get("command")
        is_started = settings.get("autostart", _Setting("true")).text.lower() not in ("false", "no", "0", "off")
        if name.startswith("program:") and written is not None and is_started:
            where = settings["directory"].text if "directory" in settings else ""
            started_in = absolute(where, folder) if where else folder
            yield Supervised(path, _commands(written, place), started_in, (*environment, *_variables(settings)))


def _of_procfile(command: Command, folder: str | None, files: Filesystem, tree: Tree) -> Iterator[Supervised]:
    given = options(command.words[1:], _VALUES)
    verb, *wanted = [word.text for word in given.positionals] or [""]
    place = absolute(given.value("-f", "--procfile") or "Procfile", folder)
    path = files.source(place) if place is not None else None
    if path is None or (verb != "start" and command.name != "hivemind"):
        return
    for number, line in enumerate(tree.text(path).splitlines()):
        name, colon, written = line.partition(":")
        if colon and not name.startswith("#") and (not wanted or name.strip() in wanted):
            setting = _Setting(written, number, len(name) + 1)
            yield Supervised(path, _commands(setting, place or ""), folder)


@dataclass(frozen=True, slots=True)
class _Setting:
    """A value and where it begins: the lines before it, the characters before it in its line."""

    text: str
    line: int = 0
    column: int = 0


def _sections(text: str) -> dict[str, dict[str, _Setting]]:
    """The sections of an INI file; a value goes on in lines that begin with a blank."""
    found: dict[str, dict[str, _Setting]] = {}
    section, key = found.setdefault("", {}), ""
    for number, line in enumerate(text.splitlines()):
        plain = line.partition(" ;")[0].rstrip()
        if not plain or plain[0] in ";#":
            continue
        if plain[0] == "[" and plain[-1] == "]":
            section, key = found.setdefault(plain[1:-1].strip(), {}), ""
        elif plain[0].isspace() and key:
            before = section[key]
            section[key] = _Setting(f"{before.text} \\\n{plain}", before.line, before.column)
        elif "=" in plain:
            name, _, value = plain.partition("=")
            key = name.strip().lower()
            section[key] = _Setting(value.strip(), number, len(plain) - len(value.lstrip()))
    return found


def _variables(settings: dict[str, _Setting]) -> tuple[tuple[str, str], ...]:
    """What `environment=A="1",B=2` sets."""
    import shlex

    if "environment" not in settings:
        return ()
    lexer = shlex.shlex(_expanded(settings["environment"].text.replace("\\\n", "")), posix=True)
    lexer.whitespace, lexer.whitespace_split, lexer.commenters = ", \t\n", True, ""
    try:
        pairs = [word.partition("=") for word in lexer]
    except ValueError:  # a quote that is never closed
        return ()
    return tuple((name, value) for name, equals, value in pairs if equals)


def _commands(setting: _Setting, place: str) -> tuple[Command, ...]:
    """The commands of a value, where they stand in its file."""
    text = _expanded(setting.text).replace("%(here)s", _above(place))
    return commands_in("\n" * setting.line + " " * setting.column + text)


def _expanded(text: str) -> str:
    """`%(ENV_PORT)s` as a shell would write it."""
    while "%(ENV_" in text:
        before, _, rest = text.partition("%(ENV_")
        name, _, behind = rest.partition(")s")
        text = f"{before}${{{name}}}{behind}"
    return text.replace("%%", "%")


def _matching(pattern: str, files: Filesystem) -> Iterator[str]:
    folder = _above(pattern)
    return (
        f"{folder}/{below}" for below, _ in sorted(files.below(folder)) if fnmatchcase(f"{folder}/{below}", pattern)
    )


def _above(place: str) -> str:
    return posixpath.dirname(place)
