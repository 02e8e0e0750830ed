"""The command line. What runs when nothing has changed, and `--version`, imports next to nothing."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

OTHER_COMMANDS = ("boot", "prove", "rules", "rule", "inspect")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    if words in (["--version"], ["-V"]):
        from aiaudit import __version__

        return write(f"aiaudit {__version__}\n".encode(), b"", 0)
    try:
        return _run(words)
    except KeyboardInterrupt:
        return 130


def process() -> None:
    """The console script: ends the process at once; taking a model apart object by object is a tenth of an audit."""
    code = main()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code)


def _run(words: list[str]) -> int:
    """Show a stored outcome, or do the work."""
    if words and words[0] in OTHER_COMMANDS:
        from aiaudit.cli.commands import run

        return run(words)
    import time

    from aiaudit import replay

    started = time.time_ns()
    file = replay.record_file(words)
    stored = replay.load(file) if file else None
    if stored is not None:
        return write(*stored)
    import gc

    gc.disable()  # what is imported, and the model after it, stays until the process ends
    from aiaudit.cli.modules import find_own_modules

    find_own_modules()
    from aiaudit.cli.options import read

    values = read(words)
    if values is None:
        from aiaudit.cli.commands import run

        return run(words)
    from aiaudit.cli.check import check

    return check(values, file, started)


def write(out: bytes, err: bytes, code: int) -> int:
    """Write ready-made output; a reader that went away is no error."""
    for stream, data in ((sys.stdout, out), (sys.stderr, err)):
        try:
            stream.buffer.write(data)
            stream.flush()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    return code
