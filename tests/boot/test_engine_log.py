"""Output of containers: frames, bounds, lines."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiaudit.boot.engine_log import LONGEST_LINE, BrokenStream, Frames, Lines, RingLog


def _frame(stream: int, data: bytes) -> bytes:
    return bytes([stream, 0, 0, 0]) + len(data).to_bytes(4, "big") + data


@given(
    st.lists(st.tuples(st.sampled_from([1, 2]), st.binary(max_size=40)), max_size=8),
    st.lists(st.integers(1, 30), min_size=1),
)
def test_frames_are_put_together_however_they_are_cut(frames: list[tuple[int, bytes]], cuts: list[int]) -> None:
    data = b"".join(_frame(stream, text) for stream, text in frames)
    reader, found = Frames(), {1: b"", 2: b""}
    turn = 0
    while data:
        size = cuts[turn % len(cuts)]
        part, data, turn = data[:size], data[size:], turn + 1
        for stream, text in reader.feed(part):
            found[stream] += text
    assert reader.is_whole
    assert found == {kind: b"".join(text for stream, text in frames if stream == kind) for kind in (1, 2)}


@pytest.mark.parametrize("data", [b"HTTP/1.1 500", bytes([1, 0, 0, 1]) + bytes(4), bytes([1, 0, 0, 0]) + b"\xff" * 4])
def test_what_is_no_frame_is_refused(data: bytes) -> None:
    with pytest.raises(BrokenStream):
        list(Frames().feed(data))


def test_a_frame_that_is_cut_short_is_not_whole() -> None:
    reader = Frames()
    assert list(reader.feed(_frame(1, b"half")[:-2])) == [(1, b"ha")]
    assert not reader.is_whole


@given(st.lists(st.binary(max_size=9), max_size=20), st.integers(0, 12), st.integers(1, 12))
def test_head_and_tail_are_kept_and_the_middle_is_told_to_be_missing(parts: list[bytes], head: int, tail: int) -> None:
    parts = [part.replace(b"\n", b".") for part in parts]
    log = RingLog(head, tail)
    for part in parts:
        log.add(part)
    whole = b"".join(parts)
    assert log.length == len(whole)
    assert log.truncated == (len(whole) > head + tail)
    if log.truncated:
        kept = (whole[:head], b"[bytes left out here]", whole[-tail:])
        assert log.text() == "\n".join(part.decode("utf-8", "replace") for part in kept)
    else:
        assert log.text() == whole.decode("utf-8", "replace")


def test_a_flood_of_small_parts_takes_no_more_room_than_twice_the_limit() -> None:
    log = RingLog(10, 10)
    for _ in range(1000):
        log.add(b"x")
    assert len(log._head) + len(log._tail) <= 30


def test_a_log_that_breaks_off_is_incomplete() -> None:
    log = RingLog()
    assert not log.truncated
    log.break_off()
    assert log.truncated


def test_long_lines_are_cut_and_bytes_that_are_no_text_replaced() -> None:
    log = RingLog()
    log.add(b"a" * LONGEST_LINE + b"b\n" + b"\xff\n")
    first, second, _ = log.text().split("\n")
    assert (first, second) == ("a" * LONGEST_LINE + " [cut]", "\ufffd")


def test_lines_are_given_once_and_whole() -> None:
    lines = Lines()
    lines.add(b"one\ntw")
    assert list(lines.take()) == ["one"]
    lines.add(b"o\nthree\n")
    assert list(lines.take()) == ["two", "three"]
    assert list(lines.take()) == []


def test_a_line_without_an_end_is_held_within_bounds() -> None:
    lines = Lines()
    for _ in range(50):
        lines.add(b"x" * LONGEST_LINE)
    assert len(lines._rest) <= 8 * LONGEST_LINE
