"""A tree with several services: what is found in each is what an audit of all at once finds."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from aiaudit import api, judging, recall
from aiaudit.judging import Judging
from aiaudit.model import groups
from aiaudit.model.service import Group
from aiaudit.results import Report
from aiaudit.sources import store
from aiaudit.sources.store import Store, store_for
from tests.engine.test_recall import DAY, EDITS, apply, cold, edited, shown, warm
from tests.support import write_tree

ASK = (
    "from fastapi import FastAPI\nfrom openai import OpenAI\n\nfrom {top}.helpers import shorten\n\n"
    'app = FastAPI()\n\n\n@app.post("/ask")\ndef ask(text: str) -> str:\n    client = OpenAI()\n'
    '    messages = [{{"role": "user", "content": shorten(text)}}]\n'
    '    answer = client.chat.completions.create(model="gpt-4o", messages=messages)\n'
    '    return answer.choices[0].message.content or ""\n'
)
HELPERS = "import os\n\nLIMIT = os.environ.get('LIMIT', '')\n\n\ndef shorten(text):\n    return text[: int(LIMIT)]\n"
DOCKERFILE = "FROM python:3.12\nWORKDIR /srv\nCOPY . .\nRUN pip install -r requirements.txt\nCMD {}\n"
SERVED = '["uvicorn", "app.main:app", "--host", "0.0.0.0"]'
LAUNCH = "import uvicorn\n\nfrom app.main import app\n\nif __name__ == '__main__':\n    uvicorn.run(app, reload=True)\n"


def service(name: str, command: str = SERVED) -> dict[str, str]:
    """The files of one service."""
    files = {
        "app/__init__.py": "",
        "app/main.py": ASK.format(top="app"),
        "app/helpers.py": HELPERS,
        "requirements.txt": "fastapi==0.115.0\nopenai\n",
        "Dockerfile": DOCKERFILE.format(command),
    }
    return {f"{name}/{path}": text for path, text in files.items()}


# Two services that share a package; two of which one queues tasks of the other; one whose image runs a script; one
# by itself.
MONOREPO = {
    **service("orders"),
    **service("users"),
    "orders/app/helpers.py": "from shared.texts import shorten\n",
    "users/app/helpers.py": "from shared.texts import shorten\n",
    "shared/__init__.py": "",
    "shared/texts.py": HELPERS,
    **service("web"),
    "web/app/helpers.py": "from celery import Celery\n\nqueue = Celery()\n\n\n"
    "def shorten(text):\n    queue.send_task('tasks.answer', args=[text])\n    return text\n",
    "jobs/requirements.txt": "celery\nopenai\n",
    "jobs/tasks.py": "from celery import Celery\nfrom openai import OpenAI\n\napp = Celery()\n\n\n@app.task\n"
    "def answer(text):\n    client = OpenAI()\n    messages = [{'role': 'user', 'content': text}]\n"
    "    return client.chat.completions.create(model='gpt-4o', messages=messages).choices[0].message.content\n",
    **service("script", '["python", "main.py"]'),
    "script/main.py": LAUNCH,
    **service("bills"),
    "README.md": "# Services\n",
}


@pytest.fixture(autouse=True)
def _all_settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """The change time of a file cannot be set back; take every signature for settled."""
    monkeypatch.setattr(store, "is_settled", lambda found: True)
    monkeypatch.setattr(recall, "is_settled", lambda found, started: True)


def undivided(folder: Path) -> Report:
    """What a run finds that judges all at once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(groups, "groups_of", lambda service: ())
        return api.audit([str(folder)], DAY, store=Store())


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Where the services begin that were judged, "" for the whole tree."""
    seen: list[str] = []
    of_group, whole = Judging._of_group, Judging._whole
    monkeypatch.setattr(
        Judging, "_of_group", lambda self, group, *a: seen.append(group.entries[0]) or of_group(self, group, *a)
    )
    monkeypatch.setattr(Judging, "_whole", lambda self, rules: seen.append("") or whole(self, rules))
    return seen


ALL = ["bills/app/main.py", "jobs/tasks.py", "orders/app/main.py", "script/app/main.py"]


def test_findings_are_those_of_all_at_once(tmp_path: Path, judged: list[str]) -> None:
    """With a package for two, tasks by name, and an image that runs a script."""
    folder = write_tree(tmp_path / "root", MONOREPO)
    found = cold(folder)
    assert judged == ALL
    assert shown(found) == shown(undivided(folder))
    names = {reported.finding.name for reported in found.findings}
    assert {"development-server", "unbounded-input", "client-per-request"} <= names
    assert any(
        step.span is not None and step.span.path == "web/app/main.py"
        for reported in found.findings
        if reported.finding.span.path == "jobs/tasks.py"
        for step in reported.finding.trace
    )


ONE = {
    "a function": ("bills/app/main.py", lambda text: f"{text}\n\ndef added():\n    return 1\n", ["bills"]),
    "a defect mended": ("orders/app/main.py", lambda text: text.replace("OpenAI()", "OpenAI(timeout=9)"), ["orders"]),
    "a shared package": ("shared/texts.py", lambda text: text.replace("text[: int(LIMIT)]", "text"), ["orders"]),
    "a task": ("jobs/tasks.py", lambda text: text.replace("gpt-4o", "gpt-5"), ["jobs"]),
    "a script": ("script/main.py", lambda text: text.replace("reload=True", "reload=False"), ["script"]),
    "a comment": ("bills/app/main.py", lambda text: f"{text}# more\n", []),
}


@pytest.mark.parametrize("case", ONE)
def test_a_change_judges_one_service_again(tmp_path: Path, judged: list[str], case: str) -> None:
    """That which it belongs to, once; and what is kept then is as good as what a whole run keeps."""
    path, change, expected = ONE[case]
    folder = write_tree(tmp_path / "root", MONOREPO)
    warm(folder)
    judged.clear()
    for _ in range(2):
        edited(folder, path, change)
        again = warm(folder)
        assert [entry.partition("/")[0] for entry in judged] == expected
        assert shown(again) == shown(cold(folder))
        judged.clear()
        assert shown(warm(folder)) == shown(again)
        assert judged == []
        change, expected = _with_a_function, expected or ["bills"]


def _with_a_function(text: str) -> str:
    return f"{text}\n\ndef more():\n    return 2\n" if "def more" not in text else text


SHARED: dict[str, tuple[str, Callable[[str], str]]] = {
    "a Dockerfile": ("users/Dockerfile", lambda text: text.replace("python:3.12", "python:3.7")),
    "requirements": ("bills/requirements.txt", lambda text: text.replace("openai", "openai==1.54.0")),
    "a secret": ("bills/app/helpers.py", lambda text: f"{text}API_KEY = 'sk-proj-Vb71nRwQz0LtXy9sKdPa4GhJ2mCeUf6o'\n"),
    "an import": ("bills/app/helpers.py", lambda text: f"{text}\n\ndef late():\n    import users.app.main\n"),
    "a lost import": ("users/app/helpers.py", lambda text: HELPERS),
    "no service any more": ("bills/app/main.py", lambda text: "print('hello')\n"),
    "no Python any more": ("bills/app/main.py", lambda text: f"{text}def f(:\n"),
    "a compose file": ("README.md", lambda text: text),
}


@pytest.mark.parametrize("case", SHARED)
def test_a_change_of_what_is_shared_is_seen(tmp_path: Path, case: str) -> None:
    """And is forgotten again when it is taken back."""
    path, change = SHARED[case]
    folder = write_tree(tmp_path / "root", MONOREPO)
    first = warm(folder)
    before = (folder / path).read_text()
    edited(folder, path, change)
    assert shown(warm(folder)) == shown(cold(folder))
    (folder / path).write_text(before)
    assert shown(warm(folder)) == shown(first)


def test_services_that_meet_after_all_are_judged_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, judged: list[str]
) -> None:
    """Whatever the search for links has missed: a program that leads into another's files is none of its own."""
    folder = write_tree(tmp_path / "root", MONOREPO)
    whole = undivided(folder)
    split = groups.groups_of

    def missed(service: groups.Service) -> tuple[Group, ...]:
        rest, *found = split(service)
        bad = next(group for group in found if "orders/app/main.py" in group.entries)
        parts = []
        for name in ("orders", "users"):
            own = frozenset(path for path in bad.files if path.startswith((name, "shared")))
            entries = tuple(path for path in bad.entries if path.startswith(name))
            files = own - {"shared/texts.py"} if name == "orders" else own
            parts.append(Group(entries, (), files, frozenset(), frozenset((name,)), frozenset()))
        return (rest, *(group for group in found if group is not bad), *parts)

    monkeypatch.setattr(groups, "groups_of", missed)
    judged.clear()
    found = warm(folder)
    assert judged[-1] == ""
    assert shown(found) == shown(whole)
    edited(folder, "bills/app/main.py", _with_a_function)
    assert shown(warm(folder)) == shown(cold(folder))


def test_where_nothing_surely_runs_all_counts(tmp_path: Path, judged: list[str]) -> None:
    """Routers that no application takes, in every service."""
    router = ASK.format(top="app").replace("FastAPI", "APIRouter")
    files = {path: router if path.endswith("main.py") else text for path, text in service("orders").items()}
    files |= {path.replace("orders", "users"): text for path, text in files.items()}
    folder = write_tree(tmp_path / "root", files)
    found = warm(folder)
    assert judged[-1] == ""
    assert shown(found) == shown(undivided(folder))
    edited(folder, "users/app/main.py", lambda text: text.replace("APIRouter", "FastAPI"))
    assert shown(warm(folder)) == shown(undivided(folder))


def test_what_a_service_takes_is_let_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No two are in memory at a time."""
    collected: list[int] = []
    monkeypatch.setattr(judging, "_MANY", 0)
    monkeypatch.setattr(judging.gc, "collect", lambda: collected.append(1))
    cold(write_tree(tmp_path / "root", MONOREPO))
    assert len(collected) == len(ALL)


@settings(
    max_examples=int(os.environ.get("AIAUDIT_EDITS", "20")),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(edits=EDITS)
def test_random_edits(tmp_path_factory: pytest.TempPathFactory, edits: list[tuple[int, int, int, int]]) -> None:
    """What is recalled in parts is what a run finds that knows nothing."""
    folder = write_tree(tmp_path_factory.mktemp("edited") / "root", MONOREPO)
    warm(folder)
    for edit in edits:
        apply(folder, *edit)
        assert shown(warm(folder)) == shown(cold(folder))
    shutil.rmtree(folder.parent)


def test_rules_of_others_see_the_tree_whole(tmp_path: Path, judged: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """They may ask for anything."""
    folder = write_tree(tmp_path / "root", MONOREPO)
    monkeypatch.setattr("aiaudit.rule.Rule.is_own", False)
    kept = store_for(str(folder), f"{folder}.cache", "build")
    api.audit([str(folder)], DAY, store=kept)
    assert judged == [""]


def test_comments_are_looked_at_over_the_whole_tree(tmp_path: Path) -> None:
    """Also where services were judged one by one."""
    comment = "# aiaudit: ignore[client-per-request] -- kept on purpose\nNOTHING = 1\n"
    folder = write_tree(tmp_path / "root", MONOREPO | {"bills/app/more.py": comment})
    found = warm(folder)
    assert shown(found) == shown(undivided(folder))
    assert "unused-suppression" in {reported.finding.name for reported in found.findings}
    edited(folder, "bills/app/main.py", _with_a_function)
    assert shown(warm(folder)) == shown(cold(folder))


def test_the_last_thing_that_surely_ran(tmp_path: Path, judged: list[str]) -> None:
    """Without it, all that has an entry counts in the other service, too; with it, that is forgotten again."""
    lost = ASK.format(top="app").replace("FastAPI", "APIRouter")
    folder = write_tree(tmp_path / "root", service("orders") | service("users") | {"users/app/main.py": lost})
    first = warm(folder)
    assert judged == ["orders/app/main.py", "users/app/main.py"]
    edited(folder, "orders/app/main.py", lambda text: text.replace("FastAPI", "APIRouter"))
    second = warm(folder)
    assert shown(second) == shown(undivided(folder)) != shown(first)
    edited(folder, "users/app/helpers.py", _with_a_function)
    assert shown(warm(folder)) == shown(cold(folder))
    edited(folder, "users/app/helpers.py", lambda text: HELPERS)
    edited(folder, "orders/app/main.py", lambda text: text.replace("APIRouter", "FastAPI"))
    assert shown(warm(folder)) == shown(first)
