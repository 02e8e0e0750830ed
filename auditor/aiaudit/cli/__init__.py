"""The command line."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command line with the arguments of the process."""
    from aiaudit.cli.commands import run

    return run(sys.argv[1:])
