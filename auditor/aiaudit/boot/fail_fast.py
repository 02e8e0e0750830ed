"""Boots without a variable, or with a value that it cannot have: the start must fail soon, and name it.

Nothing but an end with an error code and the name in its log is a pass.
"""

from __future__ import annotations

from aiaudit.boot.naming import Naming, naming
from aiaudit.boot.record import Named, Observation, Plan, Purpose, Status, Variable, Verdict
from aiaudit.boot.states import Judgement, alive, ended, listed
from aiaudit.boot.symptoms import waited_for


def judge_fail_fast(plan: Plan, seen: Observation, baseline: Observation | None) -> Judgement:
    """What a boot that must fail proves; it counts only against a baseline that got ready."""
    if baseline is None or baseline.ready is None:
        return Judgement(Verdict.INCONCLUSIVE, Status.INCONCLUSIVE, "with everything set it does not get ready either")
    missing = _missing(plan, seen)
    if seen.ready is not None:
        return _started(plan, seen, missing)
    if seen.exit is None:
        return _still_runs(seen)
    judged = ended(seen)
    if judged.verdict is Verdict.OOM:
        return Judgement(Verdict.OOM, Status.INCONCLUSIVE, judged.reason)
    if judged.verdict is not Verdict.EXITED:
        return judged
    return _failed(plan, seen, missing, judged.reason)


def _missing(plan: Plan, seen: Observation) -> tuple[Variable, ...]:
    """The variables that one of must be named: the one left out, or every required one that nothing sets."""
    scenario = seen.scenario
    if scenario.changed:
        return tuple(variable for variable in plan.variables if variable.name == scenario.changed)
    given = dict(scenario.environment)
    return tuple(variable for variable in plan.variables if variable.required and variable.name not in given)


def _failed(plan: Plan, seen: Observation, missing: tuple[Variable, ...], reason: str) -> Judgement:
    found = {variable.name: _naming(plan, seen, variable, missing) for variable in missing}
    named = [name for name, result in found.items() if result.named is not None]
    if named:
        count = f" ({len(named)} of {len(missing)})" if len(missing) > 1 else ""
        told = found[named[0]].named
        return Judgement(Verdict.FAILED_FAST, Status.PASS, f"{reason} and names {listed(named)}{count}", told)
    given = dict(seen.scenario.environment)
    others = tuple(dict.fromkeys(other for result in found.values() for other in result.others))
    masking = [other for other in others if other not in given]
    if masking:
        return Judgement(Verdict.MASKED, Status.INCONCLUSIVE, f"{reason}, but first misses {listed(masking)}")
    host = waited_for(seen)
    if host and not others:
        text = f"{reason} because {host} does not answer"
        return Judgement(Verdict.WAITING_FOR, Status.INCONCLUSIVE, text, host=host)
    generic = next((result.generic for result in found.values() if result.generic), "")
    what = listed([variable.name for variable in missing])
    if others:
        said = f", but names {listed(others)}, which is set, and not {what}"
    elif generic:
        said = f'; "{generic}" stands for {what} but does not name it'
    else:
        said = f" and does not name {what}"
    return Judgement(Verdict.FAILED_UNNAMED, Status.FAIL, reason + said)


def _naming(plan: Plan, seen: Observation, variable: Variable, missing: tuple[Variable, ...]) -> Naming:
    others = [other for other in plan.variables if other not in missing]
    failed = seen.exit is not None and seen.exit.code != 0
    return naming(variable, others, seen.log, failed)


def _started(plan: Plan, seen: Observation, missing: tuple[Variable, ...]) -> Judgement:
    family, name = seen.scenario.family, seen.scenario.changed
    how = {"invalid": f"with an invalid {name}", "empty": f"with an empty {name}", "missing": f"without {name}"}
    reason = f"ready after {seen.ready:.1f} s {how.get(family, 'without any variable')}"
    if seen.exit is not None:
        reason += f", then ends with code {seen.exit.code}"
    named = _mention(plan, seen, missing)
    if named is not None:
        reason += "; its log tells the error and it goes on"
    late = [answer for answer in seen.answers if _is_model_route(plan, answer.method, answer.path)]
    if late:
        reason += f"; {late[0].method} {late[0].path} then answers {late[0].status or 'nothing'}"
    verdict = Verdict.STARTED_WITH_INVALID if family == "invalid" else Verdict.STARTED_WITHOUT_VAR
    return Judgement(verdict, Status.FAIL, reason, named)


def _mention(plan: Plan, seen: Observation, missing: tuple[Variable, ...]) -> Named | None:
    """Where an error in the log of a service that runs names what is missing."""
    for variable in missing:
        named = naming(variable, (), seen.log, failed=False).named
        if named is not None:
            return named
    return None


def _is_model_route(plan: Plan, method: str, path: str) -> bool:
    return any(
        endpoint.purpose is Purpose.MODEL and (endpoint.method, endpoint.path) == (method, path)
        for endpoint in plan.endpoints
    )


def _still_runs(seen: Observation) -> Judgement:
    judged = alive(seen)
    if judged.verdict is Verdict.WAITING_FOR:
        return Judgement(judged.verdict, Status.INCONCLUSIVE, judged.reason, host=judged.host)
    return judged
