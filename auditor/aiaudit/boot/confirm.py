"""What a run says of static findings: which of them it confirms, and which it refutes.

A finding that is refuted is a mistake of its rule, or of the boot, that somebody should look at. Only what is about the
same variable or the same place is compared; of everything else nothing is said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from aiaudit.boot.proofs import Proof, RebuildProof, WeightProof
from aiaudit.boot.record import Boot, Outcome, Status, Variable, Verdict
from aiaudit.finding import Finding
from aiaudit.values import dataclass

# Verdicts of a start that noticed: it ended with an error, whether or not that named the variable.
_NOTICED = (Verdict.FAILED_FAST, Verdict.FAILED_UNNAMED)
_STARTED = (Verdict.STARTED_WITHOUT_VAR, Verdict.STARTED_WITH_INVALID)
_HIDDEN = (Verdict.CRASH_LOOP_INSIDE, Verdict.EXIT_ZERO, Verdict.HANG, Verdict.HANG_AFTER_FATAL_LOG)


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What a run says of one static finding; `by` is the scenario or the proof that says so."""

    finding: Finding
    is_confirmed: bool
    by: str
    reason: str

    @property
    def text(self) -> str:
        """The words for a report."""
        if self.is_confirmed:
            return f"confirmed by {self.by}: {self.reason}"
        return f"refuted by {self.by}, a bug to look at: {self.reason}"


def confirmations(
    findings: Iterable[Finding], boot: Boot | None = None, proofs: Iterable[RebuildProof | WeightProof] = ()
) -> tuple[Confirmation, ...]:
    """Everything that a boot and proofs say of findings, in the order of the findings."""
    tried = tuple(proofs)
    return tuple(said for finding in findings for said in _about(finding, boot, tried))


def _about(
    finding: Finding, boot: Boot | None, proofs: tuple[RebuildProof | WeightProof, ...]
) -> Iterator[Confirmation]:
    if boot is not None and finding.rule in _BY_BOOT:
        found = _BY_BOOT[finding.rule](finding, boot)
        if found is not None:
            yield found
    for proof in proofs:
        said = _proven(finding, proof)
        if said is not None:
            yield said
            return


# Settings


def _setting(finding: Finding, boot: Boot) -> Confirmation | None:
    """`ENV101` and its like: the service starts without a variable."""
    variable = _variable(finding, boot)
    return _started(finding, boot, "missing", variable.name) if variable is not None else None


def _empty(finding: Finding, boot: Boot) -> Confirmation | None:
    """`ENV108`: a field takes an empty text."""
    variable = _variable(finding, boot)
    return _started(finding, boot, "empty", variable.name) if variable is not None else None


def _made_late(finding: Finding, boot: Boot) -> Confirmation | None:
    """`ENV104`: a settings class is first made in a request, so that none of its fields stops the start."""
    fields = [v for v in boot.plan.variables if v.required and any(step.span == finding.span for step in v.trace)]
    said = [found for variable in fields if (found := _started(finding, boot, "missing", variable.name)) is not None]
    return next((one for one in said if one.is_confirmed), said[0] if said else None)


def _leaked(finding: Finding, boot: Boot) -> Confirmation | None:
    """`ENV107`: the error about one field shows the values of the others."""
    files = {v.name for v in boot.plan.variables if v.span is not None and v.span.path == finding.span.path}
    for outcome in boot.outcomes:
        for leak in outcome.observation.leaks if outcome.observation is not None else ():
            if leak.place == "log" and leak.variable in files:
                told = f"the value of {leak.variable} is in its log"
                return Confirmation(finding, True, f"boot {outcome.scenario.id}", told)
    return None


def _variable(finding: Finding, boot: Boot) -> Variable | None:
    """The variable that a finding is about: the one read at its place, or the one that its message begins with."""
    place, name = (finding.span.path, finding.span.line), finding.message.partition(" ")[0]
    for variable in boot.plan.variables:
        span = variable.span
        if variable.name == name or (span is not None and (span.path, span.line) == place):
            return variable
    return None


def _started(finding: Finding, boot: Boot, family: str, name: str) -> Confirmation | None:
    outcome = _outcome(boot, f"{family}:{name}")
    if outcome is None:
        return None
    if outcome.status is Status.FAIL and outcome.verdict in _STARTED:
        return _said(finding, True, outcome)
    return _said(finding, False, outcome) if outcome.verdict in _NOTICED else None


# The command


def _signals(finding: Finding, boot: Boot) -> Confirmation | None:
    """`IMG402`: a shell before the server keeps signals from it."""
    outcome = _outcome(boot, "stop") if _is_of_start(finding, boot) else None
    if outcome is None:
        return None
    verdicts = {Verdict.IGNORES_STOP: True, Verdict.STOPPED: False}
    return _said(finding, verdicts[outcome.verdict], outcome) if outcome.verdict in verdicts else None


def _loopback(finding: Finding, boot: Boot) -> Confirmation | None:
    """`IMG406`: nothing outside of the container can connect."""
    verdicts = {Verdict.BOUND_TO_LOOPBACK: True, Verdict.READY: False}
    outcome = boot.baseline if _is_of_start(finding, boot) else None
    if outcome is None or outcome.verdict not in verdicts:
        return None
    return _said(finding, verdicts[outcome.verdict], outcome)


def _hides_failure(finding: Finding, boot: Boot) -> Confirmation | None:
    """`IMG407`: the server goes on although no process of it can load the application."""
    if not _is_of_start(finding, boot):
        return None
    tried = [outcome for family in ("missing", "no-env") for outcome in boot.of(family)]
    hidden = next((o for o in tried if o.status is Status.FAIL and o.verdict in _HIDDEN), None)
    if hidden is not None:
        return _said(finding, True, hidden)
    return _said(finding, False, tried[0]) if tried and all(o.verdict in _NOTICED for o in tried) else None


def _target(finding: Finding, boot: Boot) -> Confirmation | None:
    """`IMG501`: what the command names is not in the image."""
    baseline = boot.baseline if _is_of_start(finding, boot) else None
    if baseline is None:
        return None
    if baseline.verdict in (Verdict.EXITED, Verdict.BAD_COMMAND, Verdict.CRASH_LOOP_INSIDE):
        return _said(finding, True, baseline)
    return _said(finding, False, baseline) if baseline.verdict is Verdict.READY else None


def _built(finding: Finding, boot: Boot) -> Confirmation | None:
    """`IMG502`: a COPY has no source, so that the image cannot be built."""
    if not boot.built or finding.span.path != boot.plan.dockerfile:
        return None
    return Confirmation(finding, False, "the build", f"the image was built in {boot.built:.0f} s")


def _is_of_start(finding: Finding, boot: Boot) -> bool:
    """Whether a finding is about the command that was booted, and not about what was run instead of it."""
    start = boot.plan.start
    if start is None or boot.plan.command or finding.span.path != start.path:
        return False
    return start.line <= finding.span.line <= start.end_line


# Requests


def _first_request(finding: Finding, boot: Boot) -> Confirmation | None:
    """`LIF103`: the first request makes what is kept. A small first call refutes nothing: cheap things are made lazily
    as well."""
    outcome = _outcome(boot, "first-request")
    if outcome is None or outcome.verdict is not Verdict.FIRST_REQUEST_INITIALISES or outcome.observation is None:
        return None
    asked = {latency.endpoint.span for latency in outcome.observation.latencies}
    return _said(finding, True, outcome) if any(step.span in asked for step in finding.trace) else None


def _health(finding: Finding, boot: Boot) -> Confirmation | None:
    """`OBS101`: no route is there for a probe."""
    baseline = boot.baseline
    seen = baseline.observation if baseline is not None else None
    if seen is None or seen.ready is None:
        return None
    if seen.assumed:
        return Confirmation(finding, True, "boot baseline", "no health route answered")
    path = seen.ready_path
    if path in ("/", "/openapi.json"):
        return None
    return Confirmation(finding, False, "boot baseline", f"{path} answers")


# Proofs


def _proven(finding: Finding, proof: RebuildProof | WeightProof) -> Confirmation | None:
    """What an experiment says of the findings that it was made for."""
    rules = _REBUILT if isinstance(proof, RebuildProof) else _WEIGHED
    if finding.rule not in rules or finding.span.path != proof.dockerfile or proof.proof is Proof.INCONCLUSIVE:
        return None
    if isinstance(proof, RebuildProof):
        if finding.span.line != proof.span.line:
            return None
        return Confirmation(finding, proof.proof is Proof.PROVEN, "rebuild", proof.reason)
    return Confirmation(finding, proof.proof is Proof.PROVEN, "weighing", proof.reason)


def _outcome(boot: Boot, id: str) -> Outcome | None:
    return next((outcome for outcome in boot.outcomes if outcome.scenario.id == id), None)


def _said(finding: Finding, is_confirmed: bool, outcome: Outcome) -> Confirmation:
    return Confirmation(finding, is_confirmed, f"boot {outcome.scenario.id}", outcome.reason)


_REBUILT = ("IMG101", "IMG102", "IMG103")
_WEIGHED = ("IMG201", "IMG202")
_BY_BOOT: dict[str, Callable[[Finding, Boot], Confirmation | None]] = {
    "ENV101": _setting,
    "ENV102": _setting,
    "ENV103": _setting,
    "ENV104": _made_late,
    "ENV107": _leaked,
    "ENV108": _empty,
    "IMG402": _signals,
    "IMG406": _loopback,
    "IMG407": _hides_failure,
    "IMG501": _target,
    "IMG502": _built,
    "LIF103": _first_request,
    "OBS101": _health,
}
