"""The leaky service has exactly its defects: every rule that fires on it, and where."""

from __future__ import annotations

from collections import defaultdict

from tests.services.environment import LEAKY
from tests.support import audit_folder

EXPECTED = {
    "IMG101": ["Dockerfile.worker:11"],
    "IMG102": ["Dockerfile.worker:3"],
    "IMG103": ["Dockerfile.multistage:10"],
    "IMG104": ["Dockerfile:13"],
    "IMG105": ["Dockerfile.worker:9"],
    "IMG201": ["Dockerfile.worker:2"],
    "IMG202": ["Dockerfile:1"],
    "IMG203": ["Dockerfile.worker:2"],
    "IMG204": ["Dockerfile.worker:13"],
    "IMG205": ["Dockerfile.worker:9"],
    "IMG206": ["Dockerfile.worker:13"],
    "IMG208": ["Dockerfile.multistage:9"],
    "IMG301": ["Dockerfile.worker:2"],
    "IMG305": ["Dockerfile.worker:13"],
    "IMG306": ["Dockerfile.multistage:4", "Dockerfile:11"],
    "IMG309": ["Dockerfile.multistage:11", "app/rag/search.py:30"],
    "IMG401": ["Dockerfile.multistage:6", "Dockerfile.worker:2", "Dockerfile:1"],
    "IMG402": ["Dockerfile.worker:15"],
    "IMG403": ["Dockerfile.multistage:12", "Dockerfile.worker:15"],
    "IMG404": ["Dockerfile.multistage:6", "Dockerfile.worker:2", "Dockerfile:1"],
    "IMG501": ["Dockerfile.worker:15"],
    "IMG503": ["Dockerfile.multistage:4", "Dockerfile:11"],
    "KEY101": [".env:1", ".env:2"],
    "KEY102": ["app/core/config.py:8"],
    "KEY103": ["app/core/config.py:7"],
    "KEY104": ["app/core/config.py:16"],
    "KEY105": ["app/agents/agent.py:27"],
    "KEY106": ["Dockerfile.worker:6"],
    "KEY107": ["compose.yaml:14"],
    "KEY108": [".env:4"],
    "KEY201": ["Dockerfile:13"],
    "LIF101": ["app/llm/client.py:9"],
    "LIF102": ["app/rag/search.py:30"],
    "LIF103": ["app/rag/search.py:16"],
    "LIF104": ["app/rag/search.py:21"],
    "LIF105": ["app/services/conversations.py:23"],
    "LIF301": ["app/api/chat.py:28"],
    "LIF401": ["app/main.py:17"],
    "LIF402": ["app/main.py:22"],
    "TMO101": ["app/rag/search.py:35"],
    "TMO102": ["app/llm/client.py:9"],
    "TMO103": ["app/agents/agent.py:11"],
    "TMO105": ["app/main.py:20", "app/services/conversations.py:23"],
    "PRM101": ["app/agents/agent.py:18", "app/llm/client.py:13", "app/rag/search.py:25", "app/rag/search.py:31"],
    "PRM102": ["app/services/conversations.py:25"],
    "PRM201": ["app/llm/client.py:13"],
    "PRM301": ["app/agents/agent.py:17"],
    "PRM401": ["app/main.py:13"],
    "PRM402": ["app/main.py:13"],
    "STR101": ["app/agents/agent.py:18", "app/llm/client.py:13"],
    "ENV101": ["app/core/config.py:11"],
    "ENV102": ["app/core/config.py:15", "app/core/config.py:16"],
    "ENV103": ["app/agents/agent.py:26"],
    "ENV105": ["app/core/config.py:19"],
    "OBS101": ["app/main.py:13"],
}


def test_the_leaky_service_has_exactly_its_defects() -> None:
    report = audit_folder(LEAKY)
    assert report.diagnostics == ()
    assert report.suppressed == ()
    found: defaultdict[str, list[str]] = defaultdict(list)
    for item in report.findings:
        span = item.finding.span
        found[item.finding.rule].append(f"{span.path}:{span.line}")
    assert {rule: sorted(places) for rule, places in found.items()} == EXPECTED


def test_no_credential_is_shown_in_full() -> None:
    values = [line.split("=", 1)[1] for line in (LEAKY / ".env").read_text().splitlines()[:2]]
    report = audit_folder(LEAKY)
    told = "\n".join(str(item.finding) for item in report.findings)
    shown = report.text_of(".env")
    assert all(len(value) > 30 for value in values)
    assert [value for value in values if value in told or value in shown] == []
