"""A pipe hides the failure of its first program.

## What it does
Flags a pipe in a RUN whose shell does not have `pipefail` on: by SHELL (also of the parent stage), or by `set -o
pipefail` earlier in the same RUN. Programs that cannot fail (`echo`, `printf`, `yes`) may stand before a pipe.
PowerShell and cmd have no such option and are left alone.

## Why is this bad
A shell takes the last program's exit status for that of the pipe: where the download at its beginning fails, the build
goes on with half a file or none.

## Example
```dockerfile
FROM python:3.13-slim
RUN curl -fsSL https://example.com/words.txt | sort > /words.txt
```

## Use instead
```dockerfile
FROM python:3.13-slim
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
RUN curl -fsSL https://example.com/words.txt | sort > /words.txt
```

## References
- https://docs.docker.com/build/building/best-practices/#using-pipes
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.image import Dockerfile
from aiaudit.model.image.origins import ASH, default_shell
from aiaudit.model.image.usage import Run
from aiaudit.rule import LOW, Rule
from aiaudit.sources.dockerfile.facts import Command
from aiaudit.sources.dockerfile.programs import SHELLS, base_name

rule = Rule(
    id="IMG624",
    name="pipe-without-pipefail",
    summary="A pipe hides the failure of its first program",
    severity=LOW,
    since="0.1.0",
    aliases=("DL4006", "efbf148a", "set-pipefail"),
    profile="pedantic",
)

_NEVER_FAIL = frozenset({"echo", "printf", "yes", "true", ":"})
_KNOW_PIPEFAIL = SHELLS - {"sh", "dash"}


@rule.check(Dockerfile)
def pipe_without_pipefail(dockerfile: Dockerfile) -> Iterator[Finding]:
    """The first such pipe of each RUN."""
    for run in dockerfile.usage.runs:
        if run.instruction.exec_form or _is_on(run):
            continue
        for position, command in enumerate(run.commands):
            if _sets_pipefail(command):
                break
            if command.operator == "|" and position and run.commands[position - 1].name not in _NEVER_FAIL:
                first = run.commands[position - 1]
                yield rule.at(
                    dockerfile.span(first.extent),
                    f"a failure of `{first.name}` goes unnoticed: the pipe's status is that of `{command.name}`",
                    help='put SHELL ["/bin/bash", "-o", "pipefail", "-c"] ahead of it, or `set -o pipefail`',
                )
                break


def _is_on(run: Run) -> bool:
    """Whether the shell that reads the RUN has the option on, or knows no such option."""
    shell = run.layer.shell
    name = base_name(shell[0]) if shell else "sh"
    if name not in SHELLS:
        return True
    knows = name in _KNOW_PIPEFAIL or default_shell(run.layer.stage) == ASH
    return knows and any(word == "pipefail" for word in shell)


def _sets_pipefail(command: Command) -> bool:
    return command.name == "set" and "pipefail" in command.arguments
