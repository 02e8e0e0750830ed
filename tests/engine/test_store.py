"""Stored facts: right when a file is unchanged, read anew when in doubt, harmless when tampered with."""

from __future__ import annotations

import marshal
import multiprocessing
import os
import pickle
import stat
from pathlib import Path

import pytest

from aiaudit.finding import Severity
from aiaudit.sources import stamps, store
from aiaudit.sources.extractors import EXTRACTORS
from aiaudit.sources.store import MISSING, FileStore, prune
from aiaudit.span import Extent
from aiaudit.workspace import Workspace, scope_of
from tests.support import write_tree

PYTHON, IGNORE = EXTRACTORS["python"], EXTRACTORS["ignore"]
FILES = {"a.py": "x = 1\n", "b/c.py": "def f(): return 2\n", ".dockerignore": "*.pyc\n!keep\n"}


def settled(folder: Path) -> None:
    """Make files older than the clock's step, as they are when people run the tool again."""
    for path in [folder, *folder.rglob("*")]:
        os.utime(path, ns=(1_700_000_000_000_000_001, 1_700_000_000_000_000_001), follow_symlinks=False)


@pytest.fixture(autouse=True)
def _all_settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """The change time of a file cannot be set back; take every signature for settled."""
    monkeypatch.setattr(store, "is_settled", lambda found: True)


def open_workspace(root: Path, file: Path, build: str = "1") -> tuple[Workspace, FileStore]:
    kept = FileStore(str(file), build)
    return Workspace(scope_of([], str(root)), kept), kept


def read_everything(workspace: Workspace, kept: FileStore) -> list[object]:
    """All facts, then write the store."""
    facts = [workspace.facts(path, "python") for path in workspace.files("python")]
    facts += [workspace.facts(path, "ignore") for path in workspace.files("ignore")]
    kept.flush(workspace.files())
    return facts


def test_unchanged_files_are_not_even_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second run has the same facts without opening a file."""
    root, file = write_tree(tmp_path / "root", FILES), tmp_path / "cache/x.facts"
    first = read_everything(*open_workspace(root, file))
    monkeypatch.setattr("aiaudit.workspace.read_bytes", lambda path: pytest.fail(f"{path} was read"))

    assert read_everything(*open_workspace(root, file)) == first
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_touched_files_are_read_but_not_parsed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What counts is the content."""
    root, file = write_tree(tmp_path / "root", FILES), tmp_path / "x.facts"
    first = read_everything(*open_workspace(root, file))
    os.utime(root / "a.py", (1, 1))
    monkeypatch.setattr(type(PYTHON), "extract", lambda self, text, path: pytest.fail(f"{path} was parsed"))

    assert read_everything(*open_workspace(root, file)) == first


def test_changed_files_are_parsed(tmp_path: Path) -> None:
    """And only the new facts are kept."""
    root, file = write_tree(tmp_path / "root", FILES), tmp_path / "x.facts"
    first = read_everything(*open_workspace(root, file))
    (root / "a.py").write_text("x = 2\n")
    (root / "b/c.py").unlink()
    second = read_everything(*open_workspace(root, file))
    _, kept = open_workspace(root, file)

    assert second != first
    assert sorted(kept.files) == [".dockerignore", "a.py"]
    assert len(kept.facts) == 2


def test_a_file_written_just_now_is_not_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Within the clock's step a second change would not show in the signature."""
    monkeypatch.setattr(store, "is_settled", lambda found: False)
    root, file = write_tree(tmp_path / "root", FILES), tmp_path / "x.facts"
    read_everything(*open_workspace(root, file))
    _, kept = open_workspace(root, file)

    assert {signature for signature, _ in kept.files.values()} == {None}


def test_settled() -> None:
    """Fine clocks settle in 20 ms, clocks of whole seconds in two seconds."""
    now = 1_700_000_100_000_000_000

    assert not stamps.is_settled((now - 1_000_003, now - 1_000_003, 1, 1), now)
    assert stamps.is_settled((now - 30_000_001, now - 30_000_001, 1, 1), now)
    assert not stamps.is_settled((now - 30_000_001, now - 3, 1, 1), now)
    assert not stamps.is_settled((now - 1_000_000_000, now - 1_000_000_000, 1, 1), now)
    assert stamps.is_settled((now - 3_000_000_000, now - 3_000_000_000, 1, 1), now)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: b"",
        lambda data: data[:-1],
        lambda data: data[:40] + bytes([data[40] ^ 1]) + data[41:],
        lambda data: b"garbage" * 100,
        lambda data: data + b"x",
    ],
)
def test_a_corrupt_store_is_rebuilt(tmp_path: Path, spoil: object) -> None:
    """Silently, with the same facts."""
    root, file = write_tree(tmp_path / "root", FILES), tmp_path / "x.facts"
    first = read_everything(*open_workspace(root, file))
    file.write_bytes(spoil(file.read_bytes()))  # type: ignore[operator]
    workspace, kept = open_workspace(root, file)

    assert kept.files == {}
    assert read_everything(workspace, kept) == first
    assert len(FileStore(str(file), "1").files) == 3


def test_another_build_starts_anew(tmp_path: Path) -> None:
    """Facts of another version or interpreter are not used."""
    root, file = write_tree(tmp_path / "root", FILES), tmp_path / "x.facts"
    read_everything(*open_workspace(root, file))

    assert FileStore(str(file), "2").files == {}


def test_a_store_that_others_may_write_is_not_read(tmp_path: Path) -> None:
    """It could make the unpickler do things."""
    root, file = write_tree(tmp_path / "root", FILES), tmp_path / "x.facts"
    read_everything(*open_workspace(root, file))
    file.chmod(0o666)

    assert FileStore(str(file), "1").files == {}


class Call:
    """Pickles as a call of a function."""

    def __init__(self, function: object, *arguments: object) -> None:
        self.function, self.arguments = function, arguments

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return self.function, self.arguments


@pytest.mark.parametrize(
    "blob",
    [
        pickle.dumps(Call(os.system, "touch witness")),
        pickle.dumps(Call(stamps.cache_folder)),
        b"\x80\x04\x8c\x16aiaudit.sources.stamps\x8c\tos.system\x93\x8c\rtouch witness\x85R.",
        b"nonsense",
    ],
)
def test_only_facts_are_unpickled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, blob: bytes) -> None:
    """Anything else is read anew, and runs nothing."""
    monkeypatch.chdir(tmp_path)
    root, file = write_tree(tmp_path / "root", FILES), tmp_path / "x.facts"
    first = read_everything(*open_workspace(root, file))
    data = store.read_private(str(file), store.MAGIC)
    assert data is not None
    build, files, facts = marshal.loads(data)
    for kept in facts.values():
        for key in kept:
            if key.startswith("ignore@"):
                kept[key] = blob
    store.write_private(str(file), store.MAGIC, marshal.dumps((build, files, facts)))

    assert read_everything(*open_workspace(root, file)) == first
    assert not (tmp_path / "witness").exists()


def test_facts_survive_pickling() -> None:
    """Named tuples and slotted dataclasses come back equal."""
    facts = IGNORE.extract("*.pyc\n!keep\n", ".dockerignore")
    extent = Extent(1, 2, 3, 4)

    assert store.unpickled(store.pickled(facts), store._FACTS) == facts
    assert store.unpickled(store.pickled(extent), store._FACTS) == extent


def test_deeply_nested_facts_are_not_kept(tmp_path: Path) -> None:
    """What marshal cannot hold is read again next time."""
    root = write_tree(tmp_path / "root", {"a.py": "x = " + "-" * 900 + "1\n"})
    workspace, kept = open_workspace(root, tmp_path / "x.facts")
    facts = workspace.facts("a.py", "python")
    deep: object = ()
    for _ in range(5_000):
        deep = (deep,)
    kept.put("a.py", PYTHON, deep)

    assert kept.get("a.py", workspace.listing.files["a.py"], PYTHON) in (facts, MISSING)


def _run_once(root: str, file: str, number: int) -> None:
    (Path(root) / f"own{number}.py").write_text(f"x = {number}\n")
    for _ in range(5):
        read_everything(*open_workspace(Path(root), Path(file)))


def test_parallel_runs_do_not_corrupt(tmp_path: Path) -> None:
    """Several processes write at once; the file is always whole."""
    root, file = write_tree(tmp_path / "root", FILES), tmp_path / "x.facts"
    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=_run_once, args=(str(root), str(file), n)) for n in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()

    assert [process.exitcode for process in processes] == [0] * 4
    assert len(FileStore(str(file), "1").files) >= len(FILES)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["root", "x.facts"]


def test_the_cache_folder_stays_within_its_bound(tmp_path: Path) -> None:
    """The files that were written longest ago go first."""
    for number in range(5):
        path = tmp_path / f"{number}.facts"
        path.write_bytes(b"x" * 100)
        os.utime(path, (number, number))
    prune(str(tmp_path), 250)

    assert sorted(path.name for path in tmp_path.iterdir()) == ["3.facts", "4.facts"]


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    """A file stands where the folder should be."""
    (tmp_path / "cache").write_text("")
    root = write_tree(tmp_path / "root", FILES)

    assert len(read_everything(*open_workspace(root, tmp_path / "cache/x.facts"))) == 3


@pytest.mark.parametrize(
    ("environment", "platform", "expected"),
    [
        ({"XDG_CACHE_HOME": "/x"}, "linux", "/x/aiaudit"),
        ({"XDG_CACHE_HOME": "relative", "HOME": "/h"}, "linux", "/h/.cache/aiaudit"),
        ({"XDG_CACHE_HOME": "", "HOME": "/h"}, "darwin", "/h/Library/Caches/aiaudit"),
        ({"XDG_CACHE_HOME": "", "LOCALAPPDATA": ""}, "win32", None),
    ],
)
def test_cache_folder(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], platform: str, expected: str | None
) -> None:
    """Where each platform keeps caches."""
    monkeypatch.setattr(stamps.sys, "platform", platform)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    assert stamps.cache_folder() == expected


def test_enumerations_are_read_back_whatever_the_interpreter_pickles(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python 3.11.0 to 3.11.3 pickle a member as a call of `getattr`, which nothing may read back."""
    monkeypatch.setattr(Severity, "__reduce_ex__", lambda self, _: (getattr, (Severity, self.name)))
    values = (Severity.HIGH, (Severity.LOW, "text"))

    assert store.unpickled(store.pickled(values), ("aiaudit.finding",)) == values
