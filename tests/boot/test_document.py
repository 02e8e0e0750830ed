"""JSON of a boot and of the proofs: both ways, and nothing in it that must not be seen."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import replace
from typing import Any

import pytest

from aiaudit.boot import document
from aiaudit.boot.record import Boot, Companion, Observation, Outcome, Scenario
from aiaudit.boot.shown import HIDDEN, shown
from aiaudit.plain import Mismatch
from tests.boot.recorded import BAD, CANARY, GIVEN, GOOD, INCOMPLETE, READY, REBUILD, WEIGHT

PROVIDER_KEY = "AKIA2E4A7F3B244C6756"


@pytest.mark.parametrize("boot", [GOOD, BAD, INCOMPLETE], ids=["good", "bad", "incomplete"])
def test_both_ways(boot: Boot) -> None:
    """What is read is what was shown, also after a second round."""
    text = json.dumps(document.document(boot))
    again = document.read(json.loads(text))

    assert again == shown(boot)
    assert json.dumps(document.document(again)) == text


@pytest.mark.parametrize("proof", [REBUILD, WEIGHT], ids=["rebuild", "weight"])
def test_proofs_both_ways(proof: Any) -> None:
    """Each keeps its kind."""
    assert document.read_proof(json.loads(json.dumps(document.proof_document(proof)))) == proof


def test_a_scenario_has_what_scripts_ask_for() -> None:
    """The record of one boot, flat."""
    ready, failed = document.document(GOOD)["scenarios"]

    assert (ready["id"], ready["verdict"], ready["status"]) == ("baseline", "READY", "pass")
    assert (ready["t_listen"], ready["t_serving"], ready["t_ready"]) == (1.9, 2.0, 2.14)
    assert ready["env_names"] == ["OPENAI_API_KEY", "PORT", "EXTRA"]
    assert ready["removed"] == []
    assert ready["egress"] == [{"host": "huggingface.co", "port": 443, "how": "dns", "seconds": 1.2}]
    assert ready["timeline"][0] == {"seconds": 0.0, "what": "start"}
    assert failed["removed"] == ["OPENAI_API_KEY"]
    assert failed["exit"] == {"code": 1, "seconds": 1.8, "oom": False, "error": ""}
    assert failed["named"]["text"] == "KeyError: 'OPENAI_API_KEY'"
    assert failed["t_listen"] is None
    assert failed["repro"].startswith("docker run --rm")
    assert failed["network"] == "none"
    assert ready["flags"] == ["--network=none", "--cap-drop=ALL"]


def test_no_key_stands_for_two_things() -> None:
    """Scenario, outcome and observation share one object."""
    keys = [
        names.get(field.name, field.name)
        for kind, names in (
            (Scenario, document._SCENARIO_KEYS),
            (Outcome, {}),
            (Observation, document._OBSERVATION_KEYS),
        )
        for field in dataclasses.fields(kind)  # type: ignore[arg-type]
        if field.name not in ("scenario", "observation")
    ]

    assert len(keys) == len(set(keys))
    assert not set(keys) & set(document._DERIVED)


def test_values_of_the_user_are_nowhere() -> None:
    """Not as they are, not quoted or escaped, not the password alone; dummies stay, so that a boot can be repeated."""
    address = 'postgresql://app:s3cr3t"pw@db:5432/x'
    log = f'{GIVEN}\n{json.dumps(address)}\nthe password is s3cr3t"pw\ncorrect%20horse%20battery\nPIN=123 {CANARY}\n'
    plan = replace(
        GOOD.plan,
        environment=(("EXTRA", GIVEN), ("DATABASE_URL", address), ("PIN", "123")),
        companions=(Companion("db", "postgres", (("POSTGRES_PASSWORD", "tiger-tiger"),), ("--pw=tiger-tiger",)),),
    )
    assert READY.observation is not None
    seen = replace(READY.observation, log=log, command=f"docker run --env 'PIN=123' --env 'EXTRA={GIVEN}' x")
    outcome = replace(READY, observation=seen, reason=f"said {GIVEN}")
    text = json.dumps(document.document(replace(GOOD, plan=plan, outcomes=(outcome,), problems=(GIVEN,))))

    assert not [word for word in (GIVEN, "s3cr3t", "correct%20", "tiger", "PIN=123") if word in text]
    assert text.count(HIDDEN) > 8
    assert CANARY in text


def test_a_line_with_dummies_can_be_copied() -> None:
    """They look like credentials to whoever reads a log, and are none."""
    assert READY.observation is not None
    address = "postgresql://aiaudit:5f0c8a7be91d4c22@db.aiaudit.invalid:5432/x"
    scenario = replace(READY.scenario, environment=(("API_TOKEN", "Zk39fjQ0x8bVn4TsLw7R"), ("DATABASE_URL", address)))
    line = f"docker run --rm --env API_TOKEN=Zk39fjQ0x8bVn4TsLw7R --env DATABASE_URL={address} x"
    seen = replace(READY.observation, scenario=scenario, command=line, log=f"{line}\nAPI_TOKEN=q8Vn4TsLw7Zk39fjQ0xR\n")
    found = document.document(replace(GOOD, outcomes=(replace(READY, scenario=scenario, observation=seen),)))
    (shown_scenario,) = found["scenarios"]

    assert shown_scenario["repro"] == line
    assert dict(shown_scenario["environment"]) == dict(scenario.environment)
    assert "q8Vn4TsLw7" not in shown_scenario["log_excerpt"]


def test_credentials_of_the_image_are_nowhere() -> None:
    """Values under a secret's name, and keys of known providers in the log."""
    assert READY.observation is not None
    seen = replace(READY.observation, log=f"using {PROVIDER_KEY} for S3\n")
    text = json.dumps(document.document(replace(GOOD, outcomes=(replace(READY, observation=seen),))))

    assert "hf_in_the_image" not in text
    assert PROVIDER_KEY not in text
    assert "/usr/bin" in text


def test_ports_and_switches_are_not_taken_out_of_texts() -> None:
    """`--env PORT=8000` does not hide the port of every address."""
    plan = replace(GOOD.plan, environment=(("PORT", "8000"), ("DEBUG", "true")))
    found = document.document(replace(GOOD, plan=plan))

    assert found["scenarios"][0]["timeline"][1]["what"] == "listens on 0.0.0.0:8000"
    assert found["plan"]["environment"] == [["PORT", HIDDEN], ["DEBUG", HIDDEN]]


def test_a_long_log_is_cut_in_the_middle() -> None:
    """Beginning and end are kept, and the cut is told."""
    assert READY.observation is not None
    seen = replace(READY.observation, log="".join(f"line {number}\n" for number in range(1_000)))
    text = document.document(replace(GOOD, outcomes=(replace(READY, observation=seen),)))["scenarios"][0]["log_excerpt"]

    assert text.startswith("line 0\n")
    assert text.endswith("line 999\n")
    assert "… 941 lines …" in text


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schema_version": 9}, "schema version 9 is not 1"),
        ({"engine": {"name": "docker"}}, "EngineFacts"),
        ({"image": []}, "ImageFacts: [] is no object"),
        ({"learned": [{"name": "X", "kind": "colour"}]}, "Variable.kind: 'colour' is no Kind"),
        ({"learned": [{"name": 7}]}, "Variable.name: 7 is no str"),
        ({"learned": [{"name": "X", "nmae": 1}]}, "Variable: unknown key 'nmae'"),
        ({"learned": [{"name": "X", "spoken": "x"}]}, "Variable.spoken: 'x' is no list"),
    ],
)
def test_a_document_of_something_else(change: dict[str, Any], message: str) -> None:
    """Is refused with the place."""
    with pytest.raises(Mismatch) as caught:
        document.read(document.document(GOOD) | change)

    assert message in str(caught.value)
