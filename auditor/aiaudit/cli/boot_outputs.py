"""What `boot` and `prove` write where, what they say at the end, and the exit code."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from aiaudit import report as plain_reports
from aiaudit.boot import report as reports
from aiaudit.boot.build import BuildFailed
from aiaudit.boot.record import Status
from aiaudit.boot.report.result import Result
from aiaudit.boot.run import Interrupted
from aiaudit.boot.shown import hider
from aiaudit.boot.world import EngineError, NoEngine
from aiaudit.cli import write
from aiaudit.cli.boot_options import build_arguments, variables
from aiaudit.cli.outputs import incomplete, replace_file, told, wanted
from aiaudit.finding import Severity
from aiaudit.report import printable
from aiaudit.report.look import Look
from aiaudit.results import CLEAN, FINDINGS, INCOMPLETE, USAGE
from aiaudit.runner import describe
from aiaudit.settings import UsageError
from aiaudit.values import replace

_INTERRUPTED = {"SIGINT": 130, "SIGTERM": 143, "SIGHUP": 129}


def guarded(what: str, command: Callable[[], int]) -> int:
    """The exit code of a command; what went wrong is one message with what to do, and never a pass."""
    try:
        return command()
    except UsageError as error:
        return _told(str(error), USAGE)
    except Interrupted as error:
        return _told(f"interrupted by {error}; everything of this run is removed", _INTERRUPTED.get(str(error), 130))
    except BuildFailed as error:
        return _told(f"{error.log}\nno {what}: {error}" if error.log else f"no {what}: {error}", INCOMPLETE)
    except (NoEngine, EngineError) as error:
        return _told(f"no {what}: {error}", INCOMPLETE)
    except Exception as error:  # a fault of ours is an incomplete run, told in one line
        return _told(f"incomplete {what}: {describe(error)}", INCOMPLETE)


def _told(text: str, code: int) -> int:
    *before, last = text.split("\n")
    lines = [*before, f"aiaudit: {last}"]
    return write(b"", "".join(f"{printable(line)}\n" for line in lines).encode("utf-8", "backslashreplace"), code)


class Outputs:
    """Where a command writes what, and its exit code."""

    def __init__(self, what: str, values: Mapping[str, Any], formats: Sequence[str] = reports.FORMATS) -> None:
        self.what = what
        self.values = values
        self.files = [wanted(text, formats) for text in values["output"]]
        for _, path in self.files:
            if not os.path.isdir(os.path.dirname(path) or "."):  # told now, not after minutes
                raise UsageError(f"{path}: cannot be written: no such folder")
        self.started = time.time()

    def write(self, result: Result, fail_on: Severity) -> int:
        """Write everything; the last line on stderr says what the exit code means."""
        values, report = self.values, result.report
        code = report.exit_code(fail_on)
        if values["exit_zero"] and code == FINDINGS:
            code = CLEAN
        plain = Look(exit_code=code, fail_on=fail_on, started=self.started, arguments=self._arguments())
        terminal = Look.of(sys.stdout, values["color"], values["quiet"])
        look = replace(plain, color=terminal.color, width=terminal.width, quiet=terminal.quiet)
        for name, path in self.files:
            replace_file(path, _rendered(name, result, plain))
        lines = [] if values["quiet"] else told(report.diagnostics)
        lines += incomplete(self.what, report.diagnostics) or self._outcome(result, code, fail_on)
        err = "".join(f"{printable(line)}\n" for line in lines).encode("utf-8", "backslashreplace")
        return write(_rendered(values["format"], result, look), err, code)

    def _outcome(self, result: Result, code: int, fail_on: Severity) -> list[str]:
        """The last line of a complete run."""
        if self.values["quiet"]:
            return []
        count = len(result.report.findings)
        found = f"{count} finding{'s' * (count != 1)}" if code == FINDINGS else f"nothing at or above {fail_on.value}"
        failed = [outcome.scenario.id for outcome in result.of(Status.FAIL)]
        though = f", though {', '.join(failed)} failed" if failed and code == CLEAN else ""
        return [f"aiaudit: {self.what}: {found}{though}"]

    def _arguments(self) -> tuple[str, ...]:
        """The command line, without values that nobody may see."""
        hide = hider(
            [*variables(self.values.get("env", ())).items(), *build_arguments(self.values["build_arg"]).items()]
        )
        return tuple(hide(word) for word in sys.argv[1:])


def _rendered(name: str, result: Result, look: Look) -> bytes:
    """The result in a format; those that only `check` has show the findings alone."""
    if name in reports.FORMATS:
        return reports.render(name, result, look)
    return plain_reports.render(name, result.report, look)
