"""ARG or ENV has the name of a secret.

## What it does
Flags ARG and ENV with a name that promises a password, a key, a token or other credentials, whatever the value is and
also without one. Names that only look so (`MAX_TOKENS`, `TOKENIZERS_PARALLELISM`, `KEYCLOAK_URL`, `..._FILE`),
addresses and what is public by its name (`NEXT_PUBLIC_...`) are fine. Values that are real credentials have rules of
their own, in the default profile.

## Why is this bad
Whoever builds the image is invited to pass the secret there, and then it is in the image's configuration or history for
everyone who can pull it.

## Example
```dockerfile
FROM python:3.13-slim
ARG PYPI_TOKEN
```

## Use instead
```dockerfile
FROM python:3.13-slim
RUN --mount=type=secret,id=pypi_token python -m app.fetch
```

## References
- https://docs.docker.com/reference/build-checks/secrets-used-in-arg-or-env/
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.image import Dockerfile
from aiaudit.rule import LOW, Rule
from aiaudit.sources.secrets.names import kind_of_name

rule = Rule(
    id="IMG683",
    name="secret-named-variable",
    summary="ARG or ENV has the name of a secret",
    severity=LOW,
    since="0.1.0",
    aliases=("DL3064", "SecretsUsedInArgOrEnv", "c3e1b6ae", "secret-in-build-arg"),
    profile="pedantic",
)


@rule.check(Dockerfile)
def secret_named_variable(dockerfile: Dockerfile) -> Iterator[Finding]:
    """Every such name."""
    for placed in dockerfile.usage.placed("ARG", "ENV"):
        for pair in placed.instruction.pairs:
            if kind_of_name(pair.key) not in (None, "url") and "PUBLIC" not in pair.key.upper():
                yield rule.at(
                    dockerfile.span(pair.extent),
                    f"{pair.key} is the name of a secret, and {placed.instruction.keyword} keeps what it gets",
                    help="use RUN --mount=type=secret while building, and the environment of the container at run time",
                )
