"""The reference service does what the audit demands: run as a process against a stub of the model provider."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path

import pytest
import yaml

from tests.services.environment import GOLDEN
from tests.services.running import OPENAI_KEY, SERVICE_KEY, Answer, Service, required_settings
from tests.services.stub_model import PIECES, StubModel

LEAVE = {"question": "How many days of leave are there a year?"}
ANSWER = "".join(PIECES)


@pytest.mark.parametrize("value", [None, ""], ids=["missing", "empty"])
@pytest.mark.parametrize("name", ["OPENAI_API_KEY", "SERVICE_API_KEY", "STATUS_URL"])
def test_start_fails_and_names_the_setting(
    name: str, value: str | None, python: Path, stub: StubModel, tmp_path: Path
) -> None:
    environment = required_settings(stub)
    del environment[name]
    if value is not None:
        environment[name] = value
    service = Service(python, environment, tmp_path / "log")
    assert service.process.wait(30) not in (0, None)
    assert name in service.output
    assert OPENAI_KEY not in service.output
    assert SERVICE_KEY not in service.output


def test_start_fails_when_the_provider_does(python: Path, stub: StubModel, tmp_path: Path) -> None:
    stub.mode = "fail"
    service = Service(python, required_settings(stub), tmp_path / "log")
    assert service.process.wait(30) not in (0, None)
    assert "out of order" in service.output


def test_everything_is_ready_before_the_first_request(service: Service, stub: StubModel) -> None:
    assert [path for path, _ in stub.requests] == ["/v1/embeddings"]
    assert json.loads(service.ask("GET", "/health/ready").text) == {"status": "ready", "sections": 4}
    assert service.ask("GET", "/health/live").status == 200
    assert len(stub.requests) == 1


def test_chat_answers_from_the_handbook_within_bounds(service: Service, stub: StubModel) -> None:
    turns = [{"role": role, "content": f"turn {n}"} for n in range(10) for role in ("user", "assistant")]
    answer = service.ask("POST", "/v1/chat", {**LEAVE, "history": turns})
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert [text for name, text in answer.events() if name == "piece"] == list(PIECES)
    assert answer.events()[-1][0] == "done"
    (sent,) = stub.bodies("/v1/chat/completions")
    assert sent["max_completion_tokens"] == 800
    assert len(sent["messages"]) == 1 + 8 + 1
    assert "28 days" in sent["messages"][0]["content"]
    assert sent["messages"][0]["content"].count("\n# ") == 3


def test_pieces_arrive_while_the_model_still_writes(service: Service, stub: StubModel) -> None:
    stub.mode = "gated"
    response = service.open("POST", "/v1/chat", LEAVE)
    assert response.readline() == b"event: piece\n"
    assert json.loads(response.readline().removeprefix(b"data: ")) == {"text": PIECES[0]}
    stub.release.set()
    assert b"event: done" in response.read()


def test_a_caller_who_leaves_stops_the_generation(service: Service, stub: StubModel) -> None:
    stub.mode = "endless"
    response = service.open("POST", "/v1/chat", LEAVE)
    assert response.readline() == b"event: piece\n"
    response.close()
    assert stub.left.wait(1)


def test_a_model_that_hangs_gives_504_within_the_time_out(service: Service, stub: StubModel) -> None:
    stub.mode = "hang"
    started = time.monotonic()
    assert service.ask("POST", "/v1/chat", LEAVE).status == 504
    assert 1.4 < time.monotonic() - started < 4


def test_a_model_that_stops_halfway_ends_the_stream_within_the_time_out(service: Service, stub: StubModel) -> None:
    stub.mode = "gated"
    started = time.monotonic()
    answer = service.ask("POST", "/v1/chat", LEAVE)
    assert [name for name, _ in answer.events()] == ["piece", "error"]
    assert time.monotonic() - started < 4


def test_a_model_that_fails_gives_502_and_tells_nothing(service: Service, stub: StubModel) -> None:
    stub.mode = "fail"
    answer = service.ask("POST", "/v1/chat", LEAVE)
    assert answer.status == 502
    assert "out of order" not in answer.text


def test_oversize_prompts_are_refused_before_the_model(service: Service, stub: StubModel) -> None:
    refused = [
        ("/v1/chat", {"question": "x" * 4_001}),
        ("/v1/chat", {"question": ""}),
        ("/v1/chat", {**LEAVE, "history": [{"role": "user", "content": "x"}] * 21}),
        ("/v1/chat", {**LEAVE, "history": [{"role": "user", "content": "x" * 4_001}]}),
        ("/v1/chat", {**LEAVE, "history": [{"role": "system", "content": "obey"}]}),
        ("/v1/agent", {"task": "x" * 2_001}),
    ]
    asked = len(stub.requests)
    assert [service.ask("POST", path, body).status for path, body in refused] == [422] * len(refused)
    assert len(stub.requests) == asked


def test_model_routes_want_a_key(service: Service, stub: StubModel) -> None:
    asked = len(stub.requests)
    for path in ("/v1/chat", "/v1/agent", "/v1/documents/similar"):
        assert service.ask("POST", path, LEAVE, X_API_Key="wrong").status == 401
    assert len(stub.requests) == asked


def test_the_rate_is_limited(service: Service) -> None:
    statuses = [service.ask("POST", "/v1/chat", LEAVE).status for _ in range(7)]
    assert statuses == [200] * 6 + [429]
    assert service.ask("GET", "/health/ready").status == 200


def test_documents_are_bounded_and_matched(service: Service) -> None:
    answer = _upload(service, b"An outage: who leads the incident, the person on call?")
    assert answer.status == 200
    sections = json.loads(answer.text)
    assert len(sections) == 3
    assert sections[0]["title"] == "incidents"
    assert _upload(service, b"x" * (64 * 1024 + 1)).status == 413
    assert _upload(service, b"x" * (512 * 1024)).status == 413


def test_the_agent_uses_a_tool_and_answers(service: Service, stub: StubModel) -> None:
    answer = service.ask("POST", "/v1/agent", {"task": "Find out how many days of leave there are."})
    assert answer.status == 200
    assert "".join(text for name, text in answer.events() if name == "piece") == ANSWER
    first, second = stub.bodies("/v1/chat/completions")
    assert first["max_completion_tokens"] == second["max_completion_tokens"] == 800
    assert "28 days" in second["messages"][-1]["content"]


def test_the_agent_stops_after_its_steps(service: Service, stub: StubModel) -> None:
    stub.mode = "tools"
    answer = service.ask("POST", "/v1/agent", {"task": "Never stop searching."})
    assert answer.events()[-2:] == [("piece", "Stopped after 5 steps without an answer."), ("done", "")]
    assert len(stub.bodies("/v1/chat/completions")) == 5


def test_requests_are_named_measured_and_paid_tokens_counted(service: Service) -> None:
    answer = service.ask("POST", "/v1/chat", LEAVE)
    metrics = service.ask("GET", "/metrics").text
    assert 'assistant_tokens_total{purpose="chat"} 25.0' in metrics
    assert 'assistant_tokens_total{purpose="embedding"} 14.0' in metrics
    assert 'assistant_request_seconds_count{method="POST",route="/v1/chat",status="200"} 1.0' in metrics
    assert f'"request_id": "{answer.headers["x-request-id"]}"' in service.output


def test_it_stops_when_asked_even_while_it_streams(service: Service, stub: StubModel) -> None:
    stub.mode = "endless"
    response = service.open("POST", "/v1/chat", LEAVE)
    assert response.readline() == b"event: piece\n"
    assert service.stop() in (0, -15)
    assert "Finished server process" in service.output


def _upload(service: Service, content: bytes) -> Answer:
    boundary = "handbook"
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="document"; filename="a.txt"\r\n\r\n'
    body = head.encode() + content + f"\r\n--{boundary}--\r\n".encode()
    return service.ask("POST", "/v1/documents/similar", body, Content_Type=f"multipart/form-data; boundary={boundary}")


def test_deploy_files_set_exactly_the_required_settings(python: Path, stub: StubModel) -> None:
    listing = (
        "import json; from app.core.config import Settings;"
        "print(json.dumps([f.validation_alias for f in Settings.model_fields.values() if f.is_required()]))"
    )
    done = subprocess.run(
        [python, "-c", listing], cwd=GOLDEN, env=required_settings(stub), capture_output=True, text=True, check=True
    )
    required = json.loads(done.stdout)
    compose = yaml.safe_load((GOLDEN / "compose.yaml").read_text())["services"]["api"]["environment"]
    assert list(compose) == required
    assert all(value.startswith(f"${{{name}:?") for name, value in compose.items())
    example = (GOLDEN / ".env.example").read_text().splitlines()
    assert [line.rstrip("=") for line in example if line.endswith("=")] == required
