"""Options and variables that switch a protection off: where a Dockerfile uses one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from aiaudit.model.image import Dockerfile
from aiaudit.model.image.usage import Call
from aiaudit.sources.dockerfile.expand import expand
from aiaudit.sources.dockerfile.facts import Word
from aiaudit.span import Extent

FALSE = frozenset({"0", "false", "no", "off"})


def flagged(dockerfile: Dockerfile, programs: Iterable[str], flags: Iterable[str]) -> Iterator[tuple[Call, Word]]:
    """Commands of these programs that are given one of these long options, and the option."""
    wanted = frozenset(flags)
    for call in dockerfile.usage.calls(programs):
        for word in call.words:
            if word.text.partition("=")[0] in wanted:
                yield call, word
                break


def has_letter(words: Iterable[Word], letter: str, valued: str) -> Word | None:
    """The word whose short options hold a letter (`-fsSLk`); a letter of `valued` takes the rest as its value."""
    skip = False
    for word in words:
        text = word.text
        if skip:
            skip = False
            continue
        if not text.startswith("-") or text.startswith("--") or len(text) < 2:
            continue
        for position, each in enumerate(text[1:], 2):
            if each == letter:
                return word
            if each in valued:
                skip = position == len(text)
                break
    return None


def switched_off(dockerfile: Dockerfile, *names: str) -> Iterator[tuple[str, str, Extent]]:
    """Variables of these names that are set to a value which means no: name, value, place."""
    for setting in dockerfile.usage.assignments(*names):
        if setting.value.lower() in FALSE:
            yield setting.name, setting.value, setting.extent


def resolved(call: Call, text: str) -> str:
    """A word of a command with the variables known to the build replaced."""
    return expand(text, call.run.layer.environment.get).text if "$" in text else text


def is_local(address: str) -> bool:
    """Whether an address is on the machine itself."""
    host = address.partition("://")[2] or address
    return host.startswith(("localhost", "127.", "[::1]", "0.0.0.0", "host.docker.internal"))
