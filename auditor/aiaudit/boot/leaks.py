"""Secrets that came out: dummy values of secrets in the log, in responses and in written files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from aiaudit.boot.record import Leak

# So much of a secret is a leak: more than its public start ("sk-proj-"), less than programs show when they cut it.
_PART = 12


def leaks(secrets: Mapping[str, str], places: Iterable[tuple[str, str]]) -> tuple[Leak, ...]:
    """Where a secret, or the beginning or end of one, stands; `places` are names with their text. The first line of
    each: programs cut long values at their end or in the middle."""
    found: list[Leak] = []
    for place, text in places:
        for variable, secret in secrets.items():
            at = min((at for part in parts(secret) if (at := text.find(part)) >= 0), default=-1)
            if at >= 0:
                found.append(Leak(variable, place, text.count("\n", 0, at) + 1))
    return tuple(found)


def parts(secret: str) -> tuple[str, str]:
    """The beginning and the end that give a secret away: unique in this run, however the rest is cut."""
    return secret[: max(_PART, min(len(secret), _public(secret) + 8))], secret[-_PART:]


def _public(secret: str) -> int:
    """The length of what keys of this provider begin with: up to the last separator near the start."""
    return max((secret.rfind(mark, 0, 16) for mark in "-_"), default=-1) + 1
