"""The output that the README shows: `python -m tests.services.readme` writes it anew."""

from __future__ import annotations

import re
import shlex
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.support import PROJECT, run_cli

README = PROJECT / "README.md"
_BLOCK = re.compile(r"(?<=```console\n)\$ aiaudit (?P<arguments>[^\n]+)\n(?P<shown>.*?)(?=```)", re.DOTALL)


def shown() -> Iterator[tuple[str, str, str]]:
    """Each command that the README shows with its output: the command's arguments, what it shows, what they print."""
    for match in _BLOCK.finditer(README.read_text(encoding="utf-8")):
        yield match["arguments"], match["shown"], _printed(match["arguments"])


def write() -> None:
    """Put what the commands print today into the README."""

    def block(match: re.Match[str]) -> str:
        return f"$ aiaudit {match['arguments']}\n{_printed(match['arguments'])}"

    README.write_text(_BLOCK.sub(block, README.read_text(encoding="utf-8")), encoding="utf-8")


def _printed(arguments: str) -> str:
    with tempfile.TemporaryDirectory() as cache:
        return run_cli(*shlex.split(arguments), cwd=PROJECT, cache=Path(cache)).out


if __name__ == "__main__":
    write()
