"""Other tools whose rules ours cover, each known by the form of its ids."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from aiaudit.patterns import regex
from aiaudit.rule import Rule

PEERS = {
    "hadolint": regex(r"DL\d{4}"),
    "buildkit": regex(r"(?:[A-Z][a-z]+|JSON){2,}[A-Za-z]*"),
    "trivy": regex(r"(?:AVD-)?DS-?\d{3,4}"),
    "checkov": regex(r"CKV2?_[A-Z]+_\d+"),
    "kics": regex(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){0,3}(?:-[0-9a-f]{12})?"),
    "dockle": regex(r"(?:CIS-DI|DKL-[DL]I)-\d{4}"),
}
"""Name of a tool -> pattern of its rules' ids."""


def covered(rules: Iterable[Rule], peer: str) -> list[tuple[str, Rule]]:
    """A tool's ids with the rules of ours that cover them, in the order of the ids."""
    found = [(alias, rule) for rule in rules for alias in _ids(rule, peer)]
    return sorted(found, key=lambda pair: (pair[0], pair[1].id))


def _ids(rule: Rule, peer: str) -> Iterator[str]:
    pattern = PEERS[peer]
    yield from (alias for alias in rule.aliases if pattern.fullmatch(alias))
    if peer == "hadolint" and rule.reports("SC1000"):
        yield "SC1000-SC3999"  # hadolint passes on ShellCheck's as well
