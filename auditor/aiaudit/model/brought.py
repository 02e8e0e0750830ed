"""Clients that come with what an agent is given: `Agent(Model("...", provider=Provider(openai_client=client)))`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from aiaudit.model.arguments import argument_of
from aiaudit.model.evaluate import Evaluator
from aiaudit.model.resources import Known
from aiaudit.model.scopes import Call
from aiaudit.model.values import External

# A client of a provider of a model: what is wrapped deeper is not looked for.
_DEPTH = 3


def brought(known: Known, evaluator: Evaluator, makers: Mapping[int, Sequence[Known]]) -> Iterator[Known]:
    """The clients with a time-out of their own inside of what a construction or call wraps."""
    for argument in known.entry.wraps:
        for value in argument_of(known.call, argument.name, evaluator, argument.position).values:
            if isinstance(value, External) and value.origin is not None:
                yield from _inside(value.origin, evaluator, makers, _DEPTH)


def _inside(made: Call, evaluator: Evaluator, makers: Mapping[int, Sequence[Known]], depth: int) -> Iterator[Known]:
    own = [maker for maker in makers.get(id(made), ()) if maker.entry.timeout is not None]
    if own or not depth:
        yield from own
        return
    for argument in (*made.arguments, *(value for _, value in made.keywords)):
        for value in evaluator.evaluate(argument, made.scope):
            if isinstance(value, External) and value.origin is not None and value.origin is not made:
                yield from _inside(value.origin, evaluator, makers, depth - 1)
