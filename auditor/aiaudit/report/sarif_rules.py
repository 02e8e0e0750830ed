"""Rules as SARIF describes them."""

from __future__ import annotations

import re
from typing import Any

from aiaudit.finding import Severity
from aiaudit.patterns import regex
from aiaudit.rule import Rule

# GitHub's bands: over 9 critical, from 7 high, from 4 medium, below low.
SECURITY_SEVERITY = {Severity.LOW: "2.0", Severity.MEDIUM: "5.0", Severity.HIGH: "8.0", Severity.CRITICAL: "9.5"}
PROBLEM_SEVERITY = {
    Severity.LOW: "recommendation",
    Severity.MEDIUM: "warning",
    Severity.HIGH: "error",
    Severity.CRITICAL: "error",
}
LONGEST = 1_000

_LOCAL_LINK = regex(r"\[([^\]]+)\]\((?!https?:)[^)]+\)")


def described(rule: Rule, level: str) -> dict[str, Any]:
    """One rule with its documentation, severity and precision."""
    docs = _LOCAL_LINK.sub(r"\1", rule.docs.strip())
    return {
        "id": rule.id,
        "name": rule.name,
        "shortDescription": {"text": _sentence(rule.summary)},
        "fullDescription": {"text": _first_paragraph(docs) or _sentence(rule.summary)},
        "help": {"text": docs or rule.summary, "markdown": docs or rule.summary},
        "defaultConfiguration": {"level": level, "enabled": rule.profile == "default"},
        "properties": {
            "precision": rule.confidence.value,
            "problem.severity": PROBLEM_SEVERITY[rule.severity],
            "security-severity": SECURITY_SEVERITY[rule.severity],
            "tags": sorted({rule.family.lower(), *rule.tags})[:10],
        },
    }


def escaped(text: str) -> str:
    """Text in which brackets are no links and a backslash is itself."""
    return text.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")


def _first_paragraph(docs: str) -> str:
    """What the rule does, in the words of its documentation."""
    match = re.search(r"^## What it does\n+(.+?)(?:\n\n|\Z)", docs, re.MULTILINE | re.DOTALL)
    return " ".join(match[1].split())[:LONGEST] if match else ""


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}" + ("" if text.endswith(".") else ".")
