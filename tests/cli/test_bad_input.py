"""Bad input: each gives one clear message and the right exit code, never a traceback."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support import Ran, run_cli, write_tree

Cli = Callable[..., Ran]

GARBAGE = random.Random(7).randbytes(1_000).replace(b"\0", b"\1")
CLEAN = {"app.py": "x = 1\n"}


@pytest.mark.parametrize(
    ("files", "code", "message"),
    [
        ({}, 3, "nothing to audit: no file in"),
        ({"README.md": "hello"}, 3, "nothing to audit: no Dockerfile, Python, manifest, environment or YAML file in"),
        ({"app.py": b"x = 1\0\n"}, 3, "app.py: is no text"),
        ({"Dockerfile": b"\x7fELF\0\0\0"}, 3, "Dockerfile: is no text"),
        ({"app.py": GARBAGE * 10_500}, 3, "app.py: skipped: 10.0 MB is over the limit of 5.0 MB"),
        (CLEAN | {"data.bin": GARBAGE * 10_500}, 0, "data.bin: skipped: 10.0 MB is over the limit of 5.0 MB"),
        ({"app.py": "print 'hello'\n"}, 3, "app.py:1: cannot be parsed:"),
        ({"app.py": b"x = \xff\xfe\n"}, 3, "app.py:1: cannot be parsed:"),
        ({"Dockerfile": "{% if gpu %}\nFROM nvidia/cuda\n{% endif %}\n"}, 3, "(it looks like a template: audit what"),
        ({"Dockerfile": b"\xff\xff\n\xfe"}, 3, "Dockerfile:1: cannot be parsed:"),
        ({"app.py": "x = 1\n", "pyproject.toml": "[project\n"}, 3, "pyproject.toml:1: cannot be parsed:"),
    ],
    ids=lambda value: None if isinstance(value, int) else (value[:40] if isinstance(value, str) else "+".join(value)),
)
def test_files(cli: Cli, files: dict[str, str | bytes], code: int, message: str) -> None:
    """Empty, binary, huge, broken."""
    ran = cli(files)

    assert message in ran.err
    assert ran.code == code
    assert "Traceback" not in ran.err
    if code == 3:
        assert ran.err.splitlines()[-1].startswith("aiaudit: incomplete audit: ")


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbfx = 1\n",
        b"x = 1\r\ny = 2\r\n",
        b"# coding: latin-1\nx = '\xe9'\n",
        b"x = 'caf\xc3\xa9'  # \xf0\x9f\x99\x82\n",
        b"",
        b"\n\n\n",
        b"x = 1",
        b"\x0cx = 1\n",
        b"def f[T](x: T) -> T: return x\n",
    ],
)
def test_unusual_but_fine(cli: Cli, content: bytes) -> None:
    """Marks, line ends, encodings, no line end, newer grammar."""
    assert cli({"app.py": content}).code == 0


def test_places_are_right_after_a_byte_order_mark_and_with_crlf(cli: Cli) -> None:
    """Lines and columns count characters of the text without the mark."""
    content = b"\xef\xbb\xbfx = 1  # aiaudit: ignore[nope] z\r\ny = '\xc3\xa9'  # aiaudit: ignore[nope] z\r\n"
    document = json.loads(cli({"app.py": content}, "--format", "json").out)

    assert [found["location"]["start"] for found in document["findings"]] == [
        {"line": 1, "column": 8},
        {"line": 2, "column": 10},
    ]


def test_missing_path(cli: Cli) -> None:
    """A usage error."""
    ran = cli(CLEAN, "no/such/place")

    assert (ran.code, ran.err) == (2, "aiaudit: no/such/place: no such file or folder\n")


def test_symlink_loops(tmp_path: Path) -> None:
    """Links to folders are not followed; a link to itself is named."""
    root = write_tree(tmp_path / "tree", CLEAN | {"sub/b.py": ""})
    (root / "sub/up").symlink_to(root)
    (root / "sub/self.py").symlink_to("self.py")
    ran = run_cli(cwd=root, cache=tmp_path / "cache")

    assert ran.code == 3
    assert "sub/self.py: is a link that leads out of the tree or nowhere" in ran.err
    (root / "sub/self.py").unlink()
    assert run_cli(cwd=root, cache=tmp_path / "cache").code == 0


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser can read everything")
def test_unreadable_files(tmp_path: Path) -> None:
    """Named, with exit code 3."""
    root = write_tree(tmp_path / "tree", CLEAN | {"b.py": "", "sub/c.py": ""})
    (root / "b.py").chmod(0)
    (root / "sub").chmod(0)
    ran = run_cli(cwd=root, cache=tmp_path / "cache")
    (root / "sub").chmod(0o755)

    assert ran.code == 3
    assert "b.py: cannot be read: permission denied" in ran.err
    assert "sub: cannot be read: permission denied" in ran.err


def test_deep_folders_and_odd_names(tmp_path: Path) -> None:
    """Names are what the file system allows."""
    names = [
        "a b.py",
        "ä.py",
        "new\nline.py",
        "'quoted'.py",
        "-dash.py",
        os.fsdecode(b"\xff.py"),
        "/".join("d" * 80) + ".py",
    ]
    root = write_tree(tmp_path / "tree", dict.fromkeys(names, "x = 1  # aiaudit: ignore[nope] z\n"))
    document = json.loads(run_cli("--format", "json", cwd=root, cache=tmp_path / "cache").out)

    assert {found["location"]["path"] for found in document["findings"]} == set(names)
    assert run_cli(cwd=root, cache=tmp_path / "cache").code == 1
    assert run_cli("--", "-dash.py", cwd=root, cache=tmp_path / "cache").code == 1


def test_a_crashing_pack(tmp_path: Path) -> None:
    """Rule and file are named; no traceback."""
    rule = '''"""Docs."""
from aiaudit.model.service import Service
from aiaudit.rule import LOW, Rule
rule = Rule(id="ACM101", name="crashing", summary="x", severity=LOW, since="1.0")

@rule.check(Service)
def crashing(service):
    raise ValueError("boom")
'''
    site = write_tree(
        tmp_path / "site",
        {
            "acme-1.0.dist-info/entry_points.txt": "[aiaudit.rules]\nacme = acme_rules\n",
            "acme_rules/__init__.py": "",
            "acme_rules/crashing.py": rule,
        },
    )
    root = write_tree(tmp_path / "tree", CLEAN)
    ran = run_cli(cwd=root, cache=tmp_path / "cache", PYTHONPATH=str(site))

    assert ran.code == 3
    assert ran.err.splitlines()[-1] == (
        "aiaudit: incomplete audit: rule ACM101 crashing crashed: ValueError: boom (crashing.py:8)"
    )
    assert "Traceback" not in ran.err
