"""A key of a known provider is committed.

## What it does
Flags values that have the form of a provider's key: OpenAI, Anthropic, Google, Hugging Face, Groq, Mistral, Cohere,
Replicate, Pinecone, LangSmith, Langfuse, Weights & Biases, AWS, Azure, GitHub, GitLab, Slack, Stripe and others, JSON
Web Tokens and private keys. What can be checked is checked: length, alphabet, the checksum of GitHub's and npm's
tokens, whether a token's header decodes, whether the value counts up or repeats itself as examples do. Public keys (a
database's `anon` role, a web app's Firebase key) are left alone.

A key counts wherever git carries it. In tests, documents, comments and example files the confidence is lower. Keys in
a Dockerfile, in a deploy file or in the default of a look-up are reported by `secret-in-image`,
`secret-in-deploy-file` and `secret-default`, because there is more to do about them.

## Why is this bad
Whoever can read the repository, one of its forks or its history can spend on the account. Removing the line does not
take the key out of the history: it has to be revoked.

## Example
```python
from mistralai import Mistral

MISTRAL_API_KEY = "q8ZrT2mVb7YcW4nKd9LxF3hGs6JpA1eU"

client = Mistral(api_key=MISTRAL_API_KEY)
```

## Use instead
```python
import os

from mistralai import Mistral

client = Mistral(api_key=os.environ["MISTRAL_API_KEY"])
```

## References
- https://docs.github.com/en/code-security/secret-scanning/introduction/supported-secret-scanning-patterns
- https://cheatsheetseries.owasp.org/cheatsheets/Secrets_Management_Cheat_Sheet.html
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.secrets import KEY, Secret
from aiaudit.rule import CRITICAL, Rule

rule = Rule(
    id="KEY101",
    name="provider-key",
    summary="A key of a known provider is committed",
    severity=CRITICAL,
    since="0.1.0",
    aliases=(),
)


@rule.check(Secret)
def provider_key(secret: Secret) -> Iterator[Finding]:
    """Provider's keys that stand in no place of their own."""
    if secret.place != KEY:
        return
    yield rule.at(
        secret.span,
        f"{secret.title}{secret.bound} is committed",
        help="revoke the key at its provider, then read a new one from the environment"
        + (", and take the file out of git" if secret.is_in_environment_file else ""),
        severity=secret.severity,
        confidence=secret.confidence,
        related=secret.related,
    )
