"""Any text under any path: no crash, places inside the text, no value in the facts, bounded time."""

from __future__ import annotations

import random
import string
import time

from hypothesis import example, given, settings
from hypothesis import strategies as st

from aiaudit.sources.secrets import extract

PATHS = st.sampled_from(
    ["a.py", "a.yaml", "a.json", ".env", "Dockerfile", "a.sh", "a.toml", "a.ts", "a.md", "x.csv", "a.ipynb", "noname"]
)
PIECES = st.sampled_from(
    [
        "API_TOKEN", "password", "=", ": ", '"', "'", "\n", "\r\n", " ", "${X:-", "}", "{{", "://", "a:b@", "sk-proj-",
        "AKIA", "eyJ", ".", "-----BEGIN PRIVATE KEY-----", "\\", "#", "kind: Secret\n", "- ", "[", "(", "os.getenv(",
        "\ufeff", "\x00", "\udc80", "ü", "\u2028", "  ", "def f():\n", "data:\n", "&a ", "*a", "?token=", "export ",
    ]
)  # fmt: skip
TEXTS = st.lists(st.one_of(PIECES, st.text(max_size=12)), max_size=40).map("".join)
SECRETS = st.text(alphabet=string.ascii_letters + string.digits, min_size=24, max_size=48)


@settings(max_examples=400, deadline=None)
@given(TEXTS, PATHS)
@example('x = "' + "a" * 5000, "a.py")
@example("[" * 3000, "a.json")
def test_any_text(text: str, path: str) -> None:
    """Facts for everything; places lie in the text and begin before they end."""
    lines = text.split("\n")
    for fact in extract(text, path).secrets:
        assert 1 <= fact.extent.line <= fact.extent.end_line <= len(lines)
        assert fact.extent.column >= 1
        assert (fact.extent.line, fact.extent.column) < (fact.extent.end_line, fact.extent.end_column)


@settings(max_examples=200, deadline=None)
@given(SECRETS, PATHS)
def test_no_value_in_the_facts(secret: str, path: str) -> None:
    """Whatever the format, a bound value is not in what is kept."""
    for text in (
        f'API_TOKEN = "{secret}"\n', f"API_TOKEN={secret}\n", f"db_password: {secret}\n", f"postgres://u:{secret}@h/x\n",
        f'x = "https://h/?token={secret}"\n', f"{secret}: {secret}\n", f'{{"{secret}_token": "{secret}"}}\n',
    ):  # fmt: skip
        assert secret not in repr(extract(text, path))


def test_ten_megabytes_of_garbage() -> None:
    """The time follows the size: a second of processor time is far more than a pass needs."""
    numbers = random.Random(3)
    block = "".join(numbers.choice(string.printable) for _ in range(100_000))
    text = block * 100

    for path in ("a.txt", "a.py", "a.yaml", "a.js"):
        started = time.process_time()
        extract(text, path)
        assert time.process_time() - started < 4


def test_a_file_full_of_names_is_cut_off_and_says_so() -> None:
    """The rest of such a file is not searched, and the facts tell it."""
    facts = extract("A_TOKEN = 'x'\n" * 20_000, "a.py")
    assert "rest is not searched" in facts.problems[0].message
    facts = extract("".join(f"A_TOKEN={number:032x}9f3Kd72LmQ\n" for number in range(2000)), ".env")
    assert len(facts.secrets) == 500
    assert "rest is not listed" in facts.problems[0].message
