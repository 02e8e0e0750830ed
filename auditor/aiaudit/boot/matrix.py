"""Runs the boots of a plan: the baseline first and alone, what does not measure time side by side, the rest alone."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait

from aiaudit.boot import dummies
from aiaudit.boot.attempts import Attempts, ended_because, skipped
from aiaudit.boot.bench import Bench
from aiaudit.boot.learning import learn
from aiaudit.boot.record import (
    Boot,
    ImageFacts,
    Observation,
    Outcome,
    Plan,
    Purpose,
    Scenario,
    Status,
    Variable,
    Verdict,
)
from aiaudit.boot.scenarios import Scenarios, scenarios
from aiaudit.boot.symptoms import lacks_capability
from aiaudit.boot.verdicts import is_usable
from aiaudit.boot.world import Clock, Engine, Watchers
from aiaudit.values import dataclass, replace

Progress = Callable[[str, Observation | Outcome | None], None]

_ROUNDS = 5  # of learning variables from a baseline that fails
_MOST_TOGETHER = 4
_MEMORY_EACH = 1 << 30
# A baseline that took so many times as long as a later boot read the image from a cold disk.
_COLD, _COLD_LEAST = 2.0, 2.0
_NO_MORE = (Verdict.BAD_COMMAND, Verdict.NOT_A_SERVER, Verdict.NOT_TESTABLE_HERE)


def run(plan: Plan, engine: Engine, watchers: Watchers, clock: Clock, progress: Progress) -> Boot:
    """Make every boot of the plan and judge it.

    `progress` is called with the id of a scenario and None when it begins, its outcome when it is judged; from one
    thread at a time. An engine that fails is told in `problems` and in the outcomes, never passed over. `EngineError`
    for an image that is not there.
    """
    image = engine.image(plan.image)
    return _Matrix(plan, image, engine, watchers, clock, progress).run()


@dataclass(frozen=True, slots=True)
class _Baseline:
    """The boot with everything set, the plan with what it taught, and the scenarios that follow from it."""

    outcome: Outcome
    plan: Plan
    made: Scenarios
    learned: tuple[Variable, ...]


class _Matrix:
    def __init__(
        self, plan: Plan, image: ImageFacts, engine: Engine, watchers: Watchers, clock: Clock, progress: Progress
    ) -> None:
        self.plan, self.image, self.engine = plan, image, engine
        self.nonce = secrets.token_hex(8)
        self.bench = Bench(plan, image, engine, watchers, clock, _health_routes(plan))
        self.attempts = Attempts(self.bench, progress)

    def run(self) -> Boot:
        """Everything."""
        begun = self.bench.clock.now()
        first = self._first()
        outcomes = {first.outcome.scenario.id: first.outcome}
        for scenario, reason in first.made.unneeded:
            self._tell(outcomes, skipped(scenario, reason))
        if self._is_comparable(first, outcomes):
            self._compare(first.made, outcomes)
        ids = dict.fromkeys((*(scenario.id for scenario in first.made.all), *outcomes))
        return Boot(
            first.plan,
            self.image,
            self.engine.facts,
            tuple(outcomes[id] for id in ids if id in outcomes),
            learned=first.learned,
            seconds=self.bench.clock.now() - begun,
            own=self.attempts.own,
            default_capabilities=self.bench.default_capabilities,
            problems=self.attempts.problems,
        )

    def _first(self) -> _Baseline:
        """The baseline; variables that its log asks for are added, and it is made again.

        One that ends for lack of a capability gets the engine's defaults from then on.
        """
        plan, learned = self.plan, dict[str, Variable]()
        for round in range(_ROUNDS + 1):
            values = dummies.dummies(plan.variables, self.nonce, self.bench.watchers.base_url)
            made = scenarios(plan, values, (name for name, value in self.image.environment if value))
            hidden = dummies.secrets(plan.variables, dict(made.baseline.environment))
            self.bench = replace(self.bench, plan=plan, secrets=hidden)
            self.attempts.bench = self.bench
            outcome = self.attempts.once(made.baseline)
            seen = outcome.observation
            if self._may_have_capabilities(seen) and round < _ROUNDS:
                self.bench = replace(self.bench, default_capabilities=True)
                continue
            taught = learn(seen.log, plan.variables) if seen is not None and outcome.status is Status.FAIL else ()
            if is_usable(seen) or not taught or round == _ROUNDS:
                break
            learned |= {variable.name: variable for variable in taught}
            others = (variable for variable in plan.variables if variable.name not in learned)
            plan = replace(plan, variables=(*others, *learned.values()))
        known = {variable.name for variable in self.plan.variables}
        return _Baseline(
            self.attempts.settle(outcome), plan, made, tuple(v for v in learned.values() if v.name not in known)
        )

    def _may_have_capabilities(self, baseline: Observation | None) -> bool:
        """Whether it failed for lack of a capability, and had none."""
        if baseline is None or is_usable(baseline) or self.bench.default_capabilities:
            return False
        return lacks_capability(baseline.log)

    def _is_comparable(self, first: _Baseline, outcomes: dict[str, Outcome]) -> bool:
        """Whether others can be compared with the baseline; where not, why they are not made."""
        outcome = first.outcome
        seen = outcome.observation
        if seen is not None and is_usable(seen):
            self.attempts.compare_with(seen)
            return True
        for scenario in first.made.all[1:]:
            if scenario is first.made.init:
                continue
            if outcome.verdict in _NO_MORE:
                self._tell(outcomes, skipped(scenario, f"the baseline says {outcome.verdict.value}"))
            elif outcome.status in (Status.ERROR, Status.SKIPPED):
                self._tell(outcomes, skipped(scenario, ended_because(outcome)))
            else:
                reason = f"with everything set it does not get ready either: {outcome.reason}"
                self._tell(outcomes, Outcome(scenario, Verdict.INCONCLUSIVE, Status.INCONCLUSIVE, reason))
        return False

    def _compare(self, made: Scenarios, outcomes: dict[str, Outcome]) -> None:
        with ThreadPoolExecutor(1) as waiting:
            stops = [waiting.submit(self.attempts.make, scenario) for scenario in made.stops]
            self._run_together(made, outcomes)
            for scenario in made.alone:
                outcomes[scenario.id] = self.attempts.make(scenario)
            outcomes |= {future.result().scenario.id: future.result() for future in stops}
        stop = outcomes.get("stop")
        if made.init is not None and stop is not None and stop.status is Status.FAIL:
            outcomes[made.init.id] = self.attempts.make(made.init)
        self._repeat_cold(made.baseline, outcomes)

    def _run_together(self, made: Scenarios, outcomes: dict[str, Outcome]) -> None:
        """Side by side; what is left of a variable follows when the boot before passed."""
        rest = {group[0].id: group[1:] for group in made.variables}
        with ThreadPoolExecutor(_workers(self.engine, self.plan.memory)) as pool:
            first = (*made.together, *(group[0] for group in made.variables))
            running = {pool.submit(self.attempts.make, scenario) for scenario in first}
            while running:
                done, running = wait(running, return_when=FIRST_COMPLETED)
                for outcome in (future.result() for future in done):
                    id = outcome.scenario.id
                    outcomes[id] = outcome
                    following = rest.pop(id, ())
                    if following and outcome.status is Status.PASS:
                        rest[following[0].id] = following[1:]
                        running.add(pool.submit(self.attempts.make, following[0]))
                    else:
                        self._tell_all(outcomes, following, f"{id} did not pass")

    def _repeat_cold(self, baseline: Scenario, outcomes: dict[str, Outcome]) -> None:
        """Make the baseline again where later boots of the same environment show that the first one was cold."""
        first = outcomes[baseline.id].observation
        same = (
            outcome.observation for outcome in outcomes.values() if outcome.scenario.environment == baseline.environment
        )
        times = [seen.ready for seen in same if seen is not None and seen.ready is not None]
        if first is None or first.ready is None:
            return
        quickest = min(times, default=first.ready)
        if first.ready > _COLD * quickest and first.ready - quickest > _COLD_LEAST:
            again = self.attempts.make(baseline)
            if again.status is Status.PASS:
                outcomes[baseline.id] = again

    def _tell(self, outcomes: dict[str, Outcome], outcome: Outcome) -> None:
        outcomes[outcome.scenario.id] = outcome
        self.attempts.tell(outcome.scenario.id, outcome)

    def _tell_all(self, outcomes: dict[str, Outcome], left: Iterable[Scenario], reason: str) -> None:
        for scenario in left:
            self._tell(outcomes, skipped(scenario, reason))


def _health_routes(plan: Plan) -> tuple[str, ...]:
    """The paths that something says are health routes; those without a place are guesses."""
    health = (endpoint for endpoint in plan.endpoints if endpoint.purpose is Purpose.HEALTH)
    return tuple(endpoint.path for endpoint in health if endpoint.span is not None)


def _workers(engine: Engine, memory: int) -> int:
    """Boots side by side: as many as there are processors and memory for."""
    facts = engine.facts
    fitting = facts.memory // max(memory, _MEMORY_EACH) if facts.memory else 1
    return max(1, min(_MOST_TOGETHER, facts.cpus, fitting))
