"""Credentials inside longer strings: commands, queries of URLs, header lines, data source names."""

from __future__ import annotations

import re

from aiaudit.patterns import regex
from aiaudit.sources.secrets import names
from aiaudit.sources.secrets.collect import Collector
from aiaudit.sources.secrets.values import CODE, PROCESS

_LONGEST = 20_000
_QUERY = regex(r"[?&]([A-Za-z_\-]{2,40})=([^&\s\"'`<>{}#\\$%]{8,400})(?![{$%])")
_BOUND = regex(
    r"""(?<![\w${.\-])(?P<name>[A-Za-z_][\w.\-]{1,60})\\{0,3}["']?\s{0,3}(?::=|=|:)\s{0,3}\\{0,3}["']?"""
    r"""(?P<value>(?:(?:Bearer|Basic|Token)\s{1,3})?[^\s"'`\\,;&<>{}()\[\]]{6,400})(?P<next>[{$(]?)"""
)
_SOURCE_NAME = regex(r"\b(?:host|dbname|user|Server|Data Source|User Id|Uid)\s?=", re.IGNORECASE)
_SOURCE_PASSWORD = regex(r"\b(password|pwd)\s?=\s?([^\s;'\"{}%$*]{3,100})", re.IGNORECASE)
_WORTH = regex(r"key|token|secret|pass|pwd|auth|credential", re.IGNORECASE)


def bind_embedded(collector: Collector, text: str, place: tuple[int, int], *, keys: tuple[str, ...] = ()) -> bool:
    """Look for a credential inside a string that is bound to no secret's name itself; the whole string is its place."""
    if len(text) > _LONGEST or not _WORTH.search(text):
        return False
    for match in _QUERY.finditer(text):
        name, value = match.groups()
        if names.is_secret_name(name) and collector.bind(value, place, name, "query", PROCESS, keys=keys):
            return True
    if _SOURCE_NAME.search(text):
        for match in _SOURCE_PASSWORD.finditer(text):
            if collector.bind(match.group(2), place, match.group(1), "embedded", PROCESS, keys=keys):
                return True
    for match in _BOUND.finditer(text):
        name, value = match.group("name"), match.group("value")
        if match.group("next") or not names.is_secret_name(name):
            continue
        if collector.bind(value, place, name, "embedded", CODE, keys=keys, real=True):
            return True
    return False
