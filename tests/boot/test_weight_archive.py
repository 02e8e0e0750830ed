"""Saved images: layers, what they hide of each other, and archives that mean harm."""

from __future__ import annotations

import io
import tarfile

import pytest

from aiaudit.boot.weight.archive import FILE, FOLDER, LINK, OTHER, TooLarge, read
from aiaudit.boot.weight.elf import Elf
from aiaudit.boot.weight.packages import tells_of_packages
from aiaudit.boot.weight.tree import FileTree
from aiaudit.boot.world import EngineError
from tests.boot.saved_image import archive, saved, shared_object, special, stream


def _tree(*layers: bytes) -> FileTree:
    return FileTree(read(stream(saved(*layers)), tells_of_packages).layers)


@pytest.mark.parametrize("is_oci", [False, True])
def test_files_and_what_is_kept_of_them(is_oci: bool) -> None:
    layer = archive(
        {
            "usr/lib/libx.so.1": shared_object(["libc.so.6"], "libx.so.1"),
            "var/lib/dpkg/status": "Package: a\n",
            "app/data": "x" * 1000,
            "usr/lib/libx.so": special(tarfile.SYMTYPE, "libx.so.1"),
            "opt": special(tarfile.DIRTYPE),
        }
    )
    found = read(stream(saved(layer, history=[{"created_by": "x"}], is_oci=is_oci)), tells_of_packages)
    entries = {entry.path: entry for entry in found.layers[0]}
    assert entries["/usr/lib/libx.so.1"].elf == Elf(("libc.so.6",), "libx.so.1")
    assert entries["/var/lib/dpkg/status"].text == b"Package: a\n"
    assert (entries["/app/data"].size, entries["/app/data"].text) == (1000, None)
    assert (entries["/usr/lib/libx.so"].kind, entries["/usr/lib/libx.so"].target) == (LINK, "libx.so.1")
    assert entries["/opt"].kind == FOLDER
    assert found.configuration["history"] == [{"created_by": "x"}]


def test_equal_layers_are_saved_once_and_linked() -> None:
    layer = archive({"a": "x"})
    members = {
        "one/layer.tar": layer,
        "two/layer.tar": special(tarfile.SYMTYPE, "../one/layer.tar"),
        "config.json": "{}",
        "manifest.json": '[{"Config": "config.json", "Layers": ["one/layer.tar", "two/layer.tar"]}]',
    }
    found = read(stream(archive(members)), tells_of_packages)
    assert [len(entries) for entries in found.layers] == [1, 1]


def test_a_whiteout_hides_a_file_or_all_below_a_folder() -> None:
    below = archive({"a/one": "1", "a/two": "22", "b/three": "333", "c/four": "4444", "d": "5"})
    above = archive({"a/.wh.one": "", "b/.wh..wh..opq": "", "b/new": "1", ".wh.c": "", "d": "55"})
    tree = _tree(below, above)
    assert {path: (size.size, layer) for path, size, layer in tree.files()} == {
        "/a/two": (2, 0), "/b/new": (1, 1), "/d": (2, 1),
    }  # fmt: skip


def test_a_file_in_the_place_of_a_folder_hides_what_was_below() -> None:
    tree = _tree(archive({"a/one": "1"}), archive({"a": special(tarfile.SYMTYPE, "b")}))
    assert set(tree.entries) == {"/a"}


def test_links_on_the_way_are_followed_and_circles_end() -> None:
    tree = _tree(
        archive(
            {
                "usr/lib/x": "1",
                "lib": special(tarfile.SYMTYPE, "usr/lib"),
                "loop": special(tarfile.SYMTYPE, "/loop/loop"),
                "usr/bin/cc": special(tarfile.SYMTYPE, "../lib/x"),
            }
        )
    )
    assert tree.resolved("/lib/x") == "/usr/lib/x"
    assert tree.resolved("/lib") == "/lib"
    assert tree.resolved("/loop/x").startswith("/")


def test_names_never_lead_out_of_the_image_and_nothing_is_made_of_devices() -> None:
    device = special(tarfile.CHRTYPE)
    tree = _tree(archive([("../../etc/shadow", "x"), ("//root/.ssh/key", "x"), ("/abs", "x"), ("dev/mem", device)]))
    assert sorted(tree.entries) == ["/abs", "/dev/mem", "/etc/shadow", "/root/.ssh/key"]
    assert tree.entries["/dev/mem"][0].kind == OTHER
    assert {entry.kind for path, (entry, _) in tree.entries.items() if path != "/dev/mem"} == {FILE}


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.XGLTYPE])
def test_a_header_that_is_too_large_is_not_read(kind: bytes) -> None:
    header = tarfile.TarInfo("x")
    header.type, header.size = kind, 8 << 30
    with pytest.raises(TooLarge, match="8589934592 bytes"):
        read(stream(saved(header.tobuf(tarfile.GNU_FORMAT) + bytes(10240))), tells_of_packages)


def test_a_file_that_is_smaller_than_nothing_ends_the_reading() -> None:
    member = tarfile.TarInfo("x")
    buffer = bytearray(member.tobuf(tarfile.GNU_FORMAT))
    buffer[124:136] = b"\xff" * 12  # base 256: minus one
    buffer[148:156] = b" " * 8
    buffer[148:156] = f"{sum(buffer[:512]):06o}\0 ".encode()
    with pytest.raises(EngineError):
        read(stream(saved(bytes(buffer) + bytes(1024))), tells_of_packages)


@pytest.mark.parametrize("data", [b"", b"no archive at all", archive({"a": "x"}), archive({"manifest.json": "{"})])
def test_what_is_no_image_is_an_error(data: bytes) -> None:
    with pytest.raises(EngineError):
        read(stream(data), tells_of_packages)


def test_a_cut_archive_is_an_error() -> None:
    data = saved(archive({"a": "x" * 5000}))
    with pytest.raises(EngineError):
        read(io.BytesIO(data[: len(data) // 3]), tells_of_packages)
