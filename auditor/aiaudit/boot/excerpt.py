"""The part of a log that is worth showing: its beginning and its end."""

from __future__ import annotations

HEAD, TAIL, LONGEST = 10, 50, 400


def excerpt(log: str, head: int = HEAD, tail: int = TAIL) -> str:
    """The first and last lines, long ones cut; a line tells how many are left out between them."""
    lines = [line if len(line) <= LONGEST else f"{line[:LONGEST]}…" for line in log.split("\n")]
    left_out = len(lines) - head - tail
    if left_out > 1:
        lines[head : len(lines) - tail] = [f"… {left_out} lines …"]
    return "\n".join(lines)
