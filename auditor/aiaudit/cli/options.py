"""The options of `check`, in one table: the quick reader and the click command are both made from it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, NamedTuple

SEVERITIES = ("low", "medium", "high", "critical")
CONFIDENCES = ("low", "medium", "high")
FORMATS = ("text", "concise", "json", "sarif")
COMMANDS = ("check", "boot", "prove", "rules", "rule", "inspect")


class Option(NamedTuple):
    """One option.

    `form` is "flag", "value" (one of the choices), "text", "list" (repeatable, commas part) or "repeat" (repeatable,
    taken whole).
    """

    name: str
    flags: tuple[str, ...]
    form: str
    choices: tuple[str, ...]
    metavar: str
    help: str
    default: Any = None


OPTIONS = (
    Option("select", ("--select",), "list", (), "RULES", "Run only these rules: ids, names, aliases or families."),
    Option("ignore", ("--ignore",), "list", (), "RULES", "Leave these rules out."),
    Option("profile", ("--profile",), "value", ("default", "pedantic"), "", "Which rules run when none are selected."),
    Option("fail_on", ("--fail-on",), "value", SEVERITIES, "", "Exit with 1 from this severity on [default: low]."),
    Option("min_confidence", ("--min-confidence",), "value", CONFIDENCES, "", "Leave out findings that are less sure."),
    Option("format", ("--format",), "value", FORMATS, "", "What to write to stdout [default: text].", "text"),
    Option("output", ("--output",), "repeat", (), "FORMAT=FILE", "Write a format to a file as well; repeatable."),
    Option("boot", ("--boot",), "flag", (), "", "Boot the image with Docker, too, and report both together."),
    Option("shellcheck", ("--shellcheck",), "flag", (), "", "Run ShellCheck on RUN scripts, too."),
    Option(
        "date", ("--date",), "text", (), "YYYY-MM-DD", "The day of the audit, for ends of support [default: today]."
    ),
    Option("no_ignores", ("--no-ignores",), "flag", (), "", "Report what ignore comments accept, too."),
    Option("no_cache", ("--no-cache",), "flag", (), "", "Read and parse every file anew; keep nothing."),
    Option("exit_zero", ("--exit-zero",), "flag", (), "", "Exit with 0 even when there are findings."),
    Option("color", ("--color",), "value", ("auto", "always", "never"), "", "Colours [default: auto].", "auto"),
    Option("quiet", ("--quiet", "-q"), "flag", (), "", "Findings only: no summary, no warnings."),
    Option("verbose", ("--verbose", "-v"), "flag", (), "", "Say on stderr what was looked at and how long it took."),
)


def read(arguments: Sequence[str]) -> dict[str, Any] | None:
    """The options of a plain `check`, or None for whatever click should handle: help, mistakes, other commands."""
    words = list(arguments)
    if words and words[0] == "check":
        words.pop(0)
    elif words and words[0] in COMMANDS and not os.path.exists(words[0]):
        return None
    values = defaults(OPTIONS)
    paths: list[str] = []
    by_flag = {flag: option for option in OPTIONS for flag in option.flags}
    while words:
        word = words.pop(0)
        if word == "--":
            paths.extend(words)
            break
        if not word.startswith("-") or word == "-":
            paths.append(word)
            continue
        flag, equals, value = word.partition("=")
        option = by_flag.get(flag)
        if option is None or (option.form == "flag") == bool(equals):
            if option is None or option.form == "flag" or not words:
                return None
            value = words.pop(0)
        if not _take(values, option, value):
            return None
    values["paths"] = tuple(paths)
    return values


def defaults(table: Sequence[Option]) -> dict[str, Any]:
    """The values of options that nobody names."""
    return {
        option.name: {"flag": False, "value": option.default, "text": option.default}.get(option.form, ())
        for option in table
    }


def _take(values: dict[str, Any], option: Option, value: str) -> bool:
    """Keep one option; False for a value that it does not have."""
    if option.form == "flag":
        values[option.name] = True
    elif option.form == "list":
        values[option.name] += split(value)
    elif option.form == "repeat":
        values[option.name] += (value,)
    elif option.form == "text" or value in option.choices:
        values[option.name] = value
    else:
        return False
    return True


def split(value: str) -> tuple[str, ...]:
    """Names that commas part."""
    return tuple(name for name in (part.strip() for part in value.split(",")) if name)
