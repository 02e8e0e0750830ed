"""Secrets that came out: dummy values of secrets in the log, in responses and in written files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from aiaudit.boot.record import Leak
from aiaudit.sources.secrets.collect import mask

# So much of a secret is a leak: more than its public start ("sk-proj-"), less than programs show when they cut it.
_PART = 12


def leaks(secrets: Mapping[str, str], places: Iterable[tuple[str, str]]) -> tuple[Leak, ...]:
    """Where a secret or the beginning of one stands; `places` are names with their text. The first line of each."""
    found: list[Leak] = []
    for place, text in places:
        for variable, secret in secrets.items():
            at = text.find(_part(secret))
            if at >= 0:
                found.append(Leak(variable, place, text.count("\n", 0, at) + 1))
    return tuple(found)


def without(text: str, secrets: Mapping[str, str]) -> str:
    """The text with secrets masked, also where only their beginning stands."""
    for secret in sorted(secrets.values(), key=len, reverse=True):
        text = text.replace(secret, mask(secret)).replace(_part(secret), mask(secret))
    return text


def _part(secret: str) -> str:
    """The beginning that gives a secret away: unique in this run, however the rest is cut."""
    return secret[: max(_PART, min(len(secret), _public(secret) + 8))]


def _public(secret: str) -> int:
    """The length of what keys of this provider begin with: up to the last separator near the start."""
    return max((secret.rfind(mark, 0, 16) for mark in "-_"), default=-1) + 1
