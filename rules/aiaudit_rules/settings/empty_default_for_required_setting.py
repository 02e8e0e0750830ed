"""A required setting has an empty or stand-in default, so the service starts without it.

## What it does
Flags fields of settings classes and environment lookups whose default is an empty text, None or a stand-in
(`"changeme"`, `"unset"`, any literal for a key, secret or password, a database address with credentials) where the
value is needed and nothing stops the start without it. What counts as a check is the same as for
`unchecked-environment-lookup`; validators of the settings class count as well. Defaults that servers accept
(`"ollama"`, `"not-needed"`), knobs, what is used only where a test has found it, and what says by `None` or an empty
text that it may be left out and is used in one of many ways that requests choose from are left alone.

A secret for signing that a process makes itself where it is missing (`os.getenv("SECRET_KEY", os.urandom(24))`) is
flagged too: each restart ends all sessions, and two workers do not accept each other's.

## Why is this bad
An empty key is taken by several clients as if it were one: the service starts and every call fails. A stand-in is
worse: a token signed with a secret that stands in the source code is a token that anybody can sign.

## Example
```python
from fastapi import FastAPI
from openai import OpenAI
from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    openai_api_key: str = ""


settings = Settings()
client = OpenAI(api_key=settings.openai_api_key, timeout=20, max_retries=1)
app = FastAPI()
```

## Use instead
```python
from fastapi import FastAPI
from openai import OpenAI
from pydantic import SecretStr
from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    openai_api_key: SecretStr


settings = Settings()
client = OpenAI(api_key=settings.openai_api_key.get_secret_value(), timeout=20, max_retries=1)
app = FastAPI()
```

## References
- https://docs.pydantic.dev/latest/concepts/pydantic_settings/
- https://cwe.mitre.org/data/definitions/1188.html
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.finding import Finding
from aiaudit.model.settings import Setting
from aiaudit.rule import HIGH, MEDIUM, Rule
from aiaudit_rules.settings.shared import confidence_of, consequence

rule = Rule(
    id="ENV102",
    name="empty-default-for-required-setting",
    summary="A required setting has an empty or stand-in default",
    severity=HIGH,
    since="0.1.0",
)

DEFAULTS = {"none": "None", "empty": "an empty text", "literal": "a stand-in"}


@rule.check(Setting)
def empty_default_for_required_setting(setting: Setting) -> Iterator[Finding]:
    """Fields with a default, and lookups with one that stands for none."""
    if setting.default == "anew":
        yield rule.at(
            setting.span,
            f"{setting.name} is made anew by each process that starts without it: what one has signed no other accepts",
            help="give it no default, so that the service does not start without it",
            trace=setting.steps,
            severity=MEDIUM,
        )
        return
    if setting.in_request is not None or not (setting.is_field or setting.default in ("empty", "literal")):
        return
    if setting.default not in DEFAULTS or setting.left_out:
        return
    known = " that anybody can read" if setting.default == "literal" and setting.only_here else ""
    yield rule.at(
        setting.span,
        f"{setting.name} defaults to {DEFAULTS[setting.default]}{known}: {consequence(setting)}",
        help="give it no default, so that the service does not start without it",
        trace=setting.steps,
        confidence=confidence_of(setting),
    )
