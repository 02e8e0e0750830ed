"""Clients that come with what an agent is given: `Agent(Model("...", provider=Provider(openai_client=client)))`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from aiaudit.model.arguments import argument_of
from aiaudit.model.evaluate import Evaluator
from aiaudit.model.resources import Known
from aiaudit.model.scopes import Call
from aiaudit.model.values import External
from aiaudit.sources.python.facts import Expression

# A client of a provider of a model: what is wrapped deeper is not looked for.
_DEPTH = 4
_TIMEOUTS = ("timeout", "request_timeout")


def brought(known: Known, evaluator: Evaluator, makers: Mapping[int, Sequence[Known]]) -> Iterator[Known]:
    """The clients with a time-out of their own inside of what a construction or call wraps."""
    for call in _inside(known, evaluator, makers):
        yield from _own(call, makers)


def is_told_to_wait(known: Known, evaluator: Evaluator, makers: Mapping[int, Sequence[Known]]) -> bool:
    """Whether what a construction or call wraps is told a time-out: `Model("...", settings=ModelSettings(timeout=20))`,
    `Model("...", settings={"timeout": 20})`."""
    for call in _inside(known, evaluator, makers):
        given = [*call.keywords, *(entry for _, value in call.keywords for entry in _entries(value))]
        if any(name in _TIMEOUTS and (value[0] != "const" or value[2]) for name, value in given):
            return True
    return False


def _entries(value: Expression) -> Iterator[tuple[str | None, Expression]]:
    for key, entry in value[2] if value[0] == "dict" else ():
        if key is not None and key[0] == "const":
            yield key[2], entry


def _own(call: Call, makers: Mapping[int, Sequence[Known]]) -> list[Known]:
    return [maker for maker in makers.get(id(call), ()) if maker.entry.timeout is not None]


def _inside(known: Known, evaluator: Evaluator, makers: Mapping[int, Sequence[Known]]) -> Iterator[Call]:
    """The calls that made what is wrapped, and what those were given."""
    wrapped = (argument_of(known.call, each.name, evaluator, each.position) for each in known.entry.wraps)
    values = [value for argument in wrapped for value in argument.values]
    for _ in range(_DEPTH):
        made = [value.origin for value in values if isinstance(value, External) and value.origin is not None]
        yield from made
        given = [
            (argument, call.scope)
            for call in made
            if not _own(call, makers)
            for argument in (*call.arguments, *(value for _, value in call.keywords))
        ]
        values = [value for argument, scope in given for value in evaluator.evaluate(argument, scope)]
