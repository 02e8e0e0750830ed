"""The libraries that ELF files ask for."""

from __future__ import annotations

import io
from importlib.util import find_spec

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiaudit.boot.weight.elf import Elf, read
from tests.boot.saved_image import shared_object


@pytest.mark.parametrize("is_wide", [True, False])
@pytest.mark.parametrize("order", ["<", ">"])
def test_needed_libraries_and_the_own_name_are_read(is_wide: bool, order: str) -> None:
    data = shared_object(["libc.so.6", "libgomp.so.1"], "libx.so.2", is_wide=is_wide, order=order)
    assert read(io.BytesIO(data)) == Elf(("libc.so.6", "libgomp.so.1"), "libx.so.2")


def test_a_real_extension_asks_for_the_c_library() -> None:
    place = find_spec("pydantic_core._pydantic_core")
    assert place is not None
    assert place.origin is not None
    with open(place.origin, "rb") as file:
        found = read(file)
    if found is None:
        pytest.skip("extensions are no ELF files on this system")
    assert any(name.startswith("libc.") for name in found.needed)


def test_other_and_broken_files_are_told_apart() -> None:
    assert read(io.BytesIO(b"#!/bin/sh\n")) is None
    assert read(io.BytesIO(shared_object(["libc.so.6"])[:80])) is None


@given(st.binary(max_size=400), st.integers(0, 300))
def test_no_bytes_end_the_reading(data: bytes, place: int) -> None:
    whole = bytearray(shared_object(["libc.so.6"], "libx.so"))
    whole[place : place + len(data)] = data
    found = read(io.BytesIO(bytes(whole)))
    assert found is None or all(isinstance(name, str) for name in found.needed)
