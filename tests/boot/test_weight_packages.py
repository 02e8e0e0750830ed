"""Lists of installed packages: Debian's, Alpine's, Python's."""

from __future__ import annotations

from aiaudit.boot.weight.alpine import alpine_packages
from aiaudit.boot.weight.archive import read
from aiaudit.boot.weight.debian import debian_packages
from aiaudit.boot.weight.packages import Package, tells_of_packages
from aiaudit.boot.weight.tree import FileTree
from aiaudit.boot.weight.wheels import wheels
from tests.boot.saved_image import Content, archive, saved, special, stream

STATUS = """\
Package: gcc
Status: install ok installed
Priority: optional
Architecture: amd64
Provides: c-compiler, gcc-x86-64-linux-gnu (= 4:12.2.0-3)
Depends: cpp (= 4:12.2.0-3), gcc-12 (>= 12.2.0-1~) | gcc-13:any
Recommends: libc6-dev | libc-dev
Conffiles:
 /etc/gcc.conf 0123
Description: GNU C compiler
 This is the GNU C compiler.

Package: libz1
Status: install ok installed
Architecture: amd64
Multi-Arch: same
Pre-Depends: libc6 (>= 2.14)

Package: gone
Status: deinstall ok config-files

Package: base-files
Essential: yes
Status: install ok installed

Package: gcc-12-base
Status: install ok installed
"""
DEBIAN: dict[str, Content] = {
    "var/lib/dpkg/status": STATUS,
    "var/lib/dpkg/info/gcc.list": "/.\n/usr\n/usr/bin\n/usr/bin/gcc\n",
    "var/lib/dpkg/info/gcc.md5sums": "x",
    "var/lib/dpkg/info/libz1:amd64.list": "/lib/libz.so.1\n",
    "var/lib/apt/extended_states": "Package: libz1\nArchitecture: amd64\nAuto-Installed: 1\n",
    "lib": special(b"2", "usr/lib"),
    "usr/lib/libz.so.1": "x",
}
APK = """\
C:Q1abc=
P:gcc
V:13.2.1
D:binutils=2.41 so:libc.musl-x86_64.so.1 !conflict
p:cmd:gcc=13.2.1 so:libcc1.so.0=0.0.0
F:usr/bin
R:gcc
Z:Q1x=
F:usr/lib/gcc
R:cc1

P:.build-deps
V:20260101.000000
D:gcc musl-dev
p:

P:musl
p:so:libc.musl-x86_64.so.1=1
F:lib
R:ld-musl-x86_64.so.1
"""
SITE = "venv/lib/python3.11/site-packages"


def _tree(files: dict[str, Content]) -> FileTree:
    return FileTree(read(stream(saved(archive(files))), tells_of_packages).layers)


def test_debian() -> None:
    found = {package.name: package for package in debian_packages(_tree(DEBIAN))}
    assert set(found) == {"gcc", "libz1", "base-files", "gcc-12-base"}
    gcc, libz = found["gcc"], found["libz1"]
    assert gcc.needs == ("cpp", "gcc-12", "gcc-13")
    assert gcc.wants == ("libc6-dev", "libc-dev")
    assert gcc.provides == ("c-compiler", "gcc-x86-64-linux-gnu")
    assert "/usr/bin/gcc" in gcc.files
    assert "/var/lib/dpkg/info/gcc.md5sums" in gcc.files
    assert (gcc.is_tool, gcc.is_asked_for, libz.is_tool, libz.is_asked_for) == (True, True, False, False)
    assert "/usr/lib/libz.so.1" in libz.files
    assert libz.needs == ("libc6",)
    assert found["base-files"].is_essential
    assert not found["gcc-12-base"].is_tool


def test_images_without_a_package_manager_have_a_file_for_each_package() -> None:
    tree = _tree({"var/lib/dpkg/status.d/libc6": "Package: libc6\nVersion: 2.36\n"})
    assert [package.name for package in debian_packages(tree)] == ["libc6"]


def test_alpine() -> None:
    tree = _tree({"lib/apk/db/installed": APK, "etc/apk/world": "musl\n.build-deps=20260101.000000\n"})
    gcc, group, musl = alpine_packages(tree)
    assert gcc == Package(
        "gcc", "apk", ("/usr/bin/gcc", "/usr/lib/gcc/cc1"), ("binutils", "so:libc.musl-x86_64.so.1"), (),
        ("cmd:gcc", "so:libcc1.so.0"), is_tool=True,
    )  # fmt: skip
    assert (group.name, group.needs, group.is_tool, group.is_asked_for) == (
        ".build-deps", ("gcc", "musl-dev"), True, True,
    )  # fmt: skip
    assert (musl.is_essential, musl.is_asked_for) == (True, True)


def test_wheels() -> None:
    record = (
        'Cython/__init__.py,sha256=x,12\n"odd,name.py",,\n../../../bin/cython,,\n../../../../../etc/passwd,,\n'
        "Cython-3.0.dist-info/RECORD,,\n"
    )
    metadata = (
        'Name: Cython\nRequires-Dist: setuptools>=40\nRequires-Dist: Foo_Bar[x]<2,>=1; extra == "y"\n\nName: no\n'
    )
    tree = _tree({f"{SITE}/Cython-3.0.dist-info/RECORD": record, f"{SITE}/Cython-3.0.dist-info/METADATA": metadata})
    (found,) = wheels(tree)
    assert (found.name, found.manager, found.is_tool, found.is_asked_for) == ("cython", "wheel", True, False)
    assert found.needs == ("setuptools", "foo-bar")
    assert found.files == (
        f"/{SITE}/Cython/__init__.py", f"/{SITE}/odd,name.py", "/venv/bin/cython",
        f"/{SITE}/Cython-3.0.dist-info/RECORD",
    )  # fmt: skip
