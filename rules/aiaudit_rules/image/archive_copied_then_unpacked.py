"""An archive is copied and unpacked in a later layer.

## What it does
Flags a COPY of a tar archive from the build context that a later RUN of the same stage unpacks.

## Why is this bad
The archive stays in its layer after it was unpacked, also if it is removed. ADD unpacks it on the way in.

## Example
```dockerfile
FROM python:3.13-slim
COPY model.tar.gz /tmp/
RUN tar -xzf /tmp/model.tar.gz -C /model
```

## Use instead
```dockerfile
FROM python:3.13-slim
ADD model.tar.gz /model/
```

## References
- https://docs.docker.com/build/building/best-practices/#add-or-copy
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding, Step
from aiaudit.model.image import Dockerfile
from aiaudit.model.image.copies import is_archive
from aiaudit.model.image.usage import Call
from aiaudit.rule import LOW, Rule
from aiaudit.sources.dockerfile.facts import Instruction
from aiaudit_rules.image.archives import file_name

rule = Rule(
    id="IMG632",
    name="archive-copied-then-unpacked",
    summary="An archive is copied and unpacked in a later layer",
    severity=LOW,
    since="0.1.0",
    aliases=("DL3010",),
    profile="pedantic",
)


@rule.check(Dockerfile)
def archive_copied_then_unpacked(dockerfile: Dockerfile) -> Iterator[Finding]:
    """Archives that come in packed."""
    unpacking = [call for call in dockerfile.usage.calls(["tar"]) if _unpacks(call)]
    for placed in dockerfile.usage.placed("COPY") if unpacking else ():
        instruction, layer = placed.instruction, placed.layer
        names = _archives(instruction)
        if layer is None or not names:
            continue
        for call in unpacking:
            if call.run.layer.stage is layer.stage and call.run.instruction.extent.line > instruction.extent.line:
                named = {file_name(word.raw.strip("\"'")) for word in call.words}
                if names & named:
                    yield rule.at(
                        dockerfile.span(instruction.extent),
                        f"{sorted(names & named)[0]} stays in this layer after it is unpacked",
                        help="use ADD, which unpacks tar archives, or a bind mount",
                        related=[Step("unpacked here", dockerfile.span(call.command.extent))],
                    )
                    break


def _archives(instruction: Instruction) -> set[str]:
    """The names by which the archives can be found later."""
    if instruction.flag("from") is not None or len(instruction.words) < 2:
        return set()
    written = [word.raw.strip("\"'") for word in instruction.words]
    names = {file_name(source) for source in written[:-1] if is_archive(source)}
    return names | ({file_name(written[-1])} if names and is_archive(written[-1]) else set())


def _unpacks(call: Call) -> bool:
    clusters = [text for text in call.texts if text.startswith("-") and not text.startswith("--")]
    return any("x" in text for text in (*clusters, *call.texts[:1])) or "--extract" in call.texts
