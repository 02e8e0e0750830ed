"""Templates of Jinja2 that stand in the program: which of their variables come out, and which are cut on the way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from aiaudit.model.evaluate import Evaluator
from aiaudit.model.flow.places import Path, Place, Result
from aiaudit.model.scopes import Call
from aiaudit.model.values import Constant, External
from aiaudit.patterns import regex

_RENDERING = (".render", ".render_async")
# What is written out, what a statement says, a comment: each up to its end, strings in it passed over.
_PARTS = regex(r"\{\{(?P<output>(?:'[^']*'|\"[^\"]*\"|(?!\}\}).)*)\}\}|\{%(?P<statement>.*?)%\}|\{#.*?#\}")
_TOKENS = regex(r"'[^']*'|\"[^\"]*\"|[A-Za-z_]\w*|\d+(?:\.\d+)?|[^\s\w]")
# Statements that bring in other templates, or give names another meaning: what they do with a variable is not known.
_UNKNOWN = ("extends", "include", "import", "from", "macro", "call", "filter", "set", "block")
_HARMLESS = ("if", "elif", "else", "endif", "endfor", "raw", "endraw")
_WORDS = frozenset(("and", "or", "not", "in", "is", "if", "else", "true", "false", "none", "True", "False", "None"))


def rendered(value: External, result: Result, evaluator: Evaluator) -> Iterator[Place] | None:
    """What comes out of a written template that a call renders; None for other calls and other templates."""
    if not value.path.startswith("jinja2.") or not value.path.endswith(_RENDERING):
        return None
    made = value.base.origin if isinstance(value.base, External) else None
    source = made.argument("source", 0) if made is not None and made.name in ("Template", "from_string") else None
    texts = evaluator.evaluate(source, made.scope) if source is not None and made is not None else ()
    text = texts[0].value if len(texts) == 1 and isinstance(texts[0], Constant) else None
    variables = written_out(text) if isinstance(text, str) else None
    return None if variables is None else _given(variables, result)


def written_out(text: str) -> list[Path] | None:
    """The variables, with the attributes that are taken of them, that a template writes out uncut; None where it cannot
    be told."""
    found: list[Path] = []
    for part in _PARTS.finditer(text.replace("\n", " ")):
        if part["statement"] is not None:
            tokens = _TOKENS.findall(part["statement"].strip("-+ "))
            if not tokens or tokens[0] in _UNKNOWN:
                return None
            if tokens[0] not in _HARMLESS:
                found += [(token,) for token in tokens[1:] if _is_name(token)]
        elif part["output"] is not None:
            found += _uncut(_TOKENS.findall(part["output"].strip("-+ ")))
    return found


def _uncut(tokens: Sequence[str]) -> list[Path]:
    """The variables of one output that come out whole: `question`, not `question | trim | truncate(500)`."""
    variable, rest = _variable(tokens)
    if rest[:2] == ["[", ":"] and rest[2:3] and rest[2].isdigit() and rest[3:4] == ["]"]:
        return []
    if variable and not rest:
        return [variable]
    if variable and rest[0] == "|":
        names = [name for mark, name in pairwise(rest) if mark == "|"]
        if "truncate" in names:
            return []
        if "(" not in rest and len(rest) == 2 * len(names):
            return [variable]
    return [(token,) for token in tokens if _is_name(token)]


def _variable(tokens: Sequence[str]) -> tuple[Path, list[str]]:
    """The variable that an output begins with, and what comes behind it."""
    if not tokens or not _is_name(tokens[0]):
        return (), list(tokens)
    path, at = [tokens[0]], 1
    while tokens[at : at + 1] == ["."] and len(tokens) > at + 1:
        path.append(tokens[at + 1])
        at += 2
    return tuple(path), list(tokens[at:])


def _is_name(token: str) -> bool:
    return token.isidentifier() and token not in _WORDS


def _given(variables: list[Path], result: Result) -> Iterator[Place]:
    """What a call gives for variables: by name, or in a dictionary."""
    call: Call = result.call
    for path in dict.fromkeys(variables):
        named = call.keyword(str(path[0]))
        if named is not None:
            yield result.give(named, path[1:])
            continue
        for argument in call.arguments:
            yield result.give(argument[2] if argument[0] == "star" else argument, path)
        for key, spread in call.keywords:
            if key is None:
                yield result.give(spread, path)
