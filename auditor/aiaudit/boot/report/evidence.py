"""What a scenario that did not pass rests on: its course, the end of its log, the line that repeats it."""

from __future__ import annotations

from aiaudit.boot.excerpt import excerpt
from aiaudit.boot.record import Outcome, Status
from aiaudit.values import dataclass

_LINES = 12
_EVENTS = 8


@dataclass(frozen=True, slots=True)
class Evidence:
    """`course` is one line, "" for nothing seen; `log` are lines."""

    head: str
    course: str
    log: tuple[str, ...]
    repro: str


def is_shown(outcome: Outcome) -> bool:
    """Whether whoever reads the report will ask why."""
    return outcome.status in (Status.FAIL, Status.INCONCLUSIVE, Status.ERROR)


def evidence(outcome: Outcome) -> Evidence:
    """The evidence of one outcome."""
    head = f"{outcome.scenario.id}: {outcome.reason}"
    if len(set(outcome.runs)) > 1:
        head += f" (its attempts: {', '.join(verdict.value for verdict in outcome.runs)})"
    seen = outcome.observation
    if seen is None:
        return Evidence(head, "", (), "")
    events = [f"{event.seconds:.1f} s {event.what}" for event in seen.timeline]
    if len(events) > _EVENTS:
        events[_EVENTS // 2 : -_EVENTS // 2] = ["…"]
    log = excerpt(seen.log.rstrip("\n"), 0, _LINES)
    return Evidence(head, ", ".join(events), tuple(log.split("\n")) if log else (), seen.command)
