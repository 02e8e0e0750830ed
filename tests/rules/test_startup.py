"""Rules about boots: what an audit without one loads, which verdicts they know, what their messages may hold."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from aiaudit import api, catalogue
from aiaudit.boot.record import Boot, Verdict
from aiaudit.finding import Finding
from aiaudit.settings import Settings
from aiaudit.sources.store import Store
from tests.recorded import boot_in
from tests.support import AUDIT_DATE, FIXTURES, PROJECT, write_tree

PACK = PROJECT / "rules" / "aiaudit_rules" / "startup"
DOCKERFILE = "FROM python:3.11-slim\nWORKDIR /srv\nCOPY main.py .\nCMD [{words}]\n"
CODE = 'import os\n\nfrom fastapi import FastAPI\n\nTOKEN = os.environ["SERVICE_TOKEN"]\napp = FastAPI()\n'


def findings(folder: Path, scenarios: list[dict[str, Any]], *command: str, **plan: Any) -> list[Finding]:
    """What the rules say of a boot with these scenarios."""
    words = ", ".join(f'"{word}"' for word in command or ("uvicorn", "main:app"))
    write_tree(folder, {"main.py": CODE, "Dockerfile": DOCKERFILE.format(words=words)})
    settings = Settings(select=("RUN",), date=AUDIT_DATE)
    audit = api.Audit(api.scope_for([str(folder)], str(folder)), settings, Store(), None)
    boot = boot_in({"scenarios": scenarios}, audit.service)
    report = audit.report({Boot: (replace(boot, plan=replace(boot.plan, **plan)),)})
    assert report.diagnostics == ()
    return [reported.finding for reported in report.findings]


def failure(id: str, verdict: str, **seen: Any) -> dict[str, Any]:
    """A boot that failed."""
    changed = {"changed": id.partition(":")[2]} if ":" in id else {}
    return {"id": id, **changed, "verdict": verdict, "status": "fail", "reason": "so it was", **seen}


def test_a_check_loads_nothing_of_a_boot() -> None:
    """Their subjects are named, not imported."""
    code = (
        "import sys\nfrom aiaudit import api\n"
        f"api.audit([{str(FIXTURES / 'services' / 'leaky')!r}])\n"
        "print([name for name in sys.modules if name.startswith('aiaudit.boot') or name == 'docker'])\n"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_every_verdict_that_rules_ask_for_exists() -> None:
    """They are compared as texts."""
    known = {verdict.value for verdict in Verdict} | {"PROVEN"}
    texts = "\n".join(path.read_text().split('"""', 2)[2] for path in PACK.glob("*.py"))
    asked = set(re.findall(r'"(?!RUN\d)([A-Z][A-Z0-9_]{3,})"', texts))

    assert asked
    assert asked <= known


def test_subjects_exist() -> None:
    """What rules observe are classes of the record and of the proofs."""
    from aiaudit.boot import proofs, record

    names = {name for rule in catalogue.load().rules for name, _ in rule.observations}

    assert names == {"Boot", "RebuildProof", "WeightProof"}
    assert all(hasattr(record, name) or hasattr(proofs, name) for name in names)


def test_a_comment_about_a_boot_is_not_unused_in_a_check(tmp_path: Path) -> None:
    """Nothing was there for the rule to look at; with a boot it is unused."""
    text = '# aiaudit: ignore[never-ready] waits for the database\nFROM python:3.11-slim\nCMD ["uvicorn", "main:app"]\n'
    write_tree(tmp_path, {"Dockerfile": text, "main.py": CODE})
    settings = Settings(select=("RUN", "IGN"), date=AUDIT_DATE)

    def names(observed: bool) -> list[str]:
        audit = api.Audit(api.scope_for([str(tmp_path)], str(tmp_path)), settings, Store(), None)
        boot = boot_in({"scenarios": []}, audit.service)
        report = audit.report({Boot: (boot,)} if observed else None)
        return [reported.finding.name for reported in report.findings]

    assert names(observed=False) == []
    assert names(observed=True) == ["unused-suppression"]


def test_messages_hide_credentials_and_the_users_values(tmp_path: Path) -> None:
    """The log of a program is quoted without what nobody may see."""
    key = "sk-proj-Ab3dEf6hIj9kLm2nOp5qRs8tUv1wXy4z"
    log = f'Traceback (most recent call last):\n  File "main.py", line 1\nValueError: {key} and our-own-value refused'
    scenario = failure("missing:SERVICE_TOKEN", "HANG_AFTER_FATAL_LOG", log_excerpt=log)

    (found,) = findings(tmp_path, [scenario], environment=(("PARTNER", "our-own-value"),))

    assert 'its log says "ValueError: ' in found.message
    assert key not in found.message
    assert "our-own-value" not in found.message


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("uvicorn", "main:app", "--workers", "2"), "start one process in a container"),
        (("uvicorn", "main:app", "--reload"), "without --reload"),
        (("gunicorn", "main:app"), "--preload"),
        (("uvicorn", "main:app"), "let the error end the process"),
    ],
)
def test_the_remedy_is_the_servers(command: tuple[str, ...], words: str, tmp_path: Path) -> None:
    """What helps depends on who started the processes."""
    (found,) = findings(tmp_path, [failure("missing:SERVICE_TOKEN", "HANG")], *command)

    assert words in found.help
    assert [step.span.path for step in found.trace] == ["main.py"]


def test_an_init_process_that_helps_is_named(tmp_path: Path) -> None:
    """The boot with one was the test of the remedy."""
    stop = failure("stop", "IGNORES_STOP", catches_stop=False)
    init = {**failure("init", "STOPPED"), "status": "pass", "reason": "ends 0.4 s after SIGTERM with code 143"}

    (found,) = findings(tmp_path, [stop, init])

    assert "with an init process (tini, `docker run --init`) it ends 0.4 s after SIGTERM" in found.help


def test_without_sources_the_image_is_the_place(tmp_path: Path) -> None:
    """There is no line to point at."""
    (found,) = findings(tmp_path, [failure("baseline", "EXITED")], start=None, dockerfile="", variables=())

    assert (found.span.path, found.span.line) == ("handbook:1", 1)


def test_a_host_is_told_with_the_port_where_one_was_used(tmp_path: Path) -> None:
    """A name is looked up before a port is known."""
    looked_up = {"port": 0, "how": "dns", "seconds": 3.0}
    egress = [
        {"host": "huggingface.co", **looked_up},
        {"host": "app.posthog.com", **looked_up},
        {"host": "huggingface.co", "port": 443, "how": "tls", "seconds": 3.2},
    ]
    ready = {"id": "baseline", "verdict": "READY", "status": "pass", "reason": "ready", "t_ready": 6.0}

    (found,) = findings(tmp_path, [{**ready, "egress": egress}])

    assert "contacts huggingface.co:443 after 3.2 s, app.posthog.com after 3.0 s" in found.message


@pytest.mark.parametrize(
    ("port", "words"),
    [(443, "a pinned version"), (0, "a pinned version"), (27017, "let a required setting name the host")],
)
def test_what_is_contacted_decides_over_the_remedy(port: int, words: str, tmp_path: Path) -> None:
    """Downloads belong into the image, stores into settings."""
    contact = {"host": "elsewhere.example.com", "port": port, "how": "tcp", "seconds": 0.5}
    ready = {
        "id": "baseline",
        "verdict": "READY",
        "status": "pass",
        "reason": "ready",
        "t_ready": 1.0,
        "egress": [contact],
    }

    (found,) = findings(tmp_path, [ready])

    assert words in found.help
