"""`aiaudit prove`: try by building what rules say of an image, and report what that proves."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from aiaudit import api
from aiaudit.boot import configuration as configurations
from aiaudit.boot.build import Options
from aiaudit.boot.engine import connect
from aiaudit.boot.plan import image_of
from aiaudit.boot.rebuild import prove as rebuild
from aiaudit.boot.record import Proof, RebuildProof, WeightProof
from aiaudit.boot.report.result import Result
from aiaudit.boot.run import Interrupted
from aiaudit.boot.session import Session
from aiaudit.boot.shown import hider
from aiaudit.cli.boot_outputs import Outputs, guarded
from aiaudit.cli.boot_request import FAMILY, audit_for, build_options, dockerfile_of, folder_of
from aiaudit.cli.live import Live
from aiaudit.model.image import Image
from aiaudit.results import Diagnostic
from aiaudit.settings import UsageError

# The rules whose findings are tried: the order of layers, and what is not needed at run time.
TRIED = ("IMG101", "IMG102", "IMG103", "IMG201", "IMG202")


def run_prove(path: str, values: Mapping[str, Any]) -> int:
    """Run `prove` on a folder with the options of the table."""
    return guarded("proof", lambda: _prove(path, values))


def _prove(path: str, values: Mapping[str, Any]) -> int:
    outputs = Outputs("prove", values)
    folder = folder_of(path)
    options = build_options(configurations.load(folder), values)
    audit = audit_for(folder, values, (*TRIED, FAMILY))
    image = image_of(audit.service, dockerfile_of(folder, values["file"]))
    if image is None:
        raise UsageError(f"{folder} has no Dockerfile: name one with --file")
    hide = hider(options.arguments)
    with Live(sys.stderr, hide, quiet=values["quiet"], verbose=values["verbose"]) as live:
        proofs = _proofs(audit, image, options, live)
    report = audit.report(
        {kind: [one for one in proofs if isinstance(one, kind)] for kind in (RebuildProof, WeightProof)}
    )
    undecided = [Diagnostic("error", one.span.path, one.reason) for one in proofs if one.proof is Proof.INCONCLUSIVE]
    report = replace(report, diagnostics=(*report.diagnostics, *undecided))
    return outputs.write(Result(report, None, tuple(proofs), is_static=True), audit.settings.fail_on)


def _proofs(audit: api.Audit, image: Image, options: Options, live: Live) -> list[RebuildProof | WeightProof]:
    """Every experiment on an image, within one session."""
    findings = [reported.finding for reported in audit.report().findings]
    root = Path(audit.workspace.root)
    session = Session(connect(), budget=options.seconds)
    with session:
        proofs = rebuild(image, root, findings, options, session, live.say)
    if session.cancelled_by not in ("", "budget"):
        raise Interrupted(session.cancelled_by)
    return [*proofs]
