"""Every number that the program gives as a time-out, with the unit that the library reads it in."""

from __future__ import annotations

import math
from collections.abc import Iterator

from aiaudit.finding import Step
from aiaudit.model.arguments import argument_of
from aiaudit.model.contexts import Reach
from aiaudit.model.knowledge.schema import TimeoutParameter
from aiaudit.model.python import python_side
from aiaudit.model.resources import Known
from aiaudit.model.seconds import Seconds
from aiaudit.model.service import Service
from aiaudit.values import dataclass


@dataclass(frozen=True, slots=True, eq=False)
class WrittenTimeout:
    """A time-out as written: `number` is in the unit of `parameter`."""

    known: Known
    parameter: TimeoutParameter
    number: float
    reach: Reach

    @property
    def seconds(self) -> float:
        """What the library makes of it."""
        return self.number / 1000 if self.parameter.unit == "ms" else self.number

    @property
    def trace(self) -> tuple[Step, ...]:
        """From the entry to the call that it is given to."""
        return (*self.reach.steps(), Step(self.known.name, self.known.call.span))


def written_timeouts(service: Service) -> list[WrittenTimeout]:
    """All finite ones on server paths."""
    return list(_read(service))


def _read(service: Service) -> Iterator[WrittenTimeout]:
    side = python_side(service)
    numbers = Seconds(side.evaluator)
    for known in side.known:
        reach = side.contexts.reached_at_all(known.call.scope) if known.entry.timeout is not None else None
        if known.entry.timeout is None or reach is None:
            continue
        seen: set[tuple[str, float]] = set()  # `timeout` and `timeout.total` are the same argument
        for parameter in known.entry.timeout.parameters:
            given = argument_of(known.call, parameter.name, side.evaluator, parameter.position)
            number = numbers.written(given) if given.state == "given" else None
            if number is None or math.isinf(number) or (parameter.name.partition(".")[0], number) in seen:
                continue
            seen.add((parameter.name.partition(".")[0], number))
            yield WrittenTimeout(known, parameter, number, reach)
