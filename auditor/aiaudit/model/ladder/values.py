"""What the ladder is made of."""

from __future__ import annotations

from collections.abc import Callable

from aiaudit.finding import Step
from aiaudit.model.contexts import Reach
from aiaudit.model.resources import Known
from aiaudit.model.scopes import Call
from aiaudit.patterns import regex
from aiaudit.span import Span
from aiaudit.values import dataclass

_PATH = regex(r"^[A-Z, |]+ (?P<path>/\S*)$")


@dataclass(frozen=True, slots=True, eq=False)
class RequestWait:
    """A call inside a request that may take up to `seconds`.

    `is_set` tells that the program says so, and not only the library; `blocks` that it holds up its event loop.
    """

    call: Call
    known: Known
    seconds: float
    is_set: bool
    reach: Reach
    blocks: bool = False

    @property
    def path(self) -> str:
        """The path of the route, "" where it is not known."""
        found = _PATH.search(self.reach.entry.label)
        return found["path"] if found is not None else ""

    @property
    def trace(self) -> tuple[Step, ...]:
        """From the entry to the call."""
        return (*self.reach.steps(), Step(self.known.name, self.call.span))


def _serves_all(path: str) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Rung:
    """Something around the application that ends a request after `seconds`.

    `name` with its article, `origin` where the number comes from, `outcome` what happens then, `remedy` how to change
    it. `modules` are the files of the application behind it, `serves` tells whether it stands before a route's path.
    `only_blocking`: it ends what blocks the event loop alone.
    """

    name: str
    seconds: float
    origin: str
    outcome: str
    remedy: str
    span: Span
    modules: frozenset[str]
    only_blocking: bool = False
    serves: Callable[[str], bool] = _serves_all


@dataclass(frozen=True, slots=True, eq=False)
class InvertedLadder:
    """A rung that ends requests earlier than the longest wait inside them; `more` waits are longer as well."""

    rung: Rung
    wait: RequestWait
    more: int = 0

    @property
    def trace(self) -> tuple[Step, ...]:
        """From the entry to the call, and what ends it."""
        return (
            *self.wait.trace,
            Step(f"{self.rung.name}: {self.rung.seconds:g} s, {self.rung.origin}", self.rung.span),
        )
