"""A script from the network goes straight into a shell.

## What it does
Flags what a download feeds to an interpreter without being looked at: `curl ... | sh`, `wget -qO- ... | bash`,
`... | python3 -`, `bash <(curl ...)` and `sh -c "$(curl ...)"`, in every stage that a build runs. Severity is low where
the address names a version or a commit: the script is then always the same one, unless somebody replaces it.

A script that is saved, checked and then run is not flagged, and neither is data (`curl ... | jq`, `| tar x`,
`| python3 -c`).

## Why is this bad
The build runs whatever the address serves on that day, as root: another version of the tool with each build, half of a
script when the connection breaks, and everything that an attacker puts there. Nothing tells later what ran.

## Example
```dockerfile
FROM python:3.13-slim
RUN apt-get update && apt-get install -y --no-install-recommends curl && rm -rf /var/lib/apt/lists/*
RUN curl -LsSf https://astral.sh/uv/install.sh | sh
USER 1000
CMD ["python", "-c", "print('ready')"]
```

## Use instead
```dockerfile
FROM python:3.13-slim
COPY --from=ghcr.io/astral-sh/uv:0.9.11 /uv /uvx /bin/
USER 1000
CMD ["python", "-c", "print('ready')"]
```

## References
- https://docs.astral.sh/uv/guides/integration/docker/#installing-uv
- https://docs.docker.com/build/building/best-practices/#add-or-copy
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from aiaudit.finding import Finding, Severity
from aiaudit.model.image import Dockerfile
from aiaudit.model.image.commands import is_shell, names_in
from aiaudit.patterns import regex
from aiaudit.rule import MEDIUM, Rule
from aiaudit.sources.dockerfile.facts import Command
from aiaudit.span import Extent
from aiaudit_rules.image.hygiene import is_beside_the_service
from aiaudit_rules.image.shared import shortened

rule = Rule(
    id="IMG308",
    name="installer-piped-to-shell",
    summary="A script from the network goes straight into a shell",
    severity=MEDIUM,
    since="0.1.0",
)

_FETCHERS = names_in("curl wget")
_FILTERS = names_in("tee sed gunzip zcat tr cat tac")
_INTERPRETER = regex(r"(?:python|perl|ruby|node|php|pwsh)[\d.]*")
_VERSION = regex(r"\d+\.\d+\.\d+|/v?\d+\.\d+/|[0-9a-f]{40}")
# How to get the usual tools without their script.
_REMEDIES = {
    "astral.sh/uv": "take the binary from its image: COPY --from=ghcr.io/astral-sh/uv:<version> /uv /uvx /bin/",
    "install.python-poetry.org": "install a version of it: pip install poetry==<version>",
    "bootstrap.pypa.io": "use a base image that has pip, or `python -m ensurepip`",
    "deb.nodesource.com": "take Node.js from its image: COPY --from=node:<version>-slim, or build the front end there",
    "rustup.rs": "compile in a builder stage FROM rust:<version>",
    "ollama.com": "take the binary from its image: COPY --from=ollama/ollama:<version>",
    "get.docker.com": "install the packages of a version from Docker's apt repository",
}


@rule.check(Dockerfile)
def installer_piped_to_shell(image: Dockerfile) -> Iterator[Finding]:
    """One finding for each interpreter that is fed."""
    if is_beside_the_service(image):
        return
    for run in image.usage.runs_in(image.used):
        for fetch, interpreter in _fed(run.commands):
            address = _address(run.resolved(fetch))
            is_versioned = bool(_VERSION.search(address))
            yield rule.at(
                image.span(fetch.extent),
                f"`{shortened(_words(fetch))} | {interpreter.name}` runs what the address serves when it is built"
                + (": always the same version, but nothing checks it" if is_versioned else ""),
                help=next((text for key, text in _REMEDIES.items() if key in address), "")
                or "fetch a version to a file, compare its SHA-256 with one written here, then run it",
                severity=Severity.LOW if is_versioned else None,
            )


def _fed(commands: Sequence[Command]) -> Iterator[tuple[Command, Command]]:
    """Downloads, each with the interpreter that gets its output."""
    for position, command in enumerate(commands):
        if command.name not in _FETCHERS or not _writes_out(command):
            continue
        for other in commands[position + 1 :]:
            if other.operator == "|" and other.name in _FILTERS:
                continue
            is_piped = other.operator == "|"
            if _reads_program(other) if is_piped else command.nested and _takes_output(other, command.extent):
                yield command, other
            break


def _writes_out(command: Command) -> bool:
    """Whether the download goes to standard output."""
    words = command.arguments
    if command.name == "wget":
        return any(word == "-" or (word.startswith("-") and word.endswith("O-")) for word in words) or any(
            word == "--output-document=-" for word in words
        )
    is_saved = any(re.fullmatch(r"-[A-Za-z]*[oO]|--output|--remote-name", word) for word in words)
    return not is_saved and not any(not target.startswith("2") for target in command.redirects)


def _reads_program(command: Command) -> bool:
    """Whether an interpreter takes its program from standard input."""
    if not is_shell(command) and not _INTERPRETER.fullmatch(command.name):
        return False
    for word in command.arguments:
        if word in ("-s", "-", "/dev/stdin"):
            return True
        if word == "-c" or word == "-m" or not word.startswith("-"):
            return False
        if is_shell(command) and not word.startswith("--") and "s" in word:  # -es
            return True
    return True


def _takes_output(command: Command, fetched: Extent) -> bool:
    """Whether a shell runs what a substitution in its words has downloaded."""
    if not is_shell(command) and command.name not in ("eval", "source", "."):
        return False
    runs_words = command.name == "eval" or "-c" in command.arguments
    for word in command.words[1:]:
        if word.extent.line <= fetched.line and word.extent.end_line >= fetched.end_line:
            if "<(" in word.raw and ("curl" in word.raw or "wget" in word.raw):
                return True
            if runs_words and ("$(" in word.raw or "`" in word.raw) and ("curl" in word.raw or "wget" in word.raw):
                return True
    return False


def _address(command: Command) -> str:
    return next((word for word in command.arguments if "://" in word or "." in word), "")


def _words(command: Command) -> str:
    return " ".join(word.text for word in command.words)
