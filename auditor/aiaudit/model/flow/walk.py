"""The walk back from a model call to the requests: breadth first, through variables, parameters and attributes."""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.model.flow.places import (
    SOMEHOW,
    DependsOnStack,
    Place,
    Stacks,
)
from aiaudit.model.flow.sources import Source
from aiaudit.model.flow.steps import Passed, Steps
from aiaudit.model.flow.tools import Tools
from aiaudit.values import dataclass, replace

# A walk that has seen so much goes round in circles through general-purpose code.
LIMIT = 4000
# What is kept from one walk to the next: places as they were entered, some 100 bytes each.
MOST_KEPT = 10 * LIMIT

# A place by number: that of its stack, and below it that of the place whatever its stack.
_SITE_BITS = 32
_SITE = (1 << _SITE_BITS) - 1
# A step whatever the stack: the place by number, frames by number, and whether they are entered beyond the open ones.
_Step = tuple[int, int, bool]
# Of a step inside of a function: no frames, beyond those that are open.
_HERE = (0, True)


@dataclass(frozen=True, slots=True)
class Arrival:
    """A source that a walk came to, and the places from there to the model call."""

    source: Source
    places: tuple[Place, ...]


@dataclass(slots=True, eq=False)
class Walk:
    """The places that a walk came to, each once however its function was entered, and its arrivals."""

    places: list[Place]
    arrivals: list[Arrival]


class Walker(Steps):
    """Walks back from places, breadth first, so that the first arrival at a source is the shortest.

    Walks from several calls meet in the same places, and functions are entered from many calls: each place is kept
    once, without a stack, with where it leads however its function was entered. A place with its stack is a number.
    """

    def __init__(self, tools: Tools) -> None:
        super().__init__(tools)
        self._stacks = Stacks()
        self._sites: dict[tuple[object, ...], int] = {}
        self._places: list[Place] = []
        self._relative: dict[int, tuple[Source | _Step | Passed, ...] | None] = {}
        self._inside: dict[int, tuple[int, ...]] = {}  # where a place leads, if only inside its function
        self._steps: dict[int, tuple[int | Source, ...]] = {}

    def walk(self, starts: list[Place]) -> Walk:
        """All places that a walk from some places comes to, and the sources that it ends in, each once."""
        if len(self._steps) > MOST_KEPT:
            self._forget()
        numbers = [self._number(start) for start in starts if start.expression[0] != "const"]
        came: dict[int, int] = dict.fromkeys(numbers, -1)  # place -> the one that it was come to from
        queue = list(came)
        found: dict[tuple[object, ...], tuple[Source, int]] = {}
        known = self._steps
        for number in queue:  # grows while it is walked
            for item in known[number] if number in known else self._from(number):
                if isinstance(item, int):
                    if item not in came and len(queue) < LIMIT:
                        came[item] = number
                        queue.append(item)
                    continue
                source = _of_few(item) if self._places[number & _SITE].few else item
                if source is not None:
                    found.setdefault((source.description, source.span, source.kind), (source, number))
        sites = dict.fromkeys([number & _SITE for number in queue])
        arrivals = [Arrival(source, self._chain(came, number)) for source, number in found.values()]
        return Walk([self._places[site] for site in sites], arrivals)

    def _chain(self, came: dict[int, int], number: int) -> tuple[Place, ...]:
        """The places from one to the model call."""
        found: list[Place] = []
        while number >= 0:
            found.append(self._place(number))
            number = came[number]
        return tuple(found)

    def _forget(self) -> None:
        """Keep nothing of earlier walks."""
        self._stacks = Stacks()
        for kept in (self._sites, self._places, self._relative, self._inside, self._steps):
            kept.clear()

    def _site(self, place: Place) -> int:
        """The number of a place whatever its stack, a new one for a new place."""
        expression, scope, path, owner = place.expression, place.scope, place.path, place.owner
        key = (id(expression), id(scope), path, place.cut, place.few, id(owner))
        site = self._sites.get(key)
        if site is None:
            site = self._sites[key] = len(self._places)
            self._places.append(place)
        return site

    def _number(self, place: Place) -> int:
        """The number of a place."""
        stack = place.stack
        return self._stacks.number(stack) << _SITE_BITS | self._site(place) if stack else self._site(place)

    def _place(self, number: int) -> Place:
        """The place of a number."""
        return self._places[number & _SITE].entered(self._stacks.frames(number >> _SITE_BITS))

    def _from(self, number: int) -> tuple[int | Source, ...]:
        """Where a place leads: other places by their numbers, and sources."""
        site = number & _SITE
        inside = self._inside.get(site)
        known: tuple[int | Source, ...]
        if inside is not None:
            stack = number ^ site
            if not stack:
                known = inside
            elif len(inside) == 1:
                known = (stack | inside[0],)
            else:
                known = tuple([stack | step for step in inside])
        else:
            steps = self._relative[site] if site in self._relative else self._steps_of_any(site)
            if steps is None:
                known = self._numbered(self.step(self._place(number)))
            else:
                known = self._entered(steps, number >> _SITE_BITS)
        self._steps[number] = known
        return known

    def _numbered(self, steps: Iterator[Place | Source | Passed]) -> tuple[int | Source, ...]:
        """Steps from a place with its stack: places by their numbers, and sources."""
        found: list[int | Source] = []
        for step in steps:
            if isinstance(step, Source):
                found.append(step)
            elif isinstance(step, Place) and not _is_constant(step):
                found.append(self._number(step))
        return tuple(found)

    def _steps_of_any(self, site: int) -> tuple[Source | _Step | Passed, ...] | None:
        """Where a place leads however its function was entered; None if that depends on it.

        Functions are entered from many calls, and most steps inside them are the same for all.
        """
        try:
            steps = list(self.step(self._places[site].entered(SOMEHOW)))
        except DependsOnStack:
            self._relative[site] = None
            return None
        found: list[Source | _Step | Passed] = []
        inside: list[int] = []
        for step in steps:
            if not _is_constant(step):
                relative = self._relative_step(step)
                found.append(relative)
                if isinstance(relative, tuple) and relative[1:] == _HERE:
                    inside.append(relative[0])
        if len(inside) == len(found):
            self._inside[site] = tuple(inside)
        known = self._relative[site] = tuple(found)
        return known

    def _relative_step(self, step: Place | Source | Passed) -> Source | _Step | Passed:
        if not isinstance(step, Place):
            return step
        stack, site = step.stack, self._site(step)
        if not stack:
            return site, 0, False
        if stack[0] is SOMEHOW[0]:
            return site, self._stacks.number(stack[1:]), True
        return site, self._stacks.number(stack), False

    def _entered(self, steps: tuple[Source | _Step | Passed, ...], stack: int) -> tuple[int | Source, ...]:
        """The steps in a function that was entered through the frames of a stack."""
        found: list[int | Source] = []
        for step in steps:
            if isinstance(step, Source):
                found.append(step)
                continue
            if isinstance(step, Passed):
                place = step.place.entered(self._stacks.frames(stack))
                found += self._numbered(self.parameter(step.binding, place.path, place.stack, place))
                continue
            site, frames, is_further = step
            whole: int | None = stack
            if frames or not is_further:
                whole = self._stacks.joined(stack, frames) if is_further else frames
            if whole is not None:
                found.append(whole << _SITE_BITS | site)
        return tuple(found)


def _is_constant(step: Place | Source | Passed) -> bool:
    return isinstance(step, Place) and step.expression[0] == "const"


def _of_few(source: Source) -> Source | None:
    """A source of which only some items go on: short items are bounded then, and so is their number."""
    return None if source.many else replace(source, container=None)
