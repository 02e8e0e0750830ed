"""Makes the boots of a run one by one or side by side: time limits, a second attempt at a failure, what breaks off."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

from aiaudit.boot.bench import Bench, Cancelled, Waiting
from aiaudit.boot.observe import observe
from aiaudit.boot.readiness import EMULATED, STABLE_SECONDS, fail_budget, ready_budget
from aiaudit.boot.record import Action, Observation, Outcome, Scenario, Status, Verdict
from aiaudit.boot.scenarios import BASELINE
from aiaudit.boot.verdicts import judge
from aiaudit.boot.world import EngineError, NoEngine
from aiaudit.values import replace

_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm"}
_HOLD, _HOLD_FAIL = 0.5, 1.0
# What the engine itself says needs no second attempt.
_CERTAIN = (Verdict.OOM, Verdict.BAD_COMMAND)


class Attempts:
    """The boots of one run. `own` is the sum of the containers' own seconds, `problems` what the engine failed at and
    why boots were left out that were asked for."""

    def __init__(self, bench: Bench, progress: Callable[[str, Observation | Outcome | None], None]) -> None:
        self.bench = bench
        self.own = 0.0
        self.problems: tuple[str, ...] = ()
        self._progress = progress
        self._lock = threading.Lock()
        self._baseline: Observation | None = None
        self._is_engine_gone = False
        self._end = bench.clock.now() + bench.plan.budgets.total

    def compare_with(self, baseline: Observation) -> None:
        """Judge from now on by this boot, and wait in proportion to it."""
        self._baseline = baseline
        self.bench = replace(self.bench, usual=baseline.ready or 0.0, usual_cpu=baseline.cpu)

    def tell(self, id: str, what: Outcome | None) -> None:
        """Pass on how far the run is."""
        with self._lock:
            self._progress(id, what)

    def make(self, scenario: Scenario) -> Outcome:
        """Make a boot and judge it; a failure is made again before it is told.

        Two different outcomes are told as such: neither is proven.
        """
        return self.settle(self.once(scenario))

    def once(self, scenario: Scenario) -> Outcome:
        """Make a boot that may be made otherwise if it fails."""
        self.tell(scenario.id, None)
        return self._attempt(scenario)

    def settle(self, outcome: Outcome) -> Outcome:
        """Make a failure again, and tell the outcome."""
        if outcome.status is Status.FAIL and outcome.verdict not in _CERTAIN:
            outcome = self._confirmed(outcome, self._attempt(outcome.scenario))
        self.tell(outcome.scenario.id, outcome)
        return outcome

    def _confirmed(self, first: Outcome, second: Outcome) -> Outcome:
        runs = (first.verdict, second.verdict)
        if second.status in (Status.ERROR, Status.SKIPPED):
            return second
        if first.verdict is second.verdict:
            return replace(second, runs=runs)
        reason = f"once {first.verdict.value} ({first.reason}), once {second.verdict.value} ({second.reason})"
        return replace(second, verdict=Verdict.FLAKY, status=Status.INCONCLUSIVE, reason=reason, runs=runs)

    def _attempt(self, scenario: Scenario) -> Outcome:
        if self._reason_to_stop():
            return self._broken_off(scenario)
        reason = self._reason_against(scenario)
        if reason:
            return skipped(scenario, reason)
        try:
            seen = observe(self.bench, scenario, self._waiting(scenario))
        except Cancelled:
            return self._broken_off(scenario)
        except NoEngine as error:
            self._is_engine_gone = True
            return self._failed(scenario, error)
        except EngineError as error:
            if self.bench.engine.cancelled:
                return skipped(scenario, self._reason_to_stop())  # what is ended in its midst fails at something
            return self._failed(scenario, error)
        with self._lock:
            self.own += seen.lasted
        return judge(self.bench.plan, seen, self._baseline)

    def _broken_off(self, scenario: Scenario) -> Outcome:
        """A boot that is not made because the run ends before: then the run is incomplete."""
        reason = self._reason_to_stop() or "the run was cancelled"
        with self._lock:
            if reason not in self.problems and not self._is_engine_gone:
                self.problems = (*self.problems, reason)
        return skipped(scenario, reason)

    def _reason_to_stop(self) -> str:
        if self.bench.clock.now() >= self._end:
            return f"the time for the whole run is over ({self.bench.plan.budgets.total:.0f} s)"
        if self.bench.engine.cancelled:
            return "the run was cancelled"
        return "the engine went away" if self._is_engine_gone else ""

    def _reason_against(self, scenario: Scenario) -> str:
        """Why this engine cannot make a boot, "" where it can."""
        facts = self.bench.engine.facts
        is_unlimited = bool(scenario.memory) and "memory" in facts.unlimited
        return f"{facts.name} cannot limit memory here" if is_unlimited else ""

    def _failed(self, scenario: Scenario, error: Exception) -> Outcome:
        with self._lock:
            self.problems = (*self.problems, f"{scenario.id}: {error}")
        return Outcome(scenario, Verdict.ENGINE_ERROR, Status.ERROR, str(error))

    def _waiting(self, scenario: Scenario) -> Waiting:
        plan, baseline = self.bench.plan, self._baseline
        factor = self._slowness()
        ready = baseline.ready if baseline else None
        stop = (plan.stop_seconds or plan.budgets.stop) * factor
        if scenario.family == BASELINE:
            return Waiting(ready_budget(plan.budgets, None, factor), STABLE_SECONDS, stop, factor)
        if scenario.action is Action.FAIL:
            return Waiting(fail_budget(plan.budgets, ready, factor), _HOLD_FAIL, stop, factor)
        return Waiting(ready_budget(plan.budgets, ready, factor), _HOLD, stop, factor)

    def _slowness(self) -> float:
        """How many times longer than usual things take: with another processor's programs, or on a busy machine."""
        facts, its = self.bench.engine.facts, self.bench.image.architecture
        if _ARCHITECTURES.get(facts.architecture, facts.architecture) != _ARCHITECTURES.get(its, its):
            return EMULATED
        busy = os.getloadavg()[0] / max(1, facts.cpus) if facts.is_local and hasattr(os, "getloadavg") else 1.0
        return min(EMULATED, max(1.0, busy))


def skipped(scenario: Scenario, reason: str) -> Outcome:
    """A boot that is not made."""
    return Outcome(scenario, Verdict.SKIPPED, Status.SKIPPED, reason)


def ended_because(outcome: Outcome) -> str:
    """Why nothing follows a baseline that broke off."""
    return f"the baseline could not be made: {outcome.reason}"
