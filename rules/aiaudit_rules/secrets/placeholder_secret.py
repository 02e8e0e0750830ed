"""A placeholder stands where a secret is needed.

## What it does
Flags `sk-xxxx`, `changeme`, `your-key-here`, `<token>`, `test` for a provider's key and the like in code, settings,
deploy files and committed environment files. Files that are there to be copied (`.env.example`, `*.sample`,
`*.template`, `*.dist`), tests, documents, notebooks and CI pipelines are left alone, and so are settings classes for
tests (`class TestingConfig`, `TESTING = True`) and values for servers that ask for no key.

Medium severity where a process would run with the value, low elsewhere. In code it has medium confidence, unless what
it is used for works with it: model servers of one's own take any key, and code says so with a stand-in. A placeholder
as the default of a password or signing key is reported by `secret-default`: it works, and everybody knows it.

## Why is this bad
The service starts without its key and fails at the first request that needs it, with the provider's 401 as the only
hint. A missing value without a default stops it at start-up.

## Example
```python
from openai import OpenAI

OPENAI_API_KEY = "sk-xxxx"

client = OpenAI(api_key=OPENAI_API_KEY, timeout=30, max_retries=1)
```

## Use instead
```python
import os

from openai import OpenAI

client = OpenAI(api_key=os.environ["OPENAI_API_KEY"], timeout=30, max_retries=1)
```

## References
- https://12factor.net/config
- https://docs.pydantic.dev/latest/concepts/pydantic_settings/
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Confidence, Finding
from aiaudit.model.secrets import EMPTY, Secret
from aiaudit.rule import MEDIUM, Rule

rule = Rule(
    id="KEY103",
    name="placeholder-secret",
    summary="A placeholder stands where a secret is needed",
    severity=MEDIUM,
    since="0.1.0",
    aliases=(),
)


@rule.check(Secret)
def placeholder_secret(secret: Secret) -> Iterator[Finding]:
    """Placeholders outside of files that are there to be copied."""
    if secret.place != EMPTY:
        return
    where = f" in {secret.where}" if secret.where else ""
    effect = "runs with a value that everybody knows" if secret.works else "starts with it and fails later"
    yield rule.at(
        secret.span,
        f"{secret.title}{secret.bound}{where}: the process {effect}",
        help="leave the value out and make the setting required, so that start-up fails when it is missing",
        severity=secret.severity,
        confidence=_confidence(secret),
        related=secret.related,
    )


def _confidence(secret: Secret) -> Confidence:
    """Code may mean a stand-in that does not work: model servers of one's own take any key."""
    is_meant = secret.span.path.endswith(".py") and not secret.works and secret.confidence is Confidence.HIGH
    return Confidence.MEDIUM if is_meant else secret.confidence
