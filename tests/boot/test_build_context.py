"""What of a folder a builder gets."""

from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path

from aiaudit.boot.build.context import copy, pack, sent
from tests.support import write_tree

FILES = {
    "Dockerfile": "FROM scratch\n",
    ".dockerignore": "secret\nlogs\n!logs/kept\n**/*.pyc\n",
    "app/main.py": "x\n",
    "app/main.pyc": "x\n",
    "secret/key": "x\n",
    "logs/kept": "x\n",
    "logs/dropped": "x\n",
}


def _names(folder: Path, dockerfile: str = "Dockerfile") -> list[str]:
    return [path for path, _ in sent(folder, folder / dockerfile)]


def test_the_ignore_file_decides_and_exceptions_below_ignored_folders_are_found(tmp_path: Path) -> None:
    folder = write_tree(tmp_path, FILES)
    assert _names(folder) == [".dockerignore", "Dockerfile", "app", "app/main.py", "logs/kept"]


def test_the_dockerfiles_own_ignore_file_replaces_the_folders(tmp_path: Path) -> None:
    folder = write_tree(tmp_path, FILES | {"Dockerfile.dockerignore": "*\n!app\n"})
    assert _names(folder) == ["app", "app/main.py", "app/main.pyc"]


def test_links_are_sent_as_links_and_sockets_are_not_sent(tmp_path: Path) -> None:
    outside = write_tree(tmp_path / "outside", {"password": "x\n"})
    folder = write_tree(tmp_path / "inside", {"Dockerfile": "FROM scratch\n"})
    (folder / "link").symlink_to(outside)
    os.mkfifo(folder / "pipe")
    assert _names(folder) == ["Dockerfile", "link"]
    made = copy(folder, folder / "Dockerfile", tmp_path / "copy")
    assert made == tmp_path / "copy" / "Dockerfile"
    assert os.readlink(tmp_path / "copy" / "link") == str(outside)


def test_the_archive_holds_what_is_sent_owned_by_root(tmp_path: Path) -> None:
    folder = write_tree(tmp_path, FILES)
    archive = io.BytesIO()
    assert pack(folder, folder / "Dockerfile", archive) == "Dockerfile"
    with tarfile.open(fileobj=io.BytesIO(archive.getvalue())) as opened:
        assert opened.getnames() == _names(folder)
        assert {(member.uid, member.gid) for member in opened} == {(0, 0)}


def test_an_ignored_or_foreign_dockerfile_comes_along_and_is_dropped_from_the_context(tmp_path: Path) -> None:
    folder = write_tree(tmp_path / "inside", {"a": "x\n", ".dockerignore": "b\nDockerfile\n", "Dockerfile": "FROM a\n"})
    foreign = write_tree(tmp_path / "outside", {"Dockerfile": "FROM b\n"}) / "Dockerfile"
    for dockerfile, name, text in ((folder / "Dockerfile", "Dockerfile", b"FROM a\n"), (foreign, "", b"FROM b\n")):
        archive = io.BytesIO()
        packed = pack(folder, dockerfile, archive)
        assert not name or packed == name
        with tarfile.open(fileobj=io.BytesIO(archive.getvalue())) as opened:
            members = {member.name: opened.extractfile(member) for member in opened}
            dockerfile_member, ignore_member = members[packed], members[".dockerignore"]
            assert dockerfile_member is not None
            assert dockerfile_member.read() == text
            assert ignore_member is not None
            assert ignore_member.read().splitlines()[-1].decode() == packed


def test_a_copy_is_what_is_sent_with_its_rules(tmp_path: Path) -> None:
    folder = write_tree(tmp_path / "inside", FILES)
    copy(folder, folder / "Dockerfile", tmp_path / "copy")
    assert _names(tmp_path / "copy") == _names(folder)
    assert not (tmp_path / "copy" / "secret").exists()
