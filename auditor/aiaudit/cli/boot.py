"""`aiaudit boot`: boot an image in all the ways that tell something about it, and report what that proves."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from aiaudit import api
from aiaudit.boot.confirm import confirmations
from aiaudit.boot.proofs import RebuildProof, WeightProof
from aiaudit.boot.record import Boot, Status
from aiaudit.boot.report.result import Result
from aiaudit.boot.run import Request, boot
from aiaudit.boot.shown import Hide, hider, shown
from aiaudit.boot.world import EngineError, NoEngine
from aiaudit.cli.boot_options import BOOT_OPTIONS
from aiaudit.cli.boot_outputs import Outputs, guarded
from aiaudit.cli.boot_request import audit_for, folder_of, request_for
from aiaudit.cli.live import Live
from aiaudit.cli.options import FORMATS, defaults
from aiaudit.results import Diagnostic, Report
from aiaudit.values import replace


def run_boot(path: str, values: Mapping[str, Any]) -> int:
    """Run `boot` on a folder with the options of the table."""
    return guarded("boot", lambda: _boot(path, values))


def _boot(path: str, values: Mapping[str, Any]) -> int:
    outputs = Outputs("boot", values)
    folder = folder_of(path)
    request = request_for(folder, values)
    audit = audit_for(folder, values)
    found = _booted(audit, request, values)
    return outputs.write(Result(observed(audit, found), found), audit.settings.fail_on)


def run_check(values: Mapping[str, Any], audit: api.Audit) -> int:
    """Run `check --boot`: the audit of files, and a boot as the configuration describes it, in one report."""
    return guarded("boot", lambda: _check({**defaults(BOOT_OPTIONS), **values}, audit))


def _check(values: Mapping[str, Any], audit: api.Audit) -> int:
    outputs = Outputs("audit and boot", values, FORMATS)
    folder = folder_of(*(values["paths"] or (".",)))
    request = request_for(folder, values)
    found: Boot | None = None
    try:
        found = _booted(audit, request, values)
        problems = [*problems_of(found)]
    except (NoEngine, EngineError) as error:  # what files tell is worth showing all the same
        problems = [Diagnostic("error", "", f"no boot: {error}")]
    report = noted(audit.report({Boot: (found,)} if found else {}), found)
    report = replace(report, diagnostics=(*report.diagnostics, *problems))
    return outputs.write(Result(report, found, is_static=True), audit.settings.fail_on)


def noted(report: Report, boot: Boot | None = None, proofs: Iterable[RebuildProof | WeightProof] = ()) -> Report:
    """The report with a note at each finding that the run confirms or refutes."""
    said = confirmations([reported.finding for reported in report.findings], boot, proofs)
    notes = {one.finding: one.text for one in said}
    findings = (replace(reported, note=notes.get(reported.finding, "")) for reported in report.findings)
    return replace(report, findings=tuple(findings))


def _booted(audit: api.Audit, request: Request, values: Mapping[str, Any]) -> Boot:
    """The boot, as it may be shown."""
    with Live(sys.stderr, hider_of(request), quiet=values["quiet"], verbose=values["verbose"]) as live:
        return shown(boot(audit.service, request, live))


def hider_of(request: Request) -> Hide:
    """What hides the values that the user gave, as long as there is no boot to take them from."""
    configuration = request.configuration
    services = [pair for service in configuration.services.values() for pair in service.env.items()]
    return hider([*configuration.environment, *services, *request.options.arguments])


def observed(audit: api.Audit, boot: Boot) -> Report:
    """What the rules say of a boot; sources that could not be read are worth a warning, they were not booted."""
    before = set(audit.workspace.diagnostics)
    report = audit.report({Boot: (boot,)})
    diagnostics = [replace(one, level="warning") if one in before else one for one in report.diagnostics]
    return replace(report, diagnostics=(*diagnostics, *problems_of(boot)))


def problems_of(boot: Boot) -> Iterator[Diagnostic]:
    """What makes a boot incomplete: what could not be looked at, and a baseline that tells nothing."""
    yield from (Diagnostic("error", "", problem) for problem in boot.problems)
    baseline = boot.baseline
    if baseline is None or baseline.status not in (Status.PASS, Status.FAIL):
        reason = f"{baseline.verdict.value}: {baseline.reason}" if baseline else "it was not booted"
        yield Diagnostic("error", "", f"nothing counts without the baseline: {reason}")
    elif not boot.problems:
        broken = [outcome for outcome in boot.outcomes if outcome.status is Status.ERROR]
        yield from (Diagnostic("error", "", f"{outcome.scenario.id}: {outcome.reason}") for outcome in broken)
