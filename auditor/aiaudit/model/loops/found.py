"""What the analysis of loops finds."""

from __future__ import annotations

from aiaudit.finding import Step
from aiaudit.model.knowledge.schema import INFINITE
from aiaudit.span import Span
from aiaudit.values import dataclass


@dataclass(frozen=True, slots=True, eq=False)
class AgentLoop:
    """A loop in which a model decides whether there is another round.

    `kind`: "framework" (an agent, team or graph of a library), "own" (a loop in the program), "polling" (one that looks
    whether a provider is done), "recursion" (a function that calls itself). `name` is how a message calls it, `rounds`
    how many it may take (`INFINITE` where nothing ends it), `parameter` what would limit it ("" for the program's own
    loops), `source` whose default it is, `removed` that the program takes the library's cap away.
    """

    kind: str
    name: str
    rounds: float
    parameter: str
    source: str
    removed: bool
    span: Span
    steps: tuple[Step, ...]

    @property
    def endless(self) -> bool:
        """Whether only the model's answer ends it."""
        return self.rounds == INFINITE


@dataclass(frozen=True, slots=True, eq=False)
class EndlessRetry:
    """Attempts that go on until one succeeds. `how` tells what repeats them, `name` the call that is repeated,
    `parameter` what would limit them ("" for the program's own loops)."""

    how: str
    name: str
    parameter: str
    span: Span
    steps: tuple[Step, ...]
