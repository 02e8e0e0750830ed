"""Variables that only a failed start tells of: what the static model missed, and values of the wrong kind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise

from aiaudit.boot.planning.kinds import look_of_name
from aiaudit.boot.record import Kind, Variable
from aiaudit.boot.tracebacks import Failure, Line, failures, lines_of
from aiaudit.patterns import regex
from aiaudit.values import replace

_LIST = regex(r"\b\d+ validation errors? for \w+")
_KEY = regex(r"\bKeyError: ['\"]([A-Z][A-Z0-9_]{2,})['\"]")
_NAME = regex(r"(?<![A-Za-z0-9_])[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+(?![A-Za-z0-9_])")
_ASKING = regex(
    r"(?i)environ|\benv\b|variable|required|missing|must be|not set|not found|\bset the\b|provide|undefined|"
    r"not configured|unset|empty"
)
_LEAST = regex(r"at least (\d+) char")
_CHOICES = regex(r"Input should be ((?:'[^']*'(?:, | or )?)+)")
_KINDS = (
    ("valid integer", Kind.INTEGER),
    ("valid number", Kind.NUMBER),
    ("valid boolean", Kind.BOOLEAN),
    ("valid URL", Kind.URL),
    ("valid email", Kind.EMAIL),
    ("valid path", Kind.PATH),
)
_LONGEST = 100


def learn(log: str, known: Iterable[Variable]) -> tuple[Variable, ...]:
    """Variables that the errors in a log ask for: unknown ones, and known ones with what the log corrects."""
    mine = {variable.name: variable for variable in known}
    spoken = {form.lower(): variable for variable in mine.values() for form in (variable.name, *variable.spoken)}
    learned: dict[str, Variable] = {}
    for failure in failures(lines_of(log)):
        for place, problem in _validation(failure.message):
            variable = spoken.get(place.lower()) or _new(place.upper().replace(".", "__"))
            corrected = _corrected(replace(variable, required=True), problem)
            if corrected != mine.get(variable.name):
                learned[variable.name] = corrected
        for name in _asked(failure):
            if name not in mine:
                learned.setdefault(name, _new(name))
    return tuple(learned.values())


def _validation(message: tuple[Line, ...]) -> Iterator[tuple[str, str]]:
    """Place and problem of each entry in pydantic's list of errors."""
    if not message or not _LIST.search(message[0].text):
        return
    for line, following in pairwise(message[1:]):
        place = line.text.strip()
        if line.text[:1].strip() and following.text[:1] == " " and len(place) < _LONGEST and " " not in place:
            yield place, following.text.strip()


def _asked(failure: Failure) -> Iterator[str]:
    for line in failure.message:
        yield from _KEY.findall(line.text)
        if _ASKING.search(line.text):
            yield from _NAME.findall(line.text)


def _new(name: str) -> Variable:
    look = look_of_name(name)
    return Variable(name, look.kind, provider=look.provider, choices=look.choices, least=look.least)


def _corrected(variable: Variable, problem: str) -> Variable:
    for words, kind in _KINDS:
        if words in problem:
            return replace(variable, kind=kind)
    choices = _CHOICES.search(problem)
    if choices:
        return replace(variable, kind=Kind.CHOICE, choices=tuple(choices[1].split("'")[1::2]))
    least = _LEAST.search(problem)
    return replace(variable, least=int(least[1])) if least else variable
