"""Candidates become facts here: judged, masked, made unique by place."""

from __future__ import annotations

import re

from aiaudit.patterns import regex
from aiaudit.sources.secrets import names
from aiaudit.sources.secrets.facts import (
    DEFAULT_PASSWORD,
    PLACEHOLDER,
    PROVIDER,
    STRONG,
    SecretFact,
    SecretFacts,
    SecretProblem,
)
from aiaudit.sources.secrets.marks import mark_of_value
from aiaudit.sources.secrets.prefilter import Scan
from aiaudit.sources.secrets.shapes import shape_by_name, shape_of_value
from aiaudit.sources.secrets.values import (
    PROCESS,
    default_of_variable,
    is_reference,
    judge,
    prefix_of,
    with_defaults,
    without_scheme,
)
from aiaudit.span import Extent

_MOST_FACTS = 500
_ALLOWED = regex(r"gitleaks:allow|pragma:\s{0,4}(?:allowlist|whitelist)\s{1,4}secret", re.IGNORECASE)
_ALLOWED_NEXT = regex(r"pragma:\s{0,4}(?:allowlist|whitelist)\s{1,4}nextline\s{1,4}secret", re.IGNORECASE)
_USERINFO = regex(r"([a-zA-Z][a-zA-Z0-9+.\-]{1,40})://([^\s/\"'`<>]{0,330})@([\w.\-\[\]{}$:%]*)")
_SAMPLE_SCHEMES = ("driver", "dialect", "scheme", "protocol")
_LABELS = {
    names.PASSWORD: "password", names.KEY: "key", names.TOKEN: "token", names.SECRET: "secret",
    names.IDENTIFIER: "access key id", names.URL: "URL",
}  # fmt: skip


# Kind, provider, label, grade.
Found = tuple[str, str, str, str]


def mask(value: str) -> str:
    """The first characters, four at most and never more than a third, and the length."""
    shown = min(4, len(value) // 3)
    return f"{value[:shown]}… ({len(value)} characters)"


def digest(value: str) -> str:
    """Tells equal values apart from different ones."""
    import hashlib  # takes long to import: most runs find no candidate

    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()[:16]


class Collector:
    """Takes candidates of one file and keeps the facts; keys of the provider `public` are no secret in this file."""

    def __init__(self, scan: Scan) -> None:
        self.scan = scan
        self.public = ""
        self._facts: dict[tuple[int, int], SecretFact] = {}
        self._taken: list[tuple[int, int]] = []
        self._problems: list[SecretProblem] = []

    def is_full(self) -> bool:
        """Whether no more facts are kept; asked when there is one more, so the facts then say that it is missing."""
        if len(self._facts) < _MOST_FACTS:
            return False
        if not self._problems:
            self.problem(f"more than {_MOST_FACTS} candidate credentials; the rest is not listed")
        return True

    def problem(self, message: str, line: int = 1) -> None:
        """Notes that part of the file could not be searched."""
        self._problems.append(SecretProblem(message, Extent(line, 1, line, 1)))

    def bind(
        self,
        value: str,
        place: tuple[int, int],
        name: str,
        context: str,
        use: str,
        *,
        keys: tuple[str, ...] = (),
        real: bool = False,
    ) -> bool:
        """A literal bound to a name; true when it is a candidate. `real` leaves placeholders and guessable ones out."""
        default = default_of_variable(value)
        literal = without_scheme((value if default is None else default).strip())
        found = self._classify(literal, name, use if default is None else PROCESS)
        if found is None or (real and found[0] in (PLACEHOLDER, DEFAULT_PASSWORD)):
            return False
        self._keep(found, literal, place, name, context, keys, in_url=False)
        return True

    def _classify(self, literal: str, name: str, use: str) -> Found | None:
        if not literal or is_reference(literal):
            return None
        shape = shape_of_value(literal)
        if shape is not None:
            return PROVIDER, shape.id, shape.label, STRONG
        mark = mark_of_value(literal)
        if mark is not None:
            return (PROVIDER, *mark, STRONG) if mark[0] else None
        shape = shape_by_name(literal, name)
        if shape is not None:
            return PROVIDER, shape.id, shape.label, STRONG
        judged = judge(literal, name, use)
        if judged is None:
            return None
        kind, grade = judged
        prefix = prefix_of(literal) if kind == PLACEHOLDER else ""
        return kind, prefix, _LABELS.get(names.kind_of_name(name) or "", "secret"), grade

    def shape(self, provider: str, label: str, place: tuple[int, int], context: str) -> None:
        """A key known by its form, wherever it stands."""
        value = self.scan.text[slice(*place)]
        self._keep((PROVIDER, provider, label, STRONG), value, place, "", context, (), in_url=False)

    def link(
        self,
        text: str,
        place: tuple[int, int],
        name: str,
        context: str,
        *,
        keys: tuple[str, ...] = (),
        real: bool = False,
    ) -> bool:
        """The first password inside a URL of the text; `place` is where the text stands in the file."""
        for match in _USERINFO.finditer(with_defaults(text)):
            scheme, user, host = match.groups()
            password = user.partition(":")[2].removesuffix("@")
            if not password or "@" in password or is_reference(password) or scheme in _SAMPLE_SCHEMES:
                continue
            found = self._classify(password, "password", PROCESS)
            if found is not None and found[0] == DEFAULT_PASSWORD and _is_example_host(host):
                found = (PLACEHOLDER, "", found[2], found[3])
            if found is None or (real and found[0] in (PLACEHOLDER, DEFAULT_PASSWORD)):
                continue
            self._keep(found, password, place, name, context, keys, in_url=True)
            return True
        return False

    def covers(self, offset: int) -> bool:
        """Whether a fact already stands at the offset."""
        return any(start <= offset < end for start, end in self._taken)

    def _keep(
        self,
        found: Found,
        value: str,
        place: tuple[int, int],
        name: str,
        context: str,
        keys: tuple[str, ...],
        *,
        in_url: bool,
    ) -> None:
        if place in self._facts or (self.public and found[1] == self.public):
            return
        if self.is_full():
            return
        self._taken.append(place)
        self._facts[place] = SecretFact(
            *found[:3], mask(value), len(value), digest(value), found[3], in_url, _shown(name, value), context,
            tuple(_shown(key, value) for key in keys[-12:]), self._is_allowed(place), self.scan.extent(*place),
        )  # fmt: skip

    def _is_allowed(self, place: tuple[int, int]) -> bool:
        start, line = self.scan.line_of(place[0])
        if _ALLOWED.search(line):
            return True
        _, last = self.scan.line_of(max(place[1] - 1, place[0]))
        if _ALLOWED.search(last):
            return True
        return start > 0 and bool(_ALLOWED_NEXT.search(self.scan.line_of(start - 1)[1]))

    def facts(self) -> SecretFacts:
        """What was found, in the order of the text."""
        ordered = sorted(self._facts.values(), key=lambda fact: fact.extent)
        return SecretFacts(tuple(ordered), tuple(self._problems))


def _shown(name: str, value: str) -> str:
    """A name is shown as it is, unless it would give the value away."""
    return "" if len(value) >= 8 and value in name else name[:120]


def _is_example_host(host: str) -> bool:
    name = host.partition(":")[0].lower()
    return name.startswith("example.") or name.endswith(
        ("example.com", "example.org", "example.net", ".example", "your-host", "yourhost")
    )
