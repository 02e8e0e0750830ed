"""An environment file with secrets is committed.

## What it does
Flags `.env`, `.env.production`, `api.env` and the like when git carries them and at least one value is a secret. One
finding a file, at its first secret that is no provider's key; the other values are reported on their own, and so are
all keys of providers (`provider-key`), because each has to be revoked. Files that are there to be copied
(`.env.example`, `.env.sample`, `.env.template`) and those of tests are left alone, and so is a file without secrets.

## Why is this bad
The file is the place where people put real keys next, and from then on they are in the history, in every clone and,
with `COPY . .`, in the image.

## Example
```dotenv
LOG_LEVEL=info
SESSION_SECRET=Zk4Wq9Lm2Xc7Vb1Nt6Rp8Ys3Hd5Gf0JaUeKi2oTq
```

## Use instead
```dotenv
# file: .env.example
LOG_LEVEL=info
SESSION_SECRET=
```

## References
- https://12factor.net/config
- https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/removing-sensitive-data-from-a-repository
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding, Step
from aiaudit.model.secrets import EnvironmentFile
from aiaudit.rule import HIGH, Rule

rule = Rule(
    id="KEY108",
    name="committed-env-file",
    summary="An environment file with secrets is committed",
    severity=HIGH,
    since="0.1.0",
    aliases=(),
)


@rule.check(EnvironmentFile)
def committed_env_file(file: EnvironmentFile) -> Iterator[Finding]:
    """Environment files that git carries and that hold secrets."""
    shown = ", ".join(file.names[:3]) + (f" and {len(file.names) - 3} more" if len(file.names) > 3 else "")
    yield rule.at(
        file.first.span,
        f"{file.path} is committed with secrets in it: {shown or file.first.title}",
        help="git rm --cached the file, add it to .gitignore, change the values, and commit an .env.example instead",
        severity=file.severity,
        confidence=file.confidence,
        related=[Step(f"{secret.title}{secret.bound}", secret.span) for secret in (file.first, *file.others)],
    )
