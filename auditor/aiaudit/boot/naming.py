"""Whether a failed start names the variable that is missing: what an operator reads to know what to set."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from aiaudit.boot.record import Named, Variable
from aiaudit.boot.tracebacks import Failure, Line, failures, lines_of
from aiaudit.patterns import regex
from aiaudit.values import dataclass

# Only the end of a log tells why it ended.
_LAST = 50
# pydantic prints the other inputs beside the one it misses, and a dump of settings names them all.
_OTHER_INPUTS = regex(r"\binput_value=.*?, input_type=\w+")
_DUMPED = r"[\"']?\s*[=:]\s*[\"']?(?:None\b|null\b|<unset>|\*+)"
# What libraries say without naming the variable that they read -> the variables it stands for.
_GENERIC = (
    ("No API key was provided", ("GOOGLE_API_KEY", "GEMINI_API_KEY")),
    ("Missing key inputs argument! To use the Google AI API", ("GOOGLE_API_KEY", "GEMINI_API_KEY")),
    ("Could not resolve authentication method", ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN")),
    ("Your default credentials were not found", ("GOOGLE_APPLICATION_CREDENTIALS",)),
    ("Unable to locate credentials", ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")),
    ("You must specify a region", ("AWS_REGION", "AWS_DEFAULT_REGION")),
)


@dataclass(frozen=True, slots=True)
class Naming:
    """What a log says about a variable: where it names it, other variables that it names instead, and a library's
    message that stands for it without naming it."""

    named: Named | None = None
    others: tuple[str, ...] = ()
    generic: str = ""


def naming(variable: Variable, others: Iterable[Variable], log: str, failed: bool) -> Naming:
    """How the end of a log names a variable; `failed` tells that the program ended with an error.

    What errors say comes first: where it is about other variables alone, source lines of the traceback do not count.
    Without an error, and outside of what is told as one, a name is only mentioned.
    """
    lines = _end(log)
    told = failures(lines)
    messages = [line for failure in told for line in failure.message]
    errors = {line.number for failure in told for line in (*failure.frames, *failure.message)}
    plain = [line for line in lines if line.number not in errors] if failed else []
    instead = tuple(other.name for other in others if other.name != variable.name and _find(other, messages))
    found = _find(variable, messages)
    by = "error"
    if found is None:
        found, by = _find(variable, plain), "output"
    if found is None and not instead:
        frames = [line for failure in told for line in failure.frames]
        found, by = _find(variable, frames), "traceback"
    if found is not None:
        return Naming(Named(found.number, found.text.strip(), by), instead)
    return Naming(None, instead, _generic(variable, log))


def fatal(log: str) -> Failure | None:
    """The last traceback at the end of a log."""
    return next((failure for failure in reversed(failures(_end(log))) if failure.is_traceback), None)


def _end(log: str) -> list[Line]:
    return lines_of(log)[-_LAST:]


def _find(variable: Variable, lines: Sequence[Line]) -> Line | None:
    pattern = _pattern(variable)
    return next((line for line in lines if pattern.search(_OTHER_INPUTS.sub("", line.text))), None)


def _pattern(variable: Variable) -> re.Pattern[str]:
    """Every form of the name: with `_`, `-`, `.` or `__` between the words, in any case.

    A single word is one of the language as well: then only the variable's own spelling, quotes, or a line of its own
    make it a name.
    """
    forms: list[str] = []
    for name in dict.fromkeys((variable.name, *variable.spoken)):
        words = [re.escape(word) for word in re.split(r"[_.\-]+", name) if word]
        joined = r"(?:__|[_.\-])".join(words)
        if len(words) > 1:
            forms.append(rf"(?i:{joined})")
        elif words and name.isupper():
            forms.append(words[0])
        if len(words) == 1:
            forms.append(rf"(?:(?<=[\"'`])(?i:{joined})(?=[\"'`])|^(?i:{joined})$)")
    return regex(rf"(?<![A-Za-z0-9_\-])(?:{'|'.join(forms)})(?![A-Za-z0-9_])(?!{_DUMPED})")


def _generic(variable: Variable, log: str) -> str:
    return next((message for message, names in _GENERIC if variable.name in names and message in log), "")
