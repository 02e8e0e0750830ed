"""ADD fetches a file that nothing verifies.

## What it does
Flags ADD of an http or https address without `--checksum`. Git repositories are fine: a reference names what they hold.

## Why is this bad
Whoever controls the server decides what gets into the image, and an archive that is fetched this way is not unpacked,
so that it stays in its layer after a later RUN has unpacked it.

## Example
```dockerfile
FROM python:3.13-slim
ADD https://example.com/words.txt /words.txt
```

## Use instead
```dockerfile
FROM python:3.13-slim
ADD --checksum=sha256:24454f830cdb571e2c4ad15481119c43b3cafd48dd869a9b2945d1036d1dc68d \\
    https://example.com/words.txt /words.txt
```

## References
- https://docs.docker.com/reference/dockerfile/#add---checksum
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.image import Dockerfile
from aiaudit.model.image.copies import is_address
from aiaudit.rule import LOW, Rule

rule = Rule(
    id="IMG631",
    name="add-of-remote-file",
    summary="ADD fetches a file that nothing verifies",
    severity=LOW,
    since="0.1.0",
    aliases=("4b410d24", "CKV_DOCKER_4"),
    profile="pedantic",
)


@rule.check(Dockerfile)
def add_of_remote_file(dockerfile: Dockerfile) -> Iterator[Finding]:
    """Addresses without a checksum."""
    for placed in dockerfile.usage.placed("ADD"):
        instruction = placed.instruction
        if instruction.flag("checksum") is not None:
            continue
        for word in instruction.words[:-1]:
            address = word.text.partition("#")[0]
            if is_address(address) and address.startswith("http") and not address.rstrip("/").endswith(".git"):
                yield rule.at(
                    dockerfile.span(word.extent),
                    f"nothing verifies what {address.partition('://')[2].partition('/')[0]} sends",
                    help="add --checksum=sha256:..., or download, verify and unpack in one RUN",
                )
