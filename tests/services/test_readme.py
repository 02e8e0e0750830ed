"""The README tells the truth: its output, its commands, its configuration, its rules and its links."""

from __future__ import annotations

import re
from pathlib import Path

from aiaudit import catalogue
from tests.services.readme import README, shown
from tests.support import PROJECT, run_cli, write_tree

TEXT = README.read_text(encoding="utf-8")


def test_the_output_is_what_the_command_prints() -> None:
    (block,) = shown()
    arguments, output, printed = block
    assert output == printed, f"aiaudit {arguments} prints something else; run python -m tests.services.readme"
    assert printed.count("-->") == 3


def test_the_configuration_is_accepted(tmp_path: Path) -> None:
    (configuration,) = re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)
    write_tree(tmp_path, {"pyproject.toml": configuration, "app.py": "print('hello')\n"})
    ran = run_cli("check", cwd=tmp_path)
    assert (ran.code, ran.err) == (0, "")
    mistyped = configuration.replace("per-path-ignores", "per-path-ignore")
    write_tree(tmp_path, {"pyproject.toml": mistyped})
    ran = run_cli("check", cwd=tmp_path)
    assert ran.code == 2
    assert "per-path-ignores" in ran.err


def test_the_suppression_is_one(tmp_path: Path) -> None:
    (comment,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    route = (
        "from fastapi import FastAPI\nfrom openai import OpenAI\n\napp = FastAPI()\n\n\n@app.get('/')\ndef show():\n"
    )
    write_tree(tmp_path, {"main.py": f"{route}    {comment}    client.models.list(timeout=3)\n"})
    accepted = run_cli("check", "--select", "LIF,IGN", "--format", "concise", cwd=tmp_path)
    assert (accepted.code, accepted.out) == (0, "")
    assert "LIF101" in run_cli("check", "--select", "LIF101", "--no-ignores", "--format", "concise", cwd=tmp_path).out


def test_commands_rules_and_links_exist() -> None:
    targets = re.findall(r"^make (\S+)", TEXT, re.MULTILINE)
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    assert targets == ["audit", "test"]
    assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in targets)
    names = {rule.name for rule in catalogue.load().rules}
    assert set(re.findall(r"(?:ignore\[|aiaudit rule |ignore = \[\")([a-z-]+)", TEXT)) <= names
    links = re.findall(r"\]\(([^)]+)\)", TEXT)
    assert links
    assert [link for link in links if not (PROJECT / link).exists()] == []
