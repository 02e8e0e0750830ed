"""apt installs packages that nobody has signed.

## What it does
Flags `--allow-unauthenticated`, `--force-yes`, `--allow-insecure-repositories` and the settings of the same meaning
(`-o APT::Get::AllowUnauthenticated=true`, `-o Acquire::AllowInsecureRepositories=true`).

## Why is this bad
apt then takes packages from whoever answers: a mirror, a proxy, someone on the way.

## Example
```dockerfile
FROM debian:12-slim
RUN apt-get update && apt-get install -y --allow-unauthenticated tini
```

## Use instead
```dockerfile
FROM debian:12-slim
RUN apt-get update && apt-get install -y tini
```

## References
- https://wiki.debian.org/SecureApt
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.image import Dockerfile
from aiaudit.rule import HIGH, Rule
from aiaudit.sources.dockerfile.facts import Word
from aiaudit_rules.image.managers import APT
from aiaudit_rules.image.switches import flagged

rule = Rule(
    id="IMG649",
    name="apt-signatures-unchecked",
    summary="apt installs packages that nobody has signed",
    severity=HIGH,
    since="0.1.0",
    aliases=("CKV2_DOCKER_8", "CKV2_DOCKER_11"),
)

_FLAGS = ("--allow-unauthenticated", "--force-yes", "--allow-insecure-repositories")
_SETTINGS = ("allowunauthenticated=", "allowinsecurerepositories=", "allowdowngradetoinsecurerepositories=")
_TRUE = ("true", "1", "yes", "on")


@rule.check(Dockerfile)
def apt_signatures_unchecked(dockerfile: Dockerfile) -> Iterator[Finding]:
    """Options that accept anything."""
    for call, word in flagged(dockerfile, APT.programs, _FLAGS):
        yield _finding(dockerfile, call.program, word)
    for call in dockerfile.usage.calls(APT.programs):
        for word in call.words:
            name, _, value = word.text.lower().rpartition("=")
            if value in _TRUE and f"{name}=".endswith(_SETTINGS):
                yield _finding(dockerfile, call.program, word)


def _finding(dockerfile: Dockerfile, program: str, word: Word) -> Finding:
    return rule.at(
        dockerfile.span(word.extent),
        f"{program} {word.text}: packages are taken from whoever answers",
        help="install the repository's key below /etc/apt/keyrings and name it with signed-by",
    )
