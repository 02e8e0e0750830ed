"""CPU time and peak memory of a process with its children, and ratios of paired runs."""

from __future__ import annotations

import os
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

# Everybody keeps compiled modules, as tools do that are installed normally.
_INHERITED = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}


@dataclass(frozen=True)
class Cost:
    """What one run took: CPU seconds (user and system, children included) and the largest resident set in MiB."""

    cpu: float
    peak: float
    code: int


def run(command: Sequence[str], cwd: Path, environment: Mapping[str, str] | None = None) -> Cost:
    """Run a command without input and output."""
    process = os.fork()
    if process == 0:
        os.chdir(cwd)
        null = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(null, descriptor)
        try:
            os.execvpe(command[0], list(command), {**_INHERITED, **(environment or {})})
        finally:
            os._exit(127)
    _, status, usage = os.wait4(process, 0)
    return Cost(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, os.waitstatus_to_exitcode(status))


def ratio(subject: Callable[[], Cost], baseline: Callable[[], Cost], rounds: int) -> tuple[float, float, float]:
    """Median over paired rounds of subject / baseline, and the median seconds of each."""
    pairs = [(subject(), baseline()) for _ in range(rounds)]
    for one in (cost for pair in pairs for cost in pair):
        if one.code not in (0, 1):
            raise SystemExit(f"a measured command ended with {one.code}")
    quotient = statistics.median(first.cpu / second.cpu for first, second in pairs)
    return (
        quotient,
        statistics.median(first.cpu for first, _ in pairs),
        statistics.median(second.cpu for _, second in pairs),
    )
