"""`aiaudit inspect` of a folder: the service map, as JSON and as text."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.services.environment import GOLDEN, LEAKY
from tests.support import run_cli, write_tree


def map_of(folder: Path) -> dict[str, Any]:
    """The service map of a folder."""
    ran = run_cli("inspect", ".", "--format", "json", cwd=folder)
    assert (ran.code, ran.err) == (0, "")
    found: dict[str, Any] = json.loads(ran.out)
    return found


@pytest.fixture(scope="module")
def leaky() -> dict[str, Any]:
    return map_of(LEAKY)


def route(found: dict[str, Any], label: str) -> dict[str, Any]:
    """One route of a map."""
    (wanted,) = [route for route in found["routes"] if route["route"] == label]
    chosen: dict[str, Any] = wanted
    return chosen


def test_a_route_shows_what_it_asks(leaky: dict[str, Any]) -> None:
    """The time-out of the client, its attempts, no cap, and the field that nothing bounds."""
    asked = {call["call"]: call for call in route(leaky, "POST /chat")["models"]}["chat.completions.create"]

    assert (asked["path"], asked["line"]) == ("app/llm/client.py", 13)
    assert asked["timeout"] == {"state": "default", "seconds": 1802.0, "attempts": 3, "given_at": None}
    assert (asked["output"], asked["streams"]) == ("uncapped", False)
    assert asked["unbounded"] == ["field `question` of ChatRequest"]


def test_a_time_out_that_is_set_shows_where(leaky: dict[str, Any]) -> None:
    asked = route(leaky, "POST /solve")["models"][0]

    assert asked["output"] == 1024
    assert asked["timeout"]["state"] == "set"
    assert asked["timeout"]["seconds"] == 60.0
    assert asked["timeout"]["given_at"] == {"path": "app/agents/agent.py", "line": 12}


def test_resources_say_when_they_are_made(leaky: dict[str, Any]) -> None:
    made = {resource["resource"]: resource for resource in leaky["resources"]}

    assert made["OpenAI"]["made"] == ["each request"]
    assert made["OpenAI"]["chain"] == ["POST /chat", "answer()"]
    assert made["SentenceTransformer"]["made"] == ["first request"]
    assert made["AsyncAnthropic"]["made"] == ["import"]
    assert made["MongoClient"]["made"] == ["startup"]


def test_settings_say_whether_the_start_fails(leaky: dict[str, Any]) -> None:
    golden = {setting["setting"]: setting for setting in map_of(GOLDEN)["settings"]}
    found = {setting["setting"]: setting for setting in leaky["settings"]}

    assert (golden["OPENAI_API_KEY"]["default"], golden["OPENAI_API_KEY"]["fails_fast"]) == ("raises", True)
    assert (found["HOOK_TOKEN"]["read"], found["HOOK_TOKEN"]["fails_fast"]) == ("each request", False)
    assert (found["SEARCH_URL"]["default"], found["SEARCH_URL"]["fails_fast"]) == ("none", False)


def test_what_starts_is_listed(leaky: dict[str, Any]) -> None:
    assert {(start["when"], start["runs"]) for start in leaky["starts"]} == {
        ("startup", "startup hook connect()"),
        ("import", "import of app/main.py"),
    }


def test_text_is_what_people_get() -> None:
    """A folder is shown as text; each route is followed by what it reaches."""
    ran = run_cli("inspect", ".", cwd=GOLDEN)
    lines = ran.out.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("  POST /v1/chat "))

    assert ran.code == 0
    assert lines[start + 1].startswith("    asks chat.completions.create  app/llm/gateway.py:")
    assert "waits up to 24 s (2 attempts, set at app/core/startup.py:" in lines[start + 1]
    assert "output 800 tokens; streams; input bounded" in lines[start + 1]
    assert any("OPENAI_API_KEY" in line and line.endswith("the start fails without it") for line in lines)


def test_own_knowledge_counts(tmp_path: Path) -> None:
    """The map shows clients that the configuration describes, and refuses a wrong description."""
    described = 'dist = "acme"\n[[entry]]\npath = "acme.ask"\nkind = "call"\npurpose = "llm"\nmode = "sync"\n'
    folder = write_tree(
        tmp_path / "tree",
        {
            "main.py": "from acme import ask\nfrom fastapi import FastAPI\n\napp = FastAPI()\n\n\n"
            '@app.get("/")\ndef root():\n    return ask("hello")\n',
            "aiaudit.toml": 'knowledge = ["acme.toml"]\n',
            "acme.toml": described + 'timeout = {parameters = ["timeout"], default = 30, retries = 1}\n',
        },
    )
    (asked,) = route(map_of(folder), "GET /")["models"]
    assert (asked["timeout"]["seconds"], asked["timeout"]["attempts"]) == (60.0, 2)

    (folder / "acme.toml").write_text(described + "wrong = 1\n", encoding="utf-8")
    ran = run_cli("inspect", ".", cwd=folder)
    assert ran.code == 2
    assert "acme.toml:7: acme.ask: wrong: no such key" in ran.err
