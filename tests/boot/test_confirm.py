"""Static findings and runs: what is confirmed, what is refuted, and of what nothing is said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from aiaudit import catalogue
from aiaudit.boot.confirm import Confirmation, confirmations
from aiaudit.boot.proofs import Mutation, Proof, RebuildProof, Rerun, WeightProof
from aiaudit.finding import Finding
from aiaudit.span import Span
from tests.model.linked import service_of
from tests.recorded import boot_in
from tests.support import audit_folder

EXEC = 'CMD ["uvicorn", "main:app", "--host", "0.0.0.0"]'
UNCHECKED = """
import os

from fastapi import FastAPI
from openai import OpenAI

KEY = os.getenv("OPENAI_API_KEY", "")
client = OpenAI(api_key=KEY, timeout=20)
app = FastAPI()


@app.get("/tip")
def tip():
    return client.responses.create(model="gpt-4.1-mini", input="One tip", max_output_tokens=50).output_text
"""
LAZY = """
import functools
import os

from fastapi import FastAPI
from openai import OpenAI

app = FastAPI()


@functools.cache
def client():
    return OpenAI(api_key=os.environ["OPENAI_API_KEY"], timeout=20)


@app.get("/tip")
def tip():
    return client().responses.create(model="gpt-4.1-mini", input="One tip", max_output_tokens=50).output_text
"""
LATE = """
from fastapi import FastAPI
from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    region: str


app = FastAPI()


@app.get("/region")
def region():
    return Settings().region
"""


def said(
    folder: Path, rule: str, code: str, scenarios: list[dict[str, Any]], command: str = EXEC, **boot: Any
) -> list[Confirmation]:
    """What a boot says of the findings of one rule."""
    dockerfile = f"FROM python:3.11-slim\nWORKDIR /srv\nCOPY main.py .\n{command}\n"
    service = service_of(folder, {"main.py": code, "Dockerfile": dockerfile})
    findings = [reported.finding for reported in audit_folder(folder, select=(rule,)).findings]
    assert findings
    return list(confirmations(findings, boot_in({"scenarios": scenarios, **boot}, service)))


def scenario(id: str, verdict: str, status: str = "pass", **seen: Any) -> dict[str, Any]:
    """The record of one boot."""
    changed = {"changed": id.partition(":")[2]} if ":" in id else {}
    return {"id": id, **changed, "verdict": verdict, "status": status, "reason": f"{verdict} it is", **seen}


READY = scenario("baseline", "READY", t_ready=1.0, ready_path="/healthz")


@pytest.mark.parametrize(
    ("rule", "code", "command", "scenarios", "expected"),
    [
        ("ENV102", UNCHECKED, EXEC, [scenario("missing:OPENAI_API_KEY", "STARTED_WITHOUT_VAR", "fail")], [True]),
        ("ENV102", UNCHECKED, EXEC, [scenario("missing:OPENAI_API_KEY", "FAILED_FAST")], [False]),
        ("ENV102", UNCHECKED, EXEC, [scenario("missing:OPENAI_API_KEY", "FAILED_UNNAMED", "fail")], [False]),
        ("ENV102", UNCHECKED, EXEC, [scenario("missing:OPENAI_API_KEY", "FLAKY", "inconclusive")], []),
        ("ENV102", UNCHECKED, EXEC, [scenario("missing:OTHER", "FAILED_FAST")], []),
        ("ENV104", LATE, EXEC, [scenario("missing:REGION", "STARTED_WITHOUT_VAR", "fail")], [True]),
        ("ENV104", LATE, EXEC, [scenario("missing:REGION", "FAILED_FAST")], [False]),
        ("OBS101", UNCHECKED, EXEC, [READY], [False]),
        ("OBS101", UNCHECKED, EXEC, [{**READY, "assumed": True, "ready_path": "/openapi.json"}], [True]),
        ("OBS101", UNCHECKED, EXEC, [{**READY, "ready_path": "/"}], []),
        ("IMG402", LATE, "CMD uvicorn main:app", [scenario("stop", "IGNORES_STOP", "fail")], [True]),
        ("IMG402", LATE, "CMD uvicorn main:app", [scenario("stop", "STOPPED")], [False]),
        ("IMG406", LATE, "CMD uvicorn main:app", [scenario("baseline", "BOUND_TO_LOOPBACK", "fail")], [True]),
        ("IMG406", LATE, "CMD uvicorn main:app", [READY], [False]),
        ("IMG407", LATE, "CMD uvicorn main:app --workers 2", [scenario("no-env", "EXIT_ZERO", "fail")], [True]),
        ("IMG407", LATE, "CMD uvicorn main:app --workers 2", [scenario("no-env", "FAILED_FAST")], [False]),
        ("IMG407", LATE, "CMD uvicorn main:app --workers 2", [READY], []),
        ("IMG501", LATE, "CMD uvicorn app.main:app", [scenario("baseline", "EXITED", "fail")], [True]),
        ("IMG501", LATE, "CMD uvicorn app.main:app", [READY], [False]),
    ],
)
def test_what_a_boot_says(
    rule: str, code: str, command: str, scenarios: list[dict[str, Any]], expected: list[bool], tmp_path: Path
) -> None:
    """The same variable or place, and a certain verdict; else nothing."""
    found = said(tmp_path, rule, code, scenarios, command)

    assert [one.is_confirmed for one in found] == expected
    assert all(one.text.startswith("confirmed by" if one.is_confirmed else "refuted by") for one in found)
    assert all(one.reason in one.text for one in found)


def test_a_command_of_the_user_says_nothing_of_the_images_own(tmp_path: Path) -> None:
    """What was booted is not what the finding is about."""
    plan = {"root": "", "image": "i", "dockerfile": "Dockerfile", "command": ["uvicorn", "main:app"]}

    assert said(tmp_path, "IMG406", LATE, [READY], "CMD uvicorn main:app", plan=plan) == []


def test_the_first_request(tmp_path: Path) -> None:
    """A slow first call of the route that the finding names confirms it; a quick one says nothing."""
    endpoint = {"method": "GET", "path": "/tip", "purpose": "model"}
    place = {"path": "main.py", "line": 16, "column": 2, "end_line": 16, "end_column": 17}
    latency = {"endpoint": {**endpoint, "span": place}, "first": 1.0, "following": [0.003]}
    other = {"endpoint": {**endpoint, "span": {**place, "line": 3}}, "first": 1.0, "following": [0.003]}

    def answers(verdict: str, seen: dict[str, Any]) -> list[bool]:
        one = scenario("first-request", verdict, "fail", latencies=[seen])
        return [found.is_confirmed for found in said(tmp_path, "LIF103", LAZY, [one])]

    assert answers("FIRST_REQUEST_INITIALISES", latency) == [True]
    assert answers("FIRST_REQUEST_INITIALISES", other) == []
    assert answers("NO_LAZY_START", latency) == []


def finding(rule: str, line: int, path: str = "Dockerfile") -> Finding:
    """A finding of a rule about images."""
    (one,) = catalogue.load().find(rule)
    return one.at(Span(path, line, 1, line, 5), "words")


@pytest.mark.parametrize(("proof", "expected"), [("PROVEN", [True]), ("REFUTED", [False]), ("INCONCLUSIVE", [])])
def test_what_proofs_say(proof: str, expected: list[bool]) -> None:
    """The COPY that the rebuild blamed; the image that was weighed."""
    mutation = Mutation("source", "main.py", (Rerun(4, "RUN pip install", 30.0, True),), 31.0)
    rebuild = RebuildProof(
        Proof(proof), "legacy", "Dockerfile", Span("Dockerfile", 3, 1, 3, 5), "so it was", (mutation,)
    )
    weight = WeightProof(Proof(proof), "Dockerfile", Span("Dockerfile", 1, 1, 1, 5), "so it weighs")
    findings = [
        finding("IMG101", 3),
        finding("IMG101", 9),
        finding("IMG301", 3),
        finding("IMG101", 3, "other/Dockerfile"),
    ]

    assert [one.is_confirmed for one in confirmations(findings, None, [rebuild])] == expected
    assert [one.is_confirmed for one in confirmations([finding("IMG202", 1)], None, [weight])] == expected
    assert confirmations(findings) == ()
