"""What one file says about credentials. No value is kept: a mask, the length and a digest stand for it."""

from __future__ import annotations

from aiaudit.span import Extent
from aiaudit.values import dataclass

PROVIDER, GENERIC, DEFAULT_PASSWORD, PLACEHOLDER = "provider", "generic", "default-password", "placeholder"
STRONG, FAIR, WEAK = "strong", "fair", "weak"


@dataclass(frozen=True, slots=True)
class SecretFact:
    """One candidate credential.

    `kind` is PROVIDER (the shape of a known provider's key, `provider` is its id), GENERIC (a literal with entropy),
    DEFAULT_PASSWORD (a guessable one) or PLACEHOLDER. `grade` says how much the value looks like a real one. `in_url`
    is true for the password part of a URL. `name` is what the value is bound to ("" if nothing), `context` how:
    "assignment", "argument", "default" (of an environment lookup or a parameter), "field" (of a settings class),
    "entry" (of a dict), "comparison" (with what somebody sends), "environment", "config", "script", "embedded" (inside
    a longer string), "comment", "text".
    `keys` is the path of keys that leads there in YAML and JSON; `allowed` tells that a mark of gitleaks or
    detect-secrets on the line allows the value.
    """

    kind: str
    provider: str
    label: str
    masked: str
    length: int
    fingerprint: str
    grade: str
    in_url: bool
    name: str
    context: str
    keys: tuple[str, ...]
    allowed: bool
    extent: Extent


@dataclass(frozen=True, slots=True)
class SecretProblem:
    """Why part of the file could not be searched."""

    message: str
    extent: Extent


@dataclass(frozen=True, slots=True)
class SecretFacts:
    """All candidates of one file, in the order of the text."""

    secrets: tuple[SecretFact, ...] = ()
    problems: tuple[SecretProblem, ...] = ()
