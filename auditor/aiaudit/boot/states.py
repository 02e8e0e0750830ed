"""What a boot that ended, or that runs without getting ready, looks like: the words of every verdict about it."""

from __future__ import annotations

from collections.abc import Sequence

from aiaudit.boot.naming import fatal
from aiaudit.boot.record import Named, Observation, Status, Verdict
from aiaudit.boot.symptoms import needs_gpu, waited_for
from aiaudit.values import dataclass

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict with its status and the sentence that says what was seen."""

    verdict: Verdict
    status: Status
    reason: str
    named: Named | None = None
    host: str = ""


def ended(seen: Observation) -> Judgement:
    """Of one that ended by itself."""
    end = seen.exit
    assert end is not None
    after = f"after {end.seconds:.1f} s"
    if end.oom:
        return Judgement(Verdict.OOM, Status.FAIL, f"killed {after} because it used all its memory")
    if end.code in (126, 127) and not seen.listeners:
        problem = f": {end.error}" if end.error else ""
        return Judgement(
            Verdict.BAD_COMMAND, Status.FAIL, f"the start command cannot be run (code {end.code}){problem}"
        )
    if needs_gpu(seen.log):
        reason = f"ends {after} with code {end.code} because there is no graphics processor here"
        return Judgement(Verdict.NOT_TESTABLE_HERE, Status.INCONCLUSIVE, reason)
    if end.code == 0:
        return Judgement(Verdict.EXIT_ZERO, Status.FAIL, f"ends {after} with code 0")
    return Judgement(Verdict.EXITED, Status.FAIL, f"ends {after} with code {end.code}")


def alive(seen: Observation) -> Judgement:
    """Of one that still runs and never got ready."""
    waited = f"for {seen.waited:.0f} s"
    failures = [answer for answer in seen.answers if answer.status >= 500]
    host = waited_for(seen)
    if seen.churn:
        reason = f"its processes fail alike and are started again ({seen.respawns} times), and it never ends"
        return Judgement(Verdict.CRASH_LOOP_INSIDE, Status.FAIL, reason)
    if failures and not (host and failures[-1].status == 503):
        last = failures[-1]
        reason = f"not ready {waited}: {last.path} answers {last.status}"
        return Judgement(Verdict.NOT_READY_5XX, Status.FAIL, reason)
    if not seen.listeners and fatal(seen.log) is not None and not host:
        reason = "its log ends with an error, but it neither ends nor listens"
        return Judgement(Verdict.HANG_AFTER_FATAL_LOG, Status.FAIL, reason)
    if host:
        return Judgement(Verdict.WAITING_FOR, Status.FAIL, f"not ready {waited}: it waits for {host}", host=host)
    if needs_gpu(seen.log):
        reason = f"not ready {waited}: there is no graphics processor here"
        return Judgement(Verdict.NOT_TESTABLE_HERE, Status.INCONCLUSIVE, reason)
    if seen.starved:
        reason = f"not ready {waited}, still at work: the machine gave it less time than the baseline took"
        return Judgement(Verdict.INCONCLUSIVE, Status.INCONCLUSIVE, reason)
    if seen.listeners and seen.serving is None:
        where = f"{seen.listeners[0].host}:{seen.listeners[0].port}"
        return Judgement(
            Verdict.LISTENING_NOT_SERVING, Status.FAIL, f"listens on {where}, but answers nothing {waited}"
        )
    doing = f" ({seen.processes[0][:80]})" if seen.processes else ""
    return Judgement(Verdict.HANG, Status.FAIL, f"neither ready nor ended {waited}{doing}")


def listed(words: Sequence[str]) -> str:
    """The first few, and how many more there are."""
    shown = ", ".join(words[:_SHOWN])
    more = len(words) - _SHOWN
    return f"{shown} and {more} more" if more > 0 else shown
