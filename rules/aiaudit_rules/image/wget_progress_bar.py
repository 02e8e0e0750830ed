"""wget draws its progress into the build log.

## What it does
Flags wget without `--progress`, `-q`, `-nv` or a log file (`-o`, `-a`).

## Why is this bad
A large file makes thousands of lines of log.

## Example
```dockerfile
FROM python:3.13-slim
RUN wget https://example.com/a
```

## Use instead
```dockerfile
FROM python:3.13-slim
RUN wget --progress=dot:giga https://example.com/a
```

## References
- https://github.com/hadolint/hadolint/wiki/DL3047
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.image import Dockerfile
from aiaudit.rule import LOW, Rule

rule = Rule(
    id="IMG672",
    name="wget-progress-bar",
    summary="wget draws its progress into the build log",
    severity=LOW,
    since="0.1.0",
    aliases=("DL3047",),
    profile="pedantic",
)

_QUIET = ("--progress", "--quiet", "--no-verbose", "--output-file", "--append-output", "--no-progress")


@rule.check(Dockerfile)
def wget_progress_bar(dockerfile: Dockerfile) -> Iterator[Finding]:
    """Every loud wget."""
    for call in dockerfile.usage.calls(["wget"]):
        texts = call.texts
        is_quiet = any(
            text.partition("=")[0] in _QUIET
            or text in ("-o", "-a", "-nv")
            or (text.startswith("-") and not text.startswith("--") and "q" in text)
            for text in texts
        )
        if not is_quiet and any("." in text for text in texts):
            yield rule.at(
                dockerfile.span(call.command.extent),
                "wget writes a line of log for every few kilobytes",
                help="add --progress=dot:giga, or -nv",
            )
