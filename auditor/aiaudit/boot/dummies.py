"""Values for a service's variables that are none: unique in each run, in the shape that the reader expects.

None comes from the user's environment or files. What is secret among them is looked for in all that a container gives
out, so no two are alike and none looks like a word.
"""

from __future__ import annotations

import base64
import hashlib
import string
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from aiaudit.boot.record import Kind, Variable
from aiaudit.sources.secrets.names import words_of

# The domain of every host that a dummy names: reserved, so that nobody answers (RFC 2606).
DOMAIN = "aiaudit.invalid"
# Providers whose API the stub beside the container speaks.
STUBBED = ("openai", "anthropic")

_BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
# Provider -> what its keys begin with, how many characters follow, and of which alphabet.
_KEYS: dict[str, tuple[str, int, str]] = {
    "openai": ("sk-proj-", 48, _BASE62),
    "anthropic": ("sk-ant-api03-", 93, _BASE62),
    "google": ("AIza", 35, _BASE62),
    "huggingface": ("hf_", 34, string.ascii_letters),
    "groq": ("gsk_", 52, _BASE62),
    "xai": ("xai-", 80, _BASE62),
    "openrouter": ("sk-or-v1-", 64, "0123456789abcdef"),
    "replicate": ("r8_", 37, _BASE62),
    "tavily": ("tvly-", 32, _BASE62),
    "pinecone": ("pcsk_", 64, _BASE62),
    "langsmith": ("lsv2_pt_", 32, "0123456789abcdef"),
    "langfuse": ("sk-lf-", 36, "0123456789abcdef"),
    "perplexity": ("pplx-", 48, _BASE62),
    "voyage": ("pa-", 43, _BASE62),
    "llamacloud": ("llx-", 48, _BASE62),
    "aws": ("AKIA", 16, string.ascii_uppercase + "234567"),
    "stripe": ("sk_test_", 24, _BASE62),
    "github": ("ghp_", 36, _BASE62),
    "slack": ("xoxb-", 48, _BASE62),
}
# Scheme -> port of its server.
_STORES = {"postgresql": 5432, "mysql": 3306, "redis": 6379, "mongodb": 27017, "amqp": 5672, "clickhouse": 8123}
_PORTS = {"postgres": 5432, "pg": 5432, "db": 5432, "mysql": 3306, "redis": 6379, "mongo": 27017, "smtp": 587}
# The last word of a name that has it -> a value that its reader knows.
_TEXTS = {
    "model": "gpt-4o-mini",
    "deployment": "gpt-4o-mini",
    "region": "us-east-1",
    "level": "INFO",
    "env": "production",
    "environment": "production",
    "tz": "UTC",
    "timezone": "UTC",
    "algorithm": "HS256",
    "version": "2024-10-21",
}
_INVALID = {
    Kind.URL: "not a url",
    Kind.INTEGER: "abc",
    Kind.NUMBER: "abc",
    Kind.BOOLEAN: "maybe-not",
    Kind.CHOICE: "aiaudit-no-choice",
}


def dummies(variables: Iterable[Variable], nonce: str, base_url: str = "") -> dict[str, str]:
    """A value for every variable that is required, and the stub's address where an API's address can be set.

    Optional variables keep their defaults: a service that is deployed without them is what most people run. `nonce`
    makes the values of a run unlike those of any other.
    """
    values: dict[str, str] = {}
    for variable in variables:
        is_address = variable.kind is Kind.URL and variable.provider in STUBBED
        if variable.required or (is_address and base_url):
            values[variable.name] = dummy(variable, nonce, base_url)
    return values


def dummy(variable: Variable, nonce: str, base_url: str = "") -> str:
    """The value of one variable, long enough for it."""
    value = _MAKERS[variable.kind](variable, nonce, base_url)
    missing = variable.least - len(value)
    if missing > 0 and variable.kind in (Kind.SECRET, Kind.TEXT):
        value += _drawn(f"{nonce}:{variable.name}:more", missing, _BASE62)
    return value


def invalid(variable: Variable) -> str | None:
    """A value that a typed variable cannot have, None for one that takes any text."""
    return _INVALID.get(variable.kind)


def secrets(variables: Iterable[Variable], values: Mapping[str, str]) -> dict[str, str]:
    """Variable -> the part of its value that nobody may see: the value of a secret, the password in an address."""
    found: dict[str, str] = {}
    for variable in variables:
        value = values.get(variable.name, "")
        hidden = value if variable.kind is Kind.SECRET else _password(value)
        if hidden:
            found[variable.name] = hidden
    return found


def _password(value: str) -> str:
    try:
        return urlsplit(value).password or ""
    except ValueError:  # no address
        return ""


def _drawn(seed: str, length: int, alphabet: str) -> str:
    """Characters that depend on the seed alone and say nothing about it."""
    drawn = hashlib.shake_256(seed.encode()).digest(length)
    return "".join(alphabet[byte % len(alphabet)] for byte in drawn)


def _secret(variable: Variable, nonce: str, base_url: str) -> str:
    seed = f"{nonce}:{variable.name}"
    if variable.provider == "fernet":
        return base64.urlsafe_b64encode(hashlib.sha256(seed.encode()).digest()).decode()
    start, length, alphabet = _KEYS.get(variable.provider, ("", 64, "0123456789abcdef"))
    return start + _drawn(seed, length, alphabet)


def _url(variable: Variable, nonce: str, base_url: str) -> str:
    if variable.provider in STUBBED and base_url:
        # This provider's client adds the version to the address itself.
        return base_url.removesuffix("/v1") if variable.provider == "anthropic" else base_url
    host = f"{variable.name.lower().replace('_', '-').strip('-')}.{DOMAIN}"
    port = _STORES.get(variable.provider.partition("+")[0])
    if port is None:
        return f"https://{host}"
    password = _drawn(f"{nonce}:{variable.name}", 32, "0123456789abcdef")
    path = "0" if variable.provider == "redis" else "aiaudit"
    return f"{variable.provider}://aiaudit:{password}@{host}:{port}/{path}"


def _integer(variable: Variable, nonce: str, base_url: str) -> str:
    words = words_of(variable.name)
    if "port" in words:
        return str(next((_PORTS[word] for word in words if word in _PORTS), 8000))
    return str(max(variable.least, 10))


def _number(variable: Variable, nonce: str, base_url: str) -> str:
    return str(float(variable.least)) if variable.least > 0 else "0.5"


def _choice(variable: Variable, nonce: str, base_url: str) -> str:
    return variable.choices[0] if variable.choices else _text(variable, nonce, base_url)


def _text(variable: Variable, nonce: str, base_url: str) -> str:
    words = words_of(variable.name)
    if variable.provider == "list":
        return f'["{variable.name.lower().replace("_", "-")}"]'
    if variable.provider == "object":
        return "{}"
    if "host" in words or "hostname" in words or "server" in words:
        return f"{variable.name.lower().replace('_', '-')}.{DOMAIN}"
    known = next((_TEXTS[word] for word in reversed(words) if word in _TEXTS), "")
    return known or f"aiaudit-{'-'.join(words)}"


_MAKERS = {
    Kind.SECRET: _secret,
    Kind.URL: _url,
    Kind.INTEGER: _integer,
    Kind.NUMBER: _number,
    Kind.BOOLEAN: lambda variable, nonce, base_url: "false",
    Kind.CHOICE: _choice,
    Kind.PATH: lambda variable, nonce, base_url: "/etc/hostname" if variable.provider == "file" else "/tmp",
    Kind.EMAIL: lambda variable, nonce, base_url: "aiaudit@example.com",  # validators refuse reserved domains
    Kind.TEXT: _text,
}
