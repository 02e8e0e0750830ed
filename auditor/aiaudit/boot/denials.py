"""Places where a program could not write, as its log tells."""

from __future__ import annotations

from aiaudit.patterns import regex

_DENIED = regex(r"(?i)read-only file system|permission denied|readonly database|unable to open database file")
_BINDING = regex(r"(?i)\bbind|address")
_QUOTED = regex(r"['\"‘](/?[^'\"’\s]+)['\"’]")
_BARE = regex(r"(?<![\w.])(/[\w./@+\-]+)")
_MOST = 20


def denied(log: str) -> tuple[str, ...]:
    """The paths in lines about a refused write, in order; the line itself where it names none."""
    found: dict[str, None] = {}
    for line in log.splitlines():
        match = _DENIED.search(line)
        if not match or _BINDING.search(line):
            continue
        # Python names the path behind the words, programs of the shell before them.
        path = _QUOTED.search(line, match.end()) or _QUOTED.search(line)
        bare = [*_BARE.findall(line, match.end()), *_BARE.findall(line, 0, match.start())[::-1]]
        found[path[1] if path else bare[0] if bare else line.strip()[:120]] = None
    return tuple(found)[:_MOST]
