"""`aiaudit prove`: try by building what rules say of an image, and report what that proves."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from aiaudit import api
from aiaudit.boot import weight
from aiaudit.boot.engine import connect
from aiaudit.boot.plan import image_of
from aiaudit.boot.proofs import Proof, RebuildProof, WeightProof
from aiaudit.boot.rebuild import prove as prove_order
from aiaudit.boot.report.result import Result
from aiaudit.boot.run import Request, built_image, gets_ready, interruptible
from aiaudit.boot.session import Session
from aiaudit.cli.boot import hider_of, noted
from aiaudit.cli.boot_options import BOOT_OPTIONS
from aiaudit.cli.boot_outputs import Outputs, guarded
from aiaudit.cli.boot_request import FAMILY, audit_for, folder_of, request_for
from aiaudit.cli.live import Live
from aiaudit.cli.options import defaults
from aiaudit.finding import Finding
from aiaudit.model.image import Image
from aiaudit.results import Diagnostic
from aiaudit.settings import UsageError
from aiaudit.span import Span
from aiaudit.values import replace

# The rules whose findings are tried: about the order of layers, and about what is not needed at run time.
ORDER = ("IMG101", "IMG102", "IMG103")
WEIGHT = ("IMG201", "IMG202")

AnyProof = RebuildProof | WeightProof


def run_prove(path: str, values: Mapping[str, Any]) -> int:
    """Run `prove` on a folder with the options of the table."""
    return guarded("proof", lambda: _prove(path, {**defaults(BOOT_OPTIONS), **values}))


def _prove(path: str, values: Mapping[str, Any]) -> int:
    outputs = Outputs("prove", values)
    folder = folder_of(path)
    request = request_for(folder, values)
    audit = audit_for(folder, values, (*ORDER, *WEIGHT, FAMILY))
    image = image_of(audit.service, request.dockerfile)
    if image is None:
        raise UsageError(f"{folder} has no Dockerfile: name one with --file")
    with Live(sys.stderr, hider_of(request), quiet=values["quiet"], verbose=values["verbose"]) as live:
        proofs = _proofs(audit, image, request, live)
    kinds = (RebuildProof, WeightProof)
    report = audit.report({kind: [proof for proof in proofs if isinstance(proof, kind)] for kind in kinds})
    report = replace(noted(report, proofs=proofs), diagnostics=(*report.diagnostics, *_undecided(proofs)))
    return outputs.write(Result(report, None, proofs, is_static=True), audit.settings.fail_on)


def _proofs(audit: api.Audit, image: Image, request: Request, live: Live) -> tuple[AnyProof, ...]:
    """Every experiment on an image, within one session."""
    findings = [reported.finding for reported in audit.report().findings if reported.finding.span.path == image.path]
    root = Path(audit.workspace.root)
    session = Session(connect(), budget=request.options.seconds)
    with interruptible(session):
        built = built_image(session, image, request, live)  # the experiments on the order find its layers cached
        order = prove_order(image, root, _of(findings, ORDER), request.options, session, live.say)
        heavy = weight.prove(
            built.image,
            image,
            _blamed(findings, image),
            session,
            lambda name: gets_ready(name, audit.service, request, session, live),
            live.say,
        )
    return (*order, heavy)


def _of(findings: Iterable[Finding], rules: tuple[str, ...]) -> list[Finding]:
    return [finding for finding in findings if finding.rule in rules]


def _blamed(findings: Iterable[Finding], image: Image) -> Span:
    """The place that a rule blames for the weight, else where the shipped stage starts."""
    blamed = next((finding.span for finding in _of(findings, WEIGHT)), None)
    return blamed or image.span(image.final.start.extent)


def _undecided(proofs: Iterable[AnyProof]) -> list[Diagnostic]:
    """What an experiment could not tell, which makes the run incomplete."""
    return [
        Diagnostic("error", proof.span.path, proof.reason, proof.span.line)
        for proof in proofs
        if proof.proof is Proof.INCONCLUSIVE
    ]
