"""JUnit XML: a scenario or a proof is a test case. Nothing that was not proved counts as passed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TextIO
from xml.etree import ElementTree

from aiaudit.boot.proofs import Proof, RebuildProof, WeightProof
from aiaudit.boot.record import Boot, Outcome, Status
from aiaudit.boot.report.evidence import evidence
from aiaudit.boot.report.numbers import numbers, seconds_of
from aiaudit.boot.report.proofs import details, title
from aiaudit.boot.report.result import Result
from aiaudit.patterns import regex
from aiaudit.report import printable
from aiaudit.report.look import Look

# Characters that no XML document may hold, not even as references.
_FORBIDDEN = regex("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TAGS = {
    Status.FAIL: "failure",
    Status.ERROR: "error",
    Status.SKIPPED: "skipped",
    Status.INCONCLUSIVE: "skipped",
}
_COUNTERS = (("failures", "failure"), ("errors", "error"), ("skipped", "skipped"))
_PROOF_STATUS = {Proof.PROVEN: Status.FAIL, Proof.REFUTED: Status.PASS, Proof.INCONCLUSIVE: Status.INCONCLUSIVE}


def render(result: Result, stream: TextIO, look: Look) -> None:
    """Write one document with a suite for the boot and one for the proofs."""
    root = ElementTree.Element("testsuites", name="aiaudit")
    if result.boot:
        root.append(_boot(result.boot))
    if result.proofs:
        root.append(_suite("aiaudit prove", [_proof(proof) for proof in result.proofs]))
    problems = [d.message for d in result.report.diagnostics if d.level == "error"]
    if problems:
        root.append(_suite("aiaudit", [_case("aiaudit", "complete", Status.ERROR, problems[0], "\n".join(problems))]))
    ElementTree.indent(root)
    stream.write('<?xml version="1.0" encoding="utf-8"?>\n')
    stream.write(ElementTree.tostring(root, encoding="unicode"))
    stream.write("\n")


def _boot(boot: Boot) -> ElementTree.Element:
    suite = _suite("aiaudit boot", [_scenario(outcome) for outcome in boot.outcomes], boot.seconds)
    properties = ElementTree.Element("properties")
    for label, text in numbers(boot):
        ElementTree.SubElement(properties, "property", name=label, value=_legal(text))
    suite.insert(0, properties)
    return suite


def _suite(name: str, cases: list[ElementTree.Element], seconds: float = 0.0) -> ElementTree.Element:
    suite = ElementTree.Element("testsuite", name=name, tests=str(len(cases)), time=f"{seconds:.3f}")
    for counter, tag in _COUNTERS:
        suite.set(counter, str(sum(case.find(tag) is not None for case in cases)))
    suite.extend(cases)
    return suite


def _scenario(outcome: Outcome) -> ElementTree.Element:
    found = evidence(outcome)
    text = "\n".join(_lines(found.course, found.log, found.repro))
    message = f"{outcome.verdict.value}: {outcome.reason}"
    return _case("aiaudit.boot", outcome.scenario.id, outcome.status, message, text, seconds_of(outcome))


def _lines(course: str, log: tuple[str, ...], repro: str) -> Iterator[str]:
    if course:
        yield course
    yield from log
    if repro:
        yield f"repeat: {repro}"


def _proof(proof: RebuildProof | WeightProof) -> ElementTree.Element:
    text = "\n".join(f"{label}: {words}" for label, words in details(proof))
    message = f"{proof.proof.value}: {proof.reason}"
    return _case("aiaudit.prove", title(proof), _PROOF_STATUS[proof.proof], message, text)


def _case(
    classname: str, name: str, status: Status, message: str, text: str, seconds: float | None = None
) -> ElementTree.Element:
    """One test case; text that explains a failure stands in it, that of a success beside it."""
    case = ElementTree.Element("testcase", classname=classname, name=_legal(name), time=f"{seconds or 0.0:.3f}")
    if status is Status.PASS:
        ElementTree.SubElement(case, "system-out").text = _legal(f"{message}\n{text}")
        return case
    words = f"inconclusive: {message}" if status is Status.INCONCLUSIVE else message
    ElementTree.SubElement(case, _TAGS[status], message=_legal(words)).text = _legal(text)
    return case


def _legal(text: str) -> str:
    """Text that XML may hold and no terminal acts upon."""
    lines = "\n".join(printable(line) for line in text.split("\n"))
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", lines)
