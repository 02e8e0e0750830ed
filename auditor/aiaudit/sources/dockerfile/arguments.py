"""The arguments of an instruction: words, pairs, JSON or shell form, each instruction in its own way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aiaudit.sources.dockerfile.characters import BLANKS, is_space
from aiaudit.sources.dockerfile.expand import unquote
from aiaudit.sources.dockerfile.facts import Command, Heredoc, Pair, Word
from aiaudit.sources.dockerfile.heredocs import marker
from aiaudit.sources.dockerfile.lines import Body
from aiaudit.sources.dockerfile.located import Located
from aiaudit.sources.dockerfile.programs import SHELLS, base_name
from aiaudit.sources.dockerfile.shell import argument_commands, script_commands
from aiaudit.sources.dockerfile.words import (
    JsonString,
    NotStrings,
    Piece,
    blank_separated,
    json_strings,
    quoted_words,
)
from aiaudit.values import dataclass, field

Fields = dict[str, Any]
"""Fields of the Instruction to be."""


@dataclass(slots=True)
class Arguments:
    """What stands behind keyword and flags: `content` from `start` to `end`.

    `readable` tells whether the shell is one whose scripts are read. Reading leaves what the parser refuses in
    `problems`, and in `script` what the shell gets, with its places.
    """

    keyword: str
    content: Located
    start: int
    end: int
    escape: str
    heredocs: tuple[Heredoc, ...]
    bodies: tuple[Body, ...]
    readable: bool
    problems: list[str] = field(default_factory=list)
    script: Located | None = None

    def word(self, piece: Piece) -> Word:
        """A word with its place."""
        return Word(unquote(piece.text, self.escape), piece.text, self.content.extent(piece.start, piece.end))

    def json(self, start: int) -> list[JsonString] | None:
        """The strings of a JSON array that begins at an index."""
        try:
            return json_strings(self.content.text, start, self.end)
        except NotStrings:
            self.problems.append("when using JSON array syntax, arrays must be comprised of strings only")
            return None

    def json_word(self, string: JsonString) -> Word:
        """A JSON string with its place, quotes included."""
        raw = self.content.text[string.start : string.end]
        return Word(string.text, raw, self.content.extent(string.start, string.end))


def _list(given: Arguments) -> Fields:
    """Words between blanks (FROM, EXPOSE)."""
    pieces = blank_separated(given.content.text, given.start, given.end)
    return {"words": tuple(given.word(piece) for piece in pieces)}


def _json_or_list(given: Arguments) -> Fields:
    """ADD, COPY, VOLUME; SHELL, which the builder refuses in the other form."""
    strings = given.json(given.start)
    if strings is None:
        return _list(given)
    return {"words": tuple(given.json_word(string) for string in strings), "exec_form": True}


def _whole(given: Arguments) -> Fields:
    """One word, whatever it holds (USER, WORKDIR, STOPSIGNAL, MAINTAINER)."""
    if given.start >= given.end:
        return {}
    piece = Piece(given.content.text[given.start : given.end], given.start, given.end)
    return {"words": (given.word(piece),)}


def _pairs(given: Arguments) -> Fields:
    """`key=value ...`, or `key value` in the old form (ENV, LABEL)."""
    text = given.content.text
    pieces = quoted_words(text, given.start, given.end, given.escape)
    if not pieces:
        return {}
    if "=" in pieces[0].text:
        pairs = []
        for piece in pieces:
            if "=" in piece.text:
                pairs.append(_pair(given, piece))
            else:
                given.problems.append(
                    f'Syntax error - can\'t find = in "{piece.text}". Must be of the form: name=value'
                )
        return {"pairs": tuple(pairs)}
    split = given.start
    while split < given.end and text[split] not in BLANKS:
        split += 1
    value = split
    while value < given.end and text[value] in BLANKS:
        value += 1
    if split == given.end:
        given.problems.append(f"{given.keyword} must have two arguments")
        return {}
    raw = text[value : given.end]
    key = unquote(text[given.start : split], given.escape)
    extent = given.content.extent(given.start, given.end)
    return {"pairs": (Pair(key, unquote(raw, given.escape), extent, raw),)}


def _names(given: Arguments) -> Fields:
    """`name` or `name=value` (ARG)."""
    pieces = quoted_words(given.content.text, given.start, given.end, given.escape)
    return {"pairs": tuple(_pair(given, piece) for piece in pieces)}


def _pair(given: Arguments, piece: Piece) -> Pair:
    key, equals, raw = piece.text.partition("=")
    extent = given.content.extent(piece.start, piece.end)
    value = unquote(raw, given.escape) if equals else None
    return Pair(unquote(key, given.escape), value, extent, raw)


def _command(given: Arguments) -> Fields:
    """JSON form or shell form (RUN, CMD, ENTRYPOINT)."""
    if given.start >= given.end:
        return {}
    strings = given.json(given.start)
    if strings is not None:
        return {
            "words": tuple(given.json_word(string) for string in strings),
            "exec_form": True,
            "commands": _exec_commands(given, strings),
        }
    script, interpreter = _script(given)
    given.script = script
    readable = base_name(interpreter) in SHELLS if interpreter else given.readable
    return {
        "script": script.text,
        "interpreter": interpreter,
        "commands": tuple(script_commands(script)) if readable else (),
    }


def _healthcheck(given: Arguments) -> Fields:
    """`NONE`, or `CMD` and a command in either form."""
    text = given.content.text
    split = given.start
    while split < given.end and not is_space(text[split]):
        split += 1
    if split == given.start:
        return {}
    kind = given.word(Piece(text[given.start : split], given.start, split))
    given.start = split
    while given.start < given.end and is_space(text[given.start]):
        given.start += 1
    fields = _command(given)
    fields["words"] = (kind, *fields.get("words", ()))
    return fields


def _exec_commands(given: Arguments, strings: list[JsonString]) -> tuple[Command, ...]:
    words: list[Located] = []
    for string in strings:
        if string.segments:
            words.append(given.content.segments(0, string.segments))
        else:
            words.append(Located.at("", *given.content.position(string.start)))
    raws = [given.content.text[string.start : string.end] for string in strings]
    return tuple(argument_commands(words, raws))


def _script(given: Arguments) -> tuple[Located, str]:
    """What the shell gets, and the interpreter of a document that is run as a file instead."""
    line = given.content.slice(given.start, given.end)
    if not given.bodies or given.keyword != "RUN":
        return line, ""
    if marker(line.text) is not None:
        return given.bodies[0].content, _interpreter(given.heredocs[0].body)
    parts = [line]
    for body in given.bodies:
        parts.append(Located.at("\n", *parts[-1].position(max(len(parts[-1].text) - 1, 0))))
        parts += [part for part in (body.content, body.end) if part is not None and part.text]
    return Located.join(parts), ""


def _interpreter(body: str) -> str:
    """The program named by `#!` in the first line, behind `env`."""
    if not body.startswith("#!"):
        return ""
    named = body.partition("\n")[0][2:].split()
    if named and base_name(named[0]) == "env":
        named = [word for word in named[1:] if not word.startswith("-") and "=" not in word]
    return base_name(named[0]) if named else ""


READERS: dict[str, Callable[[Arguments], Fields]] = {
    "ADD": _json_or_list,
    "ARG": _names,
    "CMD": _command,
    "COPY": _json_or_list,
    "ENTRYPOINT": _command,
    "ENV": _pairs,
    "EXPOSE": _list,
    "FROM": _list,
    "HEALTHCHECK": _healthcheck,
    "LABEL": _pairs,
    "MAINTAINER": _whole,
    "RUN": _command,
    "SHELL": _json_or_list,
    "STOPSIGNAL": _whole,
    "USER": _whole,
    "VOLUME": _json_or_list,
    "WORKDIR": _whole,
}
