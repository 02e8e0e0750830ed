"""What make runs: the shell lines of a Makefile's targets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from aiaudit.model.image.commands import names_in, options
from aiaudit.patterns import regex
from aiaudit.sources.dockerfile.expand import expand
from aiaudit.sources.dockerfile.facts import Command
from aiaudit.values import dataclass, field

MAKEFILES = ("GNUmakefile", "makefile", "Makefile")
_VARIABLE = regex(r"^(?:export\s+)?(?P<name>\w+)\s*[:?]?:?=\s*(?P<value>[^#\n]*)")
_RULE = regex(r"^(?P<targets>[^\s:=#][^:=#]*?)\s*::?(?!=)(?P<needs>[^=#;]*)(?:;(?P<first>.*))?(?:#.*)?$")
_REFERENCE = regex(r"\$[({](\w+)[)}]")
_VALUES = names_in("-C --directory -f --file --makefile -j --jobs -I --include-dir -o -W -l")
_DEPTH = 8


@dataclass(frozen=True, slots=True)
class Call:
    """A call of make: `file` and `folder` as its options name them, the `goals`, variables set on the command line."""

    file: str | None
    folder: str
    goals: tuple[str, ...]
    variables: tuple[tuple[str, str], ...]


@dataclass(slots=True)
class _Rule:
    needs: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)


def call_of(command: Command) -> Call:
    """What a command asks make for."""
    given = options(command.words[1:], _VALUES)
    words = [word.text for word in given.positionals]
    variables = tuple(word.partition("=")[::2] for word in words if "=" in word)
    goals = tuple(word for word in words if "=" not in word)
    return Call(
        given.value("-f", "--file", "--makefile"), given.value("-C", "--directory") or ".", goals, variables
    )  # fmt: skip


def shell_names(text: str) -> str:
    """make's `$(NAME)` as the shell writes it."""
    return _REFERENCE.sub(r"${\1}", text).replace("$$", "$")


def variables_of(text: str, given: Mapping[str, str] | None = None) -> dict[str, str]:
    """The variables of a Makefile, each with those ahead of it replaced; those `given` on the command line win."""
    found = dict(given or {})
    for line in text.replace("\\\n", " ").splitlines():
        match = _VARIABLE.match(line)
        if match is not None and match["name"] not in (given or {}):
            found[match["name"]] = expand(shell_names(match["value"].strip()), found.get).text
    return found


def recipe(text: str, call: Call, folder: str) -> str:
    """The shell lines that a call of make in a folder runs, those of prerequisites first."""
    rules = _rules(text)
    default = next((name for name in rules if not name.startswith(".")), None)
    goals = call.goals or ((default,) if default is not None else ())
    variables = variables_of(text, dict(call.variables))
    lines = (expand(shell_names(line), variables.get).text for line in _lines(goals, rules, set(), _DEPTH))
    found = "\n".join(line.lstrip("@-+ \t") for line in lines)
    return found if call.folder == "." or not found else f"cd {call.folder}\n{found}\ncd {folder}"


def _rules(text: str) -> dict[str, _Rule]:
    rules: dict[str, _Rule] = {}
    open_: list[_Rule] = []
    for line in text.replace("\\\n", " ").splitlines():
        if line.startswith("\t"):
            for rule in open_:
                rule.lines.append(line.strip())
            continue
        match = _RULE.match(line)
        if match is None:
            open_ = open_ if not line.strip() or line.lstrip().startswith("#") else []
            continue
        open_ = [rules.setdefault(name, _Rule()) for name in match["targets"].split()]
        for rule in open_:
            rule.needs += match["needs"].replace("|", " ").split()
            rule.lines += [match["first"].strip()] if match["first"] else []
    return rules


def _lines(goals: Iterable[str], rules: dict[str, _Rule], done: set[str], depth: int) -> Iterator[str]:
    for goal in goals if depth else ():
        rule = rules.get(goal)
        if rule is None or goal in done:
            continue
        done.add(goal)
        yield from _lines(rule.needs, rules, done, depth - 1)
        yield from rule.lines
