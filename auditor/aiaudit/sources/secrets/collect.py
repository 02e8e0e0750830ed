"""Candidates become facts here: judged, masked, made unique by place."""

from __future__ import annotations

import hashlib
import re

from aiaudit.sources.secrets import names
from aiaudit.sources.secrets.facts import (
    DEFAULT_PASSWORD,
    FAIR,
    GENERIC,
    PLACEHOLDER,
    PROVIDER,
    STRONG,
    WEAK,
    SecretFact,
    SecretFacts,
    SecretProblem,
)
from aiaudit.sources.secrets.marks import mark_of_value
from aiaudit.sources.secrets.prefilter import Scan
from aiaudit.sources.secrets.shapes import shape_by_name, shape_of_value
from aiaudit.sources.secrets.values import compose_default, is_reference, judge, without_scheme
from aiaudit.span import Extent

_MOST_FACTS = 2000
_ALLOWED = re.compile(r"gitleaks:allow|pragma:\s{0,4}(?:allowlist|whitelist)\s{1,4}secret", re.IGNORECASE)
_ALLOWED_NEXT = re.compile(r"pragma:\s{0,4}(?:allowlist|whitelist)\s{1,4}nextline\s{1,4}secret", re.IGNORECASE)
_DEFAULT_INSIDE = re.compile(r"\$\{\w+:?-([^{}$]*)\}")
_USERINFO = re.compile(r"([a-zA-Z][a-zA-Z0-9+.\-]{1,40})://([^\s/\"'`<>]{0,330})@([\w.\-\[\]{}$:%]*)")
_LABELS = {
    names.PASSWORD: "password", names.KEY: "key", names.TOKEN: "token", names.SECRET: "secret",
    names.IDENTIFIER: "access key id", names.URL: "URL",
}  # fmt: skip


def mask(value: str) -> str:
    """The first characters, four at most and never more than a third, and the length."""
    shown = min(4, len(value) // 3)
    return f"{value[:shown]}… ({len(value)} characters)"


def digest(value: str) -> str:
    """Tells equal values apart from different ones."""
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()[:16]


class Collector:
    """Takes candidates of one file and keeps the facts."""

    def __init__(self, scan: Scan) -> None:
        self.scan = scan
        self._facts: dict[tuple[int, int], SecretFact] = {}
        self._taken: list[tuple[int, int]] = []
        self._problems: list[SecretProblem] = []

    def problem(self, message: str, line: int = 1) -> None:
        """Notes that part of the file could not be searched."""
        self._problems.append(SecretProblem(message, Extent(line, 1, line, 1)))

    def bind(
        self,
        value: str,
        place: tuple[int, int],
        name: str,
        context: str,
        *,
        runs: bool,
        keys: tuple[str, ...] = (),
        least: str = WEAK,
        label: str = "",
    ) -> bool:
        """A literal bound to a name; true when it is a candidate of at least the grade asked for."""
        default = compose_default(value)
        literal = without_scheme((value if default is None else default).strip())
        found = self._classify(literal, name, runs, label)
        if found is None:
            return False
        kind, provider, title, grade = found
        if least == FAIR and (grade == WEAK or kind == PLACEHOLDER):
            return False
        self._keep(kind, provider, title, grade, literal, place, name, context, keys, in_url=False)
        return True

    def _classify(self, literal: str, name: str, runs: bool, label: str) -> tuple[str, str, str, str] | None:
        if not literal or (is_reference(literal) and "django-insecure" not in literal):
            return None
        shape = shape_of_value(literal)
        if shape is not None:
            return PROVIDER, shape.id, shape.label, STRONG
        marked = mark_of_value(literal)
        if marked is not None:
            return None if marked == "" else (PROVIDER, marked, label or _title(marked), STRONG)
        shape = shape_by_name(literal, name)
        if shape is not None:
            return PROVIDER, shape.id, shape.label, STRONG
        judged = judge(literal, name, runs=runs)
        if judged is None:
            return None
        return judged[0], "", label or _LABELS.get(names.kind_of_name(name) or "", "secret"), judged[1]

    def shape(self, provider: str, label: str, place: tuple[int, int], context: str, name: str = "") -> None:
        """A key known by its form, wherever it stands."""
        self._keep(PROVIDER, provider, label, STRONG, self.scan.text[slice(*place)], place, name, context, (), in_url=False)

    def link(
        self, text: str, place: tuple[int, int], name: str, context: str, keys: tuple[str, ...] = ()
    ) -> bool:
        """The first password inside a URL of the text; `place` is where the text stands in the file."""
        for match in _USERINFO.finditer(text):
            _, _, password = _DEFAULT_INSIDE.sub(r"\1", match.group(2)).partition(":")
            password = password.removesuffix("@")
            if not password or "@" in password or is_reference(password):
                continue
            judged = judge(password, "password", runs=True)
            if judged is None:
                continue
            shape = shape_of_value(password)
            kind, provider, label = judged[0], "", "password"
            if shape is not None:
                kind, provider, label = PROVIDER, shape.id, shape.label
            if kind != PLACEHOLDER and _is_example_host(match.group(3)):
                kind = PLACEHOLDER
            scheme = match.group(1)
            self._keep(kind, provider, label, judged[1], password, place, name or scheme, context, keys, in_url=True)
            return True
        return False

    def covers(self, offset: int) -> bool:
        """Whether a fact already stands at the offset."""
        return any(start <= offset < end for start, end in self._taken)

    def _keep(
        self,
        kind: str,
        provider: str,
        label: str,
        grade: str,
        value: str,
        place: tuple[int, int],
        name: str,
        context: str,
        keys: tuple[str, ...],
        *,
        in_url: bool,
    ) -> None:
        if place in self._facts or len(self._facts) > _MOST_FACTS:
            if len(self._facts) > _MOST_FACTS and not self._problems:
                self.problem(f"more than {_MOST_FACTS} candidate credentials; the rest is not listed")
            return
        extent = self.scan.extent(*place)
        self._taken.append(place)
        self._facts[place] = SecretFact(
            kind, provider, label, mask(value), len(value), digest(value), grade, in_url,
            _shown_name(name, value), context, _shown_keys(keys, value), self._is_allowed(place), extent,
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


def _title(mark: str) -> str:
    return {"jwt": "JSON Web Token", "private-key": "private key"}.get(mark, mark)


def _shown_name(name: str, value: str) -> str:
    """A name is shown as it is, unless it would give the value away."""
    return "" if len(value) >= 8 and value in name else name[:120]


def _shown_keys(keys: tuple[str, ...], value: str) -> tuple[str, ...]:
    return tuple(_shown_name(key, value) for key in keys[-12:])


def _is_example_host(host: str) -> bool:
    name = host.partition(":")[0].lower()
    return name.endswith(("example.com", "example.org", "example.net", ".example", "your-host", "yourhost"))


__all__ = ["DEFAULT_PASSWORD", "GENERIC", "Collector", "digest", "mask"]
