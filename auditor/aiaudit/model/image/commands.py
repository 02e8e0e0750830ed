"""Commands as they really run: wrappers taken off, options told from arguments."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from aiaudit.patterns import regex
from aiaudit.sources.dockerfile.facts import Command, Word
from aiaudit.values import dataclass, replace

Expand = Callable[[str], str]


def names_in(text: str) -> frozenset[str]:
    """The blank-separated names of a text."""
    return frozenset(text.split())


_PYTHON = regex(r"(?:python|pypy)\d*(?:\.\d+)?|py")
_ASSIGNMENT = regex(r"[A-Za-z_]\w*=.*", re.DOTALL)
_SHELLS = {"sh", "bash", "dash", "ash", "zsh"}
# Programs that run the rest of their words: how many words of their own follow each option.
_WRAPPERS: dict[str, frozenset[str]] = {
    "sudo": frozenset({"-u", "--user", "-g", "--group"}),
    "env": frozenset({"-u", "--unset", "-C", "--chdir"}),
    "exec": frozenset({"-a"}),
    "time": frozenset(),
    "nice": frozenset({"-n"}),
    "command": frozenset(),
    "nohup": frozenset(),
    "stdbuf": frozenset({"-i", "-o", "-e"}),
    "tini": frozenset({"-p", "-e"}),
    "dumb-init": frozenset({"-r", "--rewrite"}),
    "catatonit": frozenset(),
    "gosu": frozenset(),
    "su-exec": frozenset(),
    "setpriv": frozenset(),
    "retry": frozenset(),
    "ionice": frozenset({"-c", "-n"}),
    "ddtrace-run": frozenset(),
    "opentelemetry-instrument": frozenset(),
    "newrelic-admin": frozenset(),
}
_FIRST_IS_USER = {"gosu", "su-exec"}
_RUNNERS = {
    "conda": "run", "mamba": "run", "micromamba": "run", "poetry": "run", "pipenv": "run", "pdm": "run", "uv": "run",
    "rye": "run", "hatch": "run", "pixi": "run", "infisical": "run", "doppler": "run", "newrelic-admin": "run-program",
}  # fmt: skip
_RUNNER_VALUES = names_in(
    "-n --name -p --prefix --cwd --project --directory --python --env-file --with --group --extra --package"
    " --index-url --only-group --no-group --with-requirements --with-editable -e --env --manifest-path"
)


@dataclass(frozen=True, slots=True)
class Options:
    """A command's words after its program: options with their values, and the other words."""

    named: tuple[tuple[str, str], ...]
    positionals: tuple[Word, ...]

    def values(self, *names: str) -> tuple[str, ...]:
        """All values given to any of these options."""
        return tuple(value for name, value in self.named if name in names)

    def has(self, *names: str) -> bool:
        """Whether any of these options is given."""
        return any(name in names for name, _ in self.named)

    def value(self, *names: str) -> str | None:
        """The last value given to any of these options."""
        found = self.values(*names)
        return found[-1] if found else None

    @property
    def flags(self) -> tuple[str, ...]:
        """The names of all options given."""
        return tuple(name for name, _ in self.named)


def options(words: Iterable[Word], with_value: frozenset[str]) -> Options:
    """Tell options from arguments; `with_value` are the options whose value may be the next word."""
    named: list[tuple[str, str]] = []
    positionals: list[Word] = []
    waiting = list(words)
    while waiting:
        word = waiting.pop(0)
        text = word.text
        if text == "--":
            positionals.extend(waiting)
            break
        if not text.startswith("-") or text == "-":
            positionals.append(word)
            continue
        name, equals, value = text.partition("=")
        if not text.startswith("--") and len(text) > 2 and text[:2] in with_value:  # -rfile, -p8000
            named.append((text[:2], text[2:].removeprefix("=")))
        elif equals:
            named.append((name, value))
        elif name in with_value and waiting:
            named.append((name, waiting.pop(0).text))
        else:
            named.append((text, ""))
    return Options(tuple(named), tuple(positionals))


def unwrapped(command: Command) -> Command:
    """The command without `sudo`, `env`, `tini --`, `poetry run` and the like ahead of it."""
    while True:
        inner = _inner(command)
        if inner is None:
            return command
        command = inner


def is_python(program: str) -> bool:
    """Whether a program is a Python interpreter: `python`, `python3.12`, `pypy3`."""
    return _PYTHON.fullmatch(program) is not None


def runner_of(command: Command) -> str:
    """The tool ahead of a command that runs it in an environment of its own, "" for none."""
    inner: Command | None = command
    while inner is not None:
        if inner.name in _RUNNERS and any(word.text == _RUNNERS[inner.name] for word in inner.words):
            return inner.name
        inner = _inner(inner)
    return ""


def _inner(command: Command) -> Command | None:
    if not command.words:
        return None
    name = command.name
    rest = list(command.words[1:])
    if name in _WRAPPERS:
        own = _WRAPPERS[name]
    elif _RUNNERS.get(name) and _RUNNERS[name] in [word.text for word in rest]:
        position = [word.text for word in rest].index(_RUNNERS[name])
        if any(not word.text.startswith("-") for word in rest[:position]):
            return None
        own, rest = _RUNNER_VALUES, rest[position + 1 :]
    else:
        return None
    while rest and (rest[0].text.startswith("-") or (name == "env" and _ASSIGNMENT.fullmatch(rest[0].text))):
        option = rest.pop(0).text
        if option == "--":
            break
        if option in own and rest:
            rest.pop(0)
    if name in _FIRST_IS_USER and rest:
        rest.pop(0)
    if rest and rest[0].text == "--":
        rest.pop(0)
    return replace(command, words=tuple(rest)) if rest else None


def is_shell(command: Command) -> bool:
    """Whether the program is a shell."""
    return command.name in _SHELLS


def expanded(command: Command, expand: Expand) -> Command:
    """The command with the variables known to the build replaced; a word that becomes several is split."""
    if not any("$" in word.text for word in command.words):
        return command
    words: list[Word] = []
    for word in command.words:
        if "$" not in word.text:
            words.append(word)
            continue
        text = expand(word.text)
        parts = [text] if '"' in word.raw or "'" in word.raw else text.split()
        words.extend(replace(word, text=part, raw=part) for part in parts)
    return replace(command, words=tuple(words))


def commands_in(text: str) -> tuple[Command, ...]:
    """The commands of a script file."""
    from aiaudit.sources.dockerfile.located import Located
    from aiaudit.sources.dockerfile.shell import script_commands

    starts = [0, *(match.end() for match in re.finditer("\n", text))]
    script = Located(text, starts, list(range(1, len(starts) + 1)), [1] * len(starts))
    return tuple(script_commands(script))
