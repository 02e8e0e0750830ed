"""ShellCheck has something to say about a RUN script.

## What it does
Gives every RUN in shell form, and every here-document that a shell runs, to [ShellCheck](https://www.shellcheck.net)
and passes on what it says, at the place in the Dockerfile where the command is written. ShellCheck gets the shell that
will run the script (`SHELL`, `# hadolint shell=`, the `#!` of a here-document, else the /bin/sh of the base image:
dash, busybox or bash), and the variables that ARG and ENV set. Scripts for PowerShell and cmd are left alone.

The message begins with ShellCheck's id (`SC2086`), and that id works wherever a rule's name does: `--select SC2046`,
`ignore = ["SC2086"]`, `# aiaudit: ignore[SC2086] reason`, `# hadolint ignore=SC2086`, `# shellcheck disable=SC2086` on
a line before the instruction or inside of it. ShellCheck's levels are our severities: error is high, warning medium,
info and style low.

It needs ShellCheck (`pip install 'aiaudit[shellcheck]'`). It runs with `--shellcheck`, with `shellcheck = true` in the
configuration, in the pedantic profile where ShellCheck is installed, or when it is selected. Asked for and not
installed, it makes the audit incomplete.

## Why is this bad
A script that is not what it looks like fails in the build at best. At worst it builds an image in which a step was left
out: an unquoted path with a blank, a `[[` that dash does not know behind `||`, a `cd` that failed.

## Example
```dockerfile
FROM python:3.12-slim
ARG WHEELS
RUN pip install --no-cache-dir --no-index $(ls $WHEELS/*.whl)
USER 1000
CMD ["python", "-m", "app"]
```

## Use instead
```dockerfile
FROM python:3.12-slim
ARG WHEELS
RUN pip install --no-cache-dir --no-index "$WHEELS"/*.whl
USER 1000
CMD ["python", "-m", "app"]
```

## Options
- `level` (default `"style"`): the least of ShellCheck's levels that is passed on: `"error"`, `"warning"`, `"info"` or
  `"style"`.

## References
- https://www.shellcheck.net/wiki/
- https://github.com/koalaman/shellcheck/wiki/Directive
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from aiaudit.finding import Finding
from aiaudit.model.shell import ShellRemark
from aiaudit.rule import HIGH, LOW, MEDIUM, Rule
from aiaudit.values import dataclass

_LEVELS = ("error", "warning", "info", "style")
_SEVERITIES = {"error": HIGH, "warning": MEDIUM}


@dataclass(frozen=True, slots=True)
class Options:
    """What is passed on."""

    level: Literal["error", "warning", "info", "style"] = "style"


rule = Rule(
    id="SHC101",
    name="shellcheck-remark",
    summary="ShellCheck has something to say about a RUN script",
    severity=LOW,
    since="0.1.0",
    profile="pedantic",
    options=Options(),
    codes=r"SC[1-3]\d{3}",
    program="shellcheck",
)


@rule.check(ShellRemark)
def shellcheck_remark(remark: ShellRemark, options: Options) -> Iterator[Finding]:
    """Remarks of the wanted levels."""
    if _LEVELS.index(remark.level) <= _LEVELS.index(options.level):
        yield rule.at(
            remark.span,
            f"{remark.code}: {remark.message[:1].lower()}{remark.message[1:].rstrip('.')}",
            help=f"https://www.shellcheck.net/wiki/{remark.code}",
            severity=_SEVERITIES.get(remark.level, LOW),
            code=remark.code,
        )
