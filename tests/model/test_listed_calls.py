"""Calls of models that are told by their paths: where no path can be, none is asked."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import pytest

from aiaudit.model.flow.listed import BY_PATH, OPEN_ENDS, may_be_listed
from aiaudit.model.flow.sinks import TELLING
from tests.model.linked import side_of

_GROUP = re.compile(r"\(([\w|]+)\)\??")


def _heads(source: str) -> list[str]:
    """The packages that paths of a pattern begin with."""
    head = re.split(r"\\\.|\(\?", source)[0]
    parts = [group.split("|") if index % 2 else [group] for index, group in enumerate(_GROUP.split(head))]
    return ["".join(choice) for choice in product(*parts)]


@pytest.mark.parametrize("source", [pattern.pattern for pattern, _, _ in BY_PATH])
def test_a_program_is_asked_if_it_imports_what_a_path_begins_with(source: str, tmp_path: Path) -> None:
    """Each pattern's packages are among those that are looked for; open ends are names that are always asked about."""
    if source.startswith(r".*\."):
        ends = source.rpartition("(")[2].rstrip(")").split("|")
        assert all(end in TELLING or end.startswith(OPEN_ENDS) for end in ends)
        return
    heads = _GROUP.findall(source)[0].split("|") if source.startswith(".*") else _heads(source)
    for number, head in enumerate(heads):
        folder = tmp_path / str(number)
        statement = f"from somewhere import {head}Model" if source.startswith(".*") else f"import {head}.parts"
        assert may_be_listed(side_of(folder, {"main.py": f"{statement}\n"}).program)


def test_a_program_without_such_imports_is_not_asked(tmp_path: Path) -> None:
    """Standard library and web frameworks are none of them."""
    assert not may_be_listed(side_of(tmp_path, {"main.py": "import json\nfrom fastapi import FastAPI\n"}).program)
