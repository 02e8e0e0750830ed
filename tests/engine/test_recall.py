"""Findings that are recalled are those of a run that knows nothing, whatever was edited in between."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aiaudit import api, recall
from aiaudit.results import Report
from aiaudit.runner import Runner
from aiaudit.settings import Settings
from aiaudit.sources import store
from aiaudit.sources.store import Store, store_for
from benchmarks.corpus import generate_python
from tests.support import FIXTURES, write_tree

DAY = Settings(date="2026-11-29")
SERVICES = FIXTURES / "services"
PROGRAMS = ("app_state", "celery_task", "django_view", "dependency_class")
SMALL = {
    "app/main.py": "from fastapi import FastAPI\nfrom openai import OpenAI\n\nfrom app.helpers import shorten\n\n"
    'app = FastAPI()\n\n\n@app.post("/ask")\ndef ask(text: str) -> str:\n    client = OpenAI()\n'
    '    messages = [{"role": "user", "content": shorten(text)}]\n'
    '    answer = client.chat.completions.create(model="gpt-4o", messages=messages)\n'
    '    return answer.choices[0].message.content or ""\n',
    "app/helpers.py": "import os\n\nLIMIT = os.environ.get('LIMIT', '')\n\n\n"
    "def shorten(text: str) -> str:\n    return text[: int(LIMIT)]\n",
    "tests/test_app.py": "from app.main import ask\n\n\ndef test_ask() -> None:\n    assert ask('a')\n",
    "README.md": "# A service\n",
    "requirements.txt": "fastapi==0.115.0\nopenai\n",
    "Dockerfile": "FROM python:3.12\nWORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt\n"
    'CMD ["uvicorn", "app.main:app", "--host", "0.0.0.0"]\n',
}


@pytest.fixture(autouse=True)
def _all_settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """The change time of a file cannot be set back; take every signature for settled."""
    monkeypatch.setattr(store, "is_settled", lambda found: True)
    monkeypatch.setattr(recall, "is_settled", lambda found, started: True)


def cold(folder: Path) -> Report:
    """What a run finds that knows nothing."""
    return api.audit([str(folder)], DAY, store=Store())


def warm(folder: Path) -> Report:
    """What a run finds that may use what is stored beside the folder."""
    return api.audit([str(folder)], DAY, store=store_for(str(folder), f"{folder}.cache", "build"))


def shown(report: Report) -> Report:
    """A report without what differs between any two runs."""
    return replace(report, rules_of=tuple, text_of=str)


def edited(folder: Path, path: str, change: Callable[[str], str]) -> None:
    """Change the text of a file."""
    (folder / path).write_text(change((folder / path).read_text()))


QUIET = [
    ("app/main.py", lambda text: f"{text}# a word of praise\n"),
    ("app/main.py", lambda text: f"{text}\n\n"),
    ("app/helpers.py", lambda text: text.replace("LIMIT)]", "LIMIT)]  # characters")),
    ("tests/test_app.py", lambda text: text.replace("'a'", "'b'") + "\n\ndef other() -> int:\n    return 1\n"),
    ("README.md", lambda text: f"{text}It answers.\n"),
]


@pytest.mark.parametrize(("path", "change"), QUIET)
def test_a_change_that_means_nothing_runs_no_rule(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, change: Callable[[str], str]
) -> None:
    """Comments, tests and pages: what was found stands, also after a second change of the kind."""
    folder = write_tree(tmp_path / "root", SMALL)
    first = warm(folder)
    ran: list[int] = []
    run = Runner.run
    monkeypatch.setattr(
        Runner, "run", lambda self, rules, subjects=None: ran.append(len(rules)) or run(self, rules, subjects)
    )
    for _ in range(2):
        edited(folder, path, change)
        again = warm(folder)
        assert shown(again) == shown(first)
        assert max(ran) < len(again.rules) / 2  # those about comments alone
    assert shown(cold(folder)) == shown(first)


LOUD = [
    ("app/main.py", lambda text: text.replace("client = OpenAI()", "client = OpenAI(timeout=20)")),
    ("app/main.py", lambda text: f"\n{text}"),
    ("app/helpers.py", lambda text: text.replace("text[: int(LIMIT)]", "text")),
    ("app/helpers.py", lambda text: text.replace("'')", "b'')")),
    ("tests/test_app.py", lambda text: f"{text}KEY = 'sk-proj-Vb71nRwQz0LtXy9sKdPa4GhJ2mCeUf6oTi8N-r5BxW_qEl3ZcHvS'\n"),
    ("tests/test_app.py", lambda text: f"{text}def f(:\n"),
    ("app/helpers.py", lambda text: f"{text}def f(:\n"),
    ("requirements.txt", lambda text: text.replace("openai", "openai==1.54.0")),
    ("Dockerfile", lambda text: text.replace("python:3.12", "python:3.7")),
    ("README.md", lambda text: f"{text}\ud83d: undecodable".encode("utf-8", "surrogatepass").decode("latin-1")),
]


@pytest.mark.parametrize(("path", "change"), LOUD)
def test_a_change_that_means_something_is_seen(tmp_path: Path, path: str, change: Callable[[str], str]) -> None:
    """And is forgotten again when it is taken back."""
    folder = write_tree(tmp_path / "root", SMALL)
    first = warm(folder)
    before = (folder / path).read_text()
    edited(folder, path, change)
    assert shown(warm(folder)) == shown(cold(folder))
    (folder / path).write_text(before)
    assert shown(warm(folder)) == shown(first)


def test_files_that_come_and_go_are_seen(tmp_path: Path) -> None:
    """Also a file that git ignores, and a link."""
    folder = write_tree(tmp_path / "root", SMALL | {".gitignore": ".env\n"})
    warm(folder)
    for path in ("app/more.py", ".env", "Dockerfile.gpu", ".dockerignore"):
        (folder / path).write_text("FROM python:3.7\n" if path == "Dockerfile.gpu" else "OPENAI_API_KEY = 'x'\n")
        assert shown(warm(folder)) == shown(cold(folder))
    (folder / "app/link.py").symlink_to(folder / "app/main.py")
    assert shown(warm(folder)) == shown(cold(folder))
    for path in ("app/more.py", ".env", "app/link.py", "app/helpers.py"):
        (folder / path).unlink()
        assert shown(warm(folder)) == shown(cold(folder))


def test_other_settings_have_findings_of_their_own(tmp_path: Path) -> None:
    """The rules, their options and the day are part of what was asked."""
    folder = write_tree(tmp_path / "root", SMALL)
    warm(folder)
    for other in (replace(DAY, profile="pedantic"), replace(DAY, date="2031-01-01"), replace(DAY, select=("IMG",))):
        kept = store_for(str(folder), f"{folder}.cache", "build")
        assert shown(api.audit([str(folder)], other, store=kept)) == shown(
            api.audit([str(folder)], other, store=Store())
        )


def test_a_damaged_record_is_not_used(tmp_path: Path) -> None:
    """Neither is one that another user could have written."""
    folder = write_tree(tmp_path / "root", SMALL)
    first = warm(folder)
    (record,) = Path(f"{folder}.cache").glob("*.findings")
    whole = record.read_bytes()
    for data in (b"", whole[:-1], whole.replace(b"OpenAI", b"OpenAX")):
        record.write_bytes(data)
        assert shown(warm(folder)) == shown(first)
    record.write_bytes(whole)
    record.chmod(0o666)
    edited(folder, "app/main.py", lambda text: f"{text}# more\n")
    assert shown(warm(folder)) == shown(first)


@pytest.fixture(scope="module")
def bases(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """What is edited at random: the reference services, small programs, generated services."""
    folder = tmp_path_factory.mktemp("bases")
    found = [SERVICES / "golden", SERVICES / "leaky", *(FIXTURES / "programs" / name for name in PROGRAMS)]
    return [*(path for path in found if path.is_dir()), generate_python(folder / "generated", 500)]


EDITS = st.lists(st.tuples(st.integers(0, 9), *[st.integers(0, 10_000)] * 3), min_size=1, max_size=4)


@settings(
    max_examples=int(os.environ.get("AIAUDIT_EDITS", "20")),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(base=st.integers(0, 100), edits=EDITS)
def test_random_edits(
    tmp_path_factory: pytest.TempPathFactory, bases: list[Path], base: int, edits: list[tuple[int, int, int, int]]
) -> None:
    """Byte by byte what a cold run says."""
    folder = tmp_path_factory.mktemp("edited") / "root"
    shutil.copytree(bases[base % len(bases)], folder, ignore=shutil.ignore_patterns("__pycache__", ".*cache"))
    warm(folder)
    for edit in edits:
        apply(folder, *edit)
        assert shown(warm(folder)) == shown(cold(folder))
    shutil.rmtree(folder.parent)


def apply(folder: Path, kind: int, which: int, place: int, other: int) -> None:
    """One edit: `kind` says what is done, the numbers to what."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and ".git" not in path.parts)
    path = files[which % len(files)]
    lines = path.read_bytes().split(b"\n")
    at = place % len(lines)
    words = sorted({word for line in lines for word in _words(line)}) or [b"x"]
    old, new = words[place % len(words)], words[other % len(words)]
    if kind == 0:
        lines.append(b"# a comment")
    elif kind == 1:
        lines.insert(at, b"# a comment between")
    elif kind == 2:
        del lines[at]
    elif kind == 3:
        lines.insert(other % len(lines), lines[at])
    elif kind == 4:
        lines = [line.replace(old, b"renamed_" + old) for line in lines]
    elif kind == 5:
        lines[at] = lines[at].replace(old, new)
    elif kind == 6:
        shutil.copy(path, path.with_name(f"copy_{other}_{path.name}"))
        return
    elif kind == 7:
        path.unlink()
        return
    elif kind == 8:
        lines = files[other % len(files)].read_bytes().split(b"\n")
    path.write_bytes(b"\n".join(lines))


def _words(line: bytes) -> Iterator[bytes]:
    return (word for word in line.replace(b"(", b" ").replace(b".", b" ").split() if word.isalnum())
