"""Rules: metadata, the check decorator, discovery."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar, Union

from aiaudit.finding import Confidence, Finding, Severity, Step
from aiaudit.fix import Fix
from aiaudit.span import Span
from aiaudit.values import dataclass, field

LOW, MEDIUM, HIGH, CRITICAL = Severity.LOW, Severity.MEDIUM, Severity.HIGH, Severity.CRITICAL

Subject = TypeVar("Subject")
Check = Callable[..., Iterable[Finding]]
# A check as it is written: of a rule without options, or of one with.
Written = Union[Callable[[Subject], Iterable[Finding]], Callable[[Subject, Any], Iterable[Finding]]]  # noqa: UP007


@dataclass(slots=True)
class Rule:
    """One rule; its module's docstring is its documentation.

    `profile` is "default" or "pedantic". `aliases` are peers' rule ids that this rule covers. `options` is an
    instance of a frozen dataclass with the defaults; the checks of such a rule take the options in force as their
    second argument. `fix` says how safe the best fix is that the rule offers, None if it offers none. `tags` adds to
    those that the rule's pack gives to all its rules. `codes` is a pattern of the ids that another tool gives to what
    the rule passes on (a finding carries its own as `code`), and `program` what must be installed for that.
    `observations` are checks of what a run of the image showed, by the names of their subjects.
    """

    id: str
    name: str
    summary: str
    severity: Severity
    since: str
    confidence: Confidence = Confidence.HIGH
    aliases: tuple[str, ...] = ()
    profile: str = "default"
    options: Any = None
    tags: tuple[str, ...] = ()
    fix: str | None = None
    codes: str = ""
    program: str = ""
    checks: list[tuple[type, Check]] = field(default_factory=list)
    observations: list[tuple[str, Check]] = field(default_factory=list)
    docs: str = ""

    @property
    def family(self) -> str:
        """The letters of the id: IMG, KEY, LIF ..."""
        return self.id.rstrip("0123456789")

    @property
    def is_own(self) -> bool:
        """Whether every check comes with this tool."""
        return all(check.__module__.startswith("aiaudit_rules.") for _, check in (*self.checks, *self.observations))

    def reports(self, code: str) -> bool:
        """Whether another tool's id is one that findings of this rule may carry."""
        return bool(self.codes) and re.fullmatch(self.codes, code) is not None

    def check(self, subject: type[Subject]) -> Callable[[Written[Subject]], Check]:
        """Register a generator `(subject) -> Iterator[Finding]`; the engine calls it once for each such subject."""

        def register(function: Written[Subject]) -> Check:
            self.checks.append((subject, function))
            return function

        return register

    def observe(self, subject: str) -> Callable[[Check], Check]:
        """Register a generator that is called with what a run of the image showed: with each `subject`, the name of a
        class in `aiaudit.boot`, which an audit without such a run does not even load."""

        def register(function: Check) -> Check:
            self.observations.append((subject, function))
            return function

        return register

    def at(
        self,
        span: Span,
        message: str,
        *,
        help: str = "",
        trace: Sequence[Step] = (),
        related: Sequence[Step] = (),
        severity: Severity | None = None,
        confidence: Confidence | None = None,
        fix: Fix | None = None,
        code: str = "",
    ) -> Finding:
        """A finding of this rule; severity and confidence default to the rule's own."""
        return Finding(
            rule=self.id,
            name=self.name,
            severity=severity or self.severity,
            confidence=confidence or self.confidence,
            message=message,
            span=span,
            help=help,
            trace=tuple(trace),
            related=tuple(related),
            fix=fix,
            code=code,
        )


def discover(package: str) -> Iterator[Rule]:
    """Every module-level `rule` below a package, in the order of ids; the module's docstring becomes `rule.docs`."""
    import pkgutil

    root = importlib.import_module(package)
    found: dict[str, Rule] = {}
    for info in pkgutil.walk_packages(root.__path__, f"{package}."):
        module = importlib.import_module(info.name)
        rule = getattr(module, "rule", None)
        if not isinstance(rule, Rule):
            continue
        for known in found.values():
            if known is not rule and (known.id == rule.id or known.name == rule.name):
                raise ValueError(f"{info.name}: rule {rule.id} {rule.name} is already defined")
        rule.docs = sys.modules[info.name].__doc__ or ""
        found[rule.id] = rule
    yield from (found[key] for key in sorted(found))
