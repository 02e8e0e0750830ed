"""`aiaudit rules` and `aiaudit rule`: the catalogue, and one rule explained."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any

from aiaudit import catalogue
from aiaudit.cli import write
from aiaudit.peers import covered
from aiaudit.results import CLEAN, INCOMPLETE
from aiaudit.rule import Rule
from aiaudit.settings import UsageError
from aiaudit.suggestion import suggestion


def list_rules(form: str) -> int:
    """Write the catalogue."""
    found = catalogue.load()
    if form == "json":
        text = json.dumps([described(rule) for rule in found.rules], indent=2) + "\n"
    elif form == "markdown":
        text = markdown_table(found.rules)
    else:
        width = max((len(rule.name) for rule in found.rules), default=0)
        text = "".join(
            f"{rule.id}  {rule.name:<{width}}  {rule.severity.value:<8}  {rule.summary}"
            f"{' (pedantic)' if rule.profile == 'pedantic' else ''}\n"
            for rule in found.rules
        )
    return _written(text, found)


def list_aliases(peer: str, form: str) -> int:
    """Write which ids of another tool our rules cover."""
    found = catalogue.load()
    pairs = covered(found.rules, peer)
    if form == "json":
        rows = [{"id": code, "rule": rule.id, "name": rule.name, "profile": rule.profile} for code, rule in pairs]
        return _written(json.dumps(rows, indent=2) + "\n", found)
    if form == "markdown":
        return _written(alias_table(pairs, peer), found)
    width = max((len(code) for code, _ in pairs), default=0)
    notes = {"pedantic": " (pedantic)"}
    lines = [f"{code:<{width}}  {rule.id}  {rule.name}{notes.get(rule.profile, '')}\n" for code, rule in pairs]
    return _written("".join(lines), found)


def alias_table(pairs: Sequence[tuple[str, Rule]], peer: str, folder: str = "docs/rules/") -> str:
    """Another tool's ids and our rules as a Markdown table; `folder` is where the rules' pages are."""
    lines = [f"| {peer} | rule | profile | what it reports |", "|---|---|---|---|"]
    lines += [
        f"| {code} | {rule.id} [{rule.name}]({folder}{rule.name}.md) | {rule.profile} | {rule.summary} |"
        for code, rule in pairs
    ]
    return "\n".join(lines) + "\n"


def _written(text: str, found: catalogue.Catalogue) -> int:
    """Write to stdout, and on stderr which rules could not be loaded."""
    problems = "".join(f"error: {diagnostic.message}\n" for diagnostic in found.diagnostics)
    return write(text.encode(), problems.encode(), INCOMPLETE if problems else CLEAN)


def described(rule: Rule) -> dict[str, Any]:
    """A rule as plain values; `fix` tells whether it can offer one and how safe that is at best."""
    return {
        "id": rule.id,
        "name": rule.name,
        "aliases": list(rule.aliases),
        "family": rule.family,
        "severity": rule.severity.value,
        "profile": rule.profile,
        "summary": rule.summary,
        "fix": rule.fix,
        "since": rule.since,
    }


def markdown_table(rules: tuple[Rule, ...]) -> str:
    """The catalogue as a Markdown table."""
    lines = ["| id | name | severity | profile | what it reports |", "|---|---|---|---|---|"]
    lines += [f"| {r.id} | {r.name} | {r.severity.value} | {r.profile} | {r.summary} |" for r in rules]
    return "\n".join(lines) + "\n"


def explain_rule(name: str) -> int:
    """Write one rule's documentation."""
    found = catalogue.load()
    rules = found.find_exactly(name)
    if not rules and found.find(name):
        raise UsageError(f"{name!r} stands for several rules: name one of those that `aiaudit rules` lists")
    if not rules:
        raise UsageError(f"unknown rule {name!r}{suggestion(name, found.names())}")
    text = "\n".join(explanation(rule) for rule in rules)
    if sys.stdout.isatty():
        from rich.console import Console
        from rich.markdown import Markdown

        Console().print(Markdown(text))
        return CLEAN
    return write(text.encode(), b"", CLEAN)


def explanation(rule: Rule) -> str:
    """A rule's documentation as Markdown: a head line, its facts, its docstring."""
    facts = [f"severity {rule.severity.value}", f"confidence {rule.confidence.value}"]
    facts += [f"profile {rule.profile}", f"since {rule.since}"]
    aliases = f"Covers {', '.join(f'`{alias}`' for alias in rule.aliases)}.\n\n" if rule.aliases else ""
    return f"# {rule.id} {rule.name}\n\n*{', '.join(facts)}*\n\n{aliases}{rule.docs.strip()}\n"
