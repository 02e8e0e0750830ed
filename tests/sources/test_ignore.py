"""Docker's .dockerignore semantics."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiaudit.sources.deploy.ignore import extract, matcher


def ignores(text: str, path: str) -> bool:
    return matcher(extract(text)).ignores(path)


@pytest.mark.parametrize(
    ("text", "path", "ignored"),
    [
        ("*.pyc", "a.pyc", True),
        ("*.pyc", "app/a.pyc", False),  # anchored at the root, unlike git
        ("**/*.pyc", "app/a.pyc", True),
        ("**/*.pyc", "a.pyc", True),
        ("**.pyc", "app/deep/a.pyc", True),
        (".env", ".env", True),
        (".env", "app/.env", False),
        ("**/.env", "app/.env", True),
        ("**/.env", "app/x.env", False),
        ("/app/data/", "app/data/x.bin", True),
        ("app/data", "app/database", False),
        ("app/**", "app/x/y.py", True),
        ("app/**/tests", "app/tests/t.py", True),
        ("app/**/tests", "app/a/b/tests/t.py", True),
        ("./app/../docs", "docs/x.md", True),
        ("*", "anything/below", True),
        ("*\n!app", "app/main.py", False),
        ("*\n!app\napp/secret.py", "app/secret.py", True),
        ("!app\n*", "app/main.py", True),
        ("*\n!app/**/*.py", "app/core/a.py", False),
        ("*\n!app/**/*.py", "app/core/a.txt", True),
        ("node_modules", "web/node_modules/x", False),
        ("[ab].txt", "a.txt", True),
        ("[^ab].txt", "a.txt", False),
        ("[^ab].txt", "c.txt", True),
        ("?.txt", "ab.txt", False),
        ("a\\*b", "a*b", True),
        ("a\\*b", "axb", False),
        ("# x\n#y", "#y", False),
        ("  spaced  ", "spaced", True),
        ("\ufeff.git", ".git/config", True),
        ("a+b.txt", "a+b.txt", True),
        ("**", "x/y", True),
        ("*/temp*", "sub/temporary.txt", True),
        ("*/temp*", "sub/deep/temporary.txt", False),
    ],
)
def test_matching(text: str, path: str, ignored: bool) -> None:
    assert ignores(text, path) is ignored


def test_patterns_keep_their_places() -> None:
    facts = extract("# c\n\n  /app/  \n!app/main.py\r\n")

    assert [(p.text, p.exception, p.extent.line, p.extent.column) for p in facts.patterns] == [
        ("app", False, 3, 3),
        ("app/main.py", True, 4, 1),
    ]


def test_the_deciding_pattern_is_told() -> None:
    found = matcher(extract("*\n!app\n"))

    assert (pattern := found.deciding("app/main.py")) is not None
    assert pattern.exception
    assert found.deciding("x") is not None
    assert matcher(extract("docs\n")).deciding("app") is None


def test_bad_patterns_are_problems() -> None:
    facts = extract("!\n[a\nok\n")

    assert [p.extent.line for p in facts.problems] == [1, 2]
    assert [p.text for p in facts.patterns] == ["ok"]


@given(st.text(), st.text(alphabet="ab/*.[", min_size=1))
def test_any_text_is_read(text: str, path: str) -> None:
    assert matcher(extract(text)).ignores(path) in (True, False)
