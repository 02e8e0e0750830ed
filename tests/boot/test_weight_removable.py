"""What can go, what has to stay, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aiaudit.boot.proofs import Weight
from aiaudit.boot.weight.archive import FILE, Entry
from aiaudit.boot.weight.elf import Elf
from aiaudit.boot.weight.packages import Package
from aiaudit.boot.weight.proof import caches_of, weights_of
from aiaudit.boot.weight.removable import Removable
from aiaudit.boot.weight.tree import FileTree


def _package(name: str, *needs: str, files: Sequence[str] = (), **more: bool) -> Package:
    return Package(name, "deb", tuple(files) or (f"/usr/share/{name}",), needs, **more)


TOOLS = (
    _package("build-essential", "gcc", is_tool=True, is_asked_for=True),
    _package("gcc", "cpp", "libgomp1", "libc6", is_tool=True, files=("/usr/bin/gcc", "/usr/share/doc")),
    _package("cpp"),
    _package("libgomp1", "gcc-base", files=("/usr/lib/libgomp.so.1",)),
    _package("libc6", "gcc-base", files=("/usr/lib/libc.so.6", "/usr/share/doc"), is_asked_for=True),
    _package("gcc-base"),
)


def _tree(files: Mapping[str, Elf | None] = {}) -> FileTree:
    owned = [Entry(path, FILE, 10) for package in TOOLS for path in package.files]
    return FileTree([owned, [Entry(path, FILE, 7, elf=found) for path, found in files.items()]])


def _removable(tree: FileTree, packages: Sequence[Package] = TOOLS, **executed: str) -> Removable:
    return Removable(packages, tree, executed)


def test_tools_and_what_came_along_with_them_can_go() -> None:
    found = _removable(_tree())
    assert [package.name for package in found.chosen] == ["build-essential", "cpp", "gcc", "libgomp1"]
    assert "/usr/share/doc" not in found.files  # libc6 has it as well
    assert found.kept == {}


def test_a_library_that_something_loads_stays_with_what_it_needs() -> None:
    found = _removable(_tree({"/venv/x.so": Elf(("libgomp.so.1", "libc.so.6"))}))
    assert [package.name for package in found.chosen] == ["build-essential", "cpp", "gcc"]
    assert found.kept == {"libgomp1": "/venv/x.so needs libgomp.so.1"}


def test_a_library_that_lies_elsewhere_too_does_not_count_as_lost() -> None:
    bundled = {"/venv/x.so": Elf(("libgomp.so.1",)), "/venv/libs/libgomp.so.1": Elf((), "libgomp.so.1")}
    assert "libgomp1" in [package.name for package in _removable(_tree(bundled)).chosen]


def test_a_program_that_the_application_runs_stays_with_what_it_needs() -> None:
    found = _removable(_tree(), gcc="app.py runs gcc")
    assert [package.name for package in found.chosen] == ["build-essential"]
    assert found.kept == {"gcc": "app.py runs gcc"}


def test_a_tool_that_another_package_depends_on_stays_and_says_so() -> None:
    found = _removable(_tree(), (*TOOLS, _package("r-base", "gcc", is_asked_for=True)))
    assert [package.name for package in found.chosen] == ["build-essential"]
    assert found.kept == {"gcc": "r-base depends on it"}


def test_what_was_asked_for_by_name_or_is_essential_stays() -> None:
    packages = (*TOOLS[:2], _package("cpp", is_asked_for=True), _package("libgomp1", is_essential=True), *TOOLS[4:])
    assert [package.name for package in _removable(_tree(), packages).chosen] == ["build-essential", "gcc"]


def test_a_package_counts_at_the_line_that_brought_most_of_it() -> None:
    tree = FileTree([[Entry("/usr/bin/gcc", FILE, 10)], [Entry("/usr/share/cpp", FILE, 30)]])
    assert weights_of(_removable(tree), tree, (0, 4)) == (
        Weight("cpp", "deb", 30, 4), Weight("gcc", "deb", 10, 0),
    )  # fmt: skip


def test_caches_are_told_apart() -> None:
    paths = ("/root/.cache/pip/a", "/root/.cache/uv/b", "/srv/.git/objects/1", "/srv/__pycache__/m.pyc", "/srv/m.py")
    tree = FileTree([[Entry(path, FILE, 5) for path in paths]])
    assert caches_of(tree) == (("/root/.cache", 10), ("/srv/.git", 5))
