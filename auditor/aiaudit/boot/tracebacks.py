"""What failed, as a log tells it: Python tracebacks and lines of errors, also within prefixes, JSON and groups."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from aiaudit.patterns import regex
from aiaudit.values import dataclass

_START = "Traceback (most recent call last):"
_LONGEST_MESSAGE = 80  # lines of an exception's text
_GROUP = regex(r"^ *[|+] ?")
_NEW_RECORD = regex(
    r"^(?:\[?\d{4}-\d\d-\d\d|\[\d+\]|\{\"|(?:INFO|DEBUG|WARNING|WARN|ERROR|CRITICAL|FATAL|NOTICE)\b|"
    r"During handling of the above|The above exception was)"
)
_EXCEPTION = regex(r"^[A-Za-z_][\w.]*(?:: |:?$)")
_ERROR = regex(r"\b(?:ERROR|CRITICAL|FATAL|SEVERE|PANIC)\b|[Ee]rror:|\"level\": ?\"(?:error|critical|fatal)\"|^Fatal\b")
_VARYING = regex(r"0x[0-9a-f]+|\b\d+\b|/tmp/\S+")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a log: its number from 1."""

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class Failure:
    """An error told by a log: the frames with their source lines (none for a plain line), and what it says."""

    frames: tuple[Line, ...]
    message: tuple[Line, ...]

    @property
    def is_traceback(self) -> bool:
        """Whether frames stand around it."""
        return bool(self.frames)

    @property
    def shape(self) -> str:
        """The same for the same failure of another process, at another time."""
        return "\n".join(_VARYING.sub("#", line.text.strip()) for line in (*self.frames, *self.message[:1]))


def lines_of(log: str) -> list[Line]:
    """The lines of a log; a record with a traceback inside a string becomes several that share its number."""
    found: list[Line] = []
    for number, text in enumerate(log.splitlines(), 1):
        parts = text.split("\\n") if _START in text and "\\n" in text else [text]
        found += [Line(number, part) for part in parts]
    return found


def failures(lines: Iterable[Line]) -> list[Failure]:
    """Every traceback and every other line of an error, in order."""
    return list(_failures(list(lines)))


def tracebacks(log: str) -> list[Failure]:
    """The tracebacks of a log."""
    return [failure for failure in failures(lines_of(log)) if failure.is_traceback]


def _failures(lines: list[Line]) -> Iterator[Failure]:
    at = 0
    while at < len(lines):
        text = lines[at].text
        if _START in text:
            failure, at = _traceback(lines, at)
            yield failure
        elif _ERROR.search(text):
            end = at + 1
            while end < len(lines) and end - at < _LONGEST_MESSAGE and lines[end].text[:1] in (" ", "\t"):
                end += 1
            yield Failure((), tuple(lines[at:end]))
            at = end
        else:
            at += 1


def _traceback(lines: list[Line], start: int) -> tuple[Failure, int]:
    """The traceback that starts there, and where it ends."""
    at = start + 1
    frames = [lines[start]]
    while at < len(lines):
        line = Line(lines[at].number, _GROUP.sub("", lines[at].text))
        if line.text[:1] not in (" ", "\t") and not line.text.startswith("[Previous line repeated"):
            break
        frames.append(line)
        at += 1
    message: list[Line] = []
    while at < len(lines) and len(message) < _LONGEST_MESSAGE:
        line = Line(lines[at].number, _GROUP.sub("", lines[at].text))
        ends = not line.text.strip() or _START in line.text or (bool(message) and _NEW_RECORD.search(line.text))
        if ends or (not message and not _EXCEPTION.search(line.text)):
            break
        message.append(line)
        at += 1
    return Failure(tuple(frames), tuple(message)), at
