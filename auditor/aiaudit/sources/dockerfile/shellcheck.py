"""What ShellCheck says about the RUN scripts of a Dockerfile, at the places where it is written there. Plain tuples.

The facts are `(problem, remarks)`: why the scripts could not be checked (None if they were), and for each remark
`(code, level, message, line, column, end_line, end_column)`. ShellCheck gets each script as a file of its own in a
temporary folder, with the stage's shell and with the variables that ARG and ENV set. It reads no configuration, follows
no `source` and finds none of the repository's files: what a script says cannot make it look elsewhere.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from itertools import accumulate, islice
from typing import Any

from aiaudit.programs import place_of
from aiaudit.sources.dockerfile.expand import expand
from aiaudit.sources.dockerfile.heredocs import marker
from aiaudit.sources.dockerfile.located import Located
from aiaudit.sources.dockerfile.parse import Script, scripts
from aiaudit.sources.dockerfile.programs import base_name, reads_script
from aiaudit.sources.dockerfile.references import ASH, BASH, DASH, shell_of
from aiaudit.sources.stamps import signature_at
from aiaudit.values import dataclass

Remark = tuple[int, str, str, int, int, int, int]
Facts = tuple["str | None", "tuple[Remark, ...]"]

PROGRAM = "shellcheck"
NOT_INSTALLED = "ShellCheck is not installed: pip install 'aiaudit[shellcheck]'"
SECONDS = 30.0
"""How long ShellCheck may take for one file."""

_DIALECTS = {"sh": "sh", "bash": "bash", "dash": "dash", "ash": "busybox", "ksh": "ksh", "mksh": "ksh"}
_DEFAULT = {ASH: "busybox", BASH: "bash", DASH: "dash"}
# Files that are not followed (1090, 1091), and a shebang that is not there or is another one (2148, 2187).
_EXCLUDED = "SC1090,SC1091,SC2148,SC2187"
_LONGEST = 100_000
_MOST_VARIABLES = 500
_MOST_FILES = 100
_PREDEFINED = ("http_proxy", "https_proxy", "ftp_proxy", "no_proxy", "all_proxy")


def _version() -> int:
    """Facts made with another ShellCheck, or without one, are others."""
    place = place_of(PROGRAM)
    signature = signature_at(place) if place else None
    return 1 if signature is None else int(signature[0]) * 31 + int(signature[2])


VERSION = _version()


@dataclass(frozen=True, slots=True)
class Job:
    """One script as ShellCheck gets it: `ahead` stands before the text and is no part of the Dockerfile."""

    dialect: str
    ahead: str
    content: Located
    starts: tuple[int, ...]

    @classmethod
    def of(cls, dialect: str, ahead: str, content: Located) -> Job:
        """A job that knows where the lines of its script begin."""
        lengths = (len(line) + 1 for line in content.text.split("\n"))
        return cls(dialect, ahead, content, tuple(accumulate(lengths, initial=0)))

    def index(self, line: int, column: int) -> int:
        """The index in the script of a place that ShellCheck names; lines and columns from 1."""
        if line >= len(self.starts):
            return len(self.content.text)
        return min(self.starts[line - 1] + column - 1, self.starts[line] - 1)


def extract(text: str) -> Facts:
    """The remarks on all scripts of a Dockerfile."""
    program = place_of(PROGRAM)
    jobs = [job for script in scripts(text) if (job := _job(script)) is not None]
    if not jobs:
        return None, ()
    if not program:
        return NOT_INSTALLED, ()
    if any(len(job.content.text) > _LONGEST for job in jobs):
        return f"a script is too long for ShellCheck (over {_LONGEST} characters)", ()
    found: list[Remark] = []
    end = time.monotonic() + SECONDS
    try:
        for dialect in sorted({job.dialect for job in jobs}):
            same = [job for job in jobs if job.dialect == dialect]
            for start in range(0, len(same), _MOST_FILES):
                found += _checked(program, dialect, same[start : start + _MOST_FILES], end - time.monotonic())
    except subprocess.TimeoutExpired:
        return f"ShellCheck did not end within {SECONDS:.0f} s", ()
    except (OSError, ValueError) as error:
        return f"ShellCheck failed: {str(error) or type(error).__name__}", ()
    return None, tuple(sorted(set(found), key=lambda remark: remark[3:] + remark[:1]))


def _job(script: Script) -> Job | None:
    """A script with its dialect, None where its shell is not one that ShellCheck knows."""
    shell, content = script.shell, script.content
    if not content.text.strip():
        return None
    inner = _document_for_shell(content)
    if inner is not None:
        shell, content = inner
    if shell:
        dialect = _DIALECTS.get(shell.removesuffix(".exe"))
    else:
        dialect = _DEFAULT.get(shell_of(script.base), "sh")
    return None if dialect is None else Job.of(dialect, _exports(script), content)


def _document_for_shell(content: Located) -> tuple[str, Located] | None:
    """The here-document that a shell gets as its script (`bash -e <<EOF`, `<<EOF bash`), and that shell."""
    first, newline, _ = content.text.partition("\n")
    if not newline or "<<" not in first:
        return None
    words = first.split()
    opened = [found for found in map(marker, words) if found is not None]
    rest = [word for word in words if marker(word) is None]
    if len(opened) != 1 or not rest or not reads_script(rest) or set("|&;<>$`") & set("".join(rest)):
        return None
    start = end = len(first) + 1
    for line in content.text[start:].split("\n"):
        if opened[0].ends_with(line):
            return base_name(rest[0]), content.slice(start, max(end, start))
        end += len(line) + 1
    return None


def _exports(script: Script) -> str:
    """Assignments of the variables that the script finds set; one whose value is not known gets a plain word."""
    values: dict[str, str] = {}
    for pair in islice(script.variables(), _MOST_VARIABLES):
        if pair.key.isidentifier() and pair.key.isascii() and pair.key not in values:
            known = expand(pair.raw, lambda name: None) if pair.value is not None else None
            values[pair.key] = known.text if known is not None and known.complete else "1"
    for name in _PREDEFINED:
        values.setdefault(name, "1")
    return "".join(f"export {name}={_quoted(value)}\n" for name, value in values.items())


def _quoted(value: str) -> str:
    plain = value.replace("\n", " ").replace("\0", " ").replace("'", "")
    return f"'{plain}'"


def _checked(program: str, dialect: str, jobs: Sequence[Job], seconds: float) -> Iterator[Remark]:
    """Run ShellCheck over scripts of one dialect, within the time that is left."""
    with tempfile.TemporaryDirectory(prefix="aiaudit-", ignore_cleanup_errors=True) as folder:
        names = [f"{number}.sh" for number in range(len(jobs))]
        for name, job in zip(names, jobs, strict=True):
            text = job.ahead + _without_interpreter(job.content.text)
            with open(os.path.join(folder, name), "wb") as stream:
                stream.write(text.encode("utf-8", "replace"))
        command = [program, "--norc", "--format=json1", f"--shell={dialect}", f"--exclude={_EXCLUDED}", *names]
        done = subprocess.run(
            command,
            cwd=folder,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=max(seconds, 0),
        )
    if done.returncode not in (0, 1):
        message = done.stderr.decode("utf-8", "replace").strip().partition("\n")[0]
        raise ValueError(message or f"exit code {done.returncode}")
    by_name = dict(zip(names, jobs, strict=True))
    import json  # here, as most audits run no ShellCheck

    for comment in json.loads(done.stdout)["comments"]:
        remark = _remark(comment, by_name[os.path.basename(comment["file"])])
        if remark is not None:
            yield remark


def _environment() -> dict[str, str]:
    """No SHELLCHECK_OPTS, no home folder with a configuration; on Windows what starting a process needs."""
    kept = {key: os.environ[key] for key in ("SYSTEMROOT", "TEMP", "TMP") if key in os.environ}
    return {"LC_ALL": "C.UTF-8", **kept}


def _without_interpreter(text: str) -> str:
    """The script with its `#!` made a comment like others: the dialect is told, and the line is not the first one."""
    return f"##{text[2:]}" if text.startswith("#!") else text


def _remark(comment: dict[str, Any], job: Job) -> Remark | None:
    """A comment of ShellCheck's with its place in the Dockerfile; None for one on the lines ahead of the script."""
    lines_ahead = job.ahead.count("\n")
    line, end_line = int(comment["line"]) - lines_ahead, int(comment["endLine"]) - lines_ahead
    if line < 1:
        return None
    start, end = job.index(line, int(comment["column"])), job.index(end_line, int(comment["endColumn"]))
    extent = job.content.extent(start, max(start, end))
    return (int(comment["code"]), str(comment["level"]), str(comment["message"]), *extent)
