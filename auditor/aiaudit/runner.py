"""Runs checks over the subjects they ask for; a crash is reported with rule and file: the audit is incomplete then."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from aiaudit.finding import Finding
from aiaudit.model.service import Service
from aiaudit.results import Diagnostic
from aiaudit.rule import Check, Rule
from aiaudit.selection import Selection
from aiaudit.workspace import Workspace

Progress = Callable[[str, int, int], None]
Subjects = Mapping[type, Sequence[object]]


class Runner:
    """Runs rules over one service."""

    def __init__(
        self, service: Service, workspace: Workspace, selection: Selection, progress: Progress | None = None
    ) -> None:
        self.service = service
        self.workspace = workspace
        self.selection = selection
        self.progress = progress
        self.crashed = False
        self._subjects: dict[type, Sequence[object]] = {}
        self._kinds: Callable[[type], bool] | None = None

    def turn(self, kinds: Callable[[type], bool] | None) -> None:
        """From here on, look at what the service now holds; only at subjects of these kinds."""
        self._subjects.clear()
        self._kinds = kinds

    def run(self, rules: Sequence[Rule], subjects: Subjects | None = None) -> Iterator[Finding]:
        """All findings of these rules; `subjects` are those that the model does not provide itself."""
        self._subjects.update(subjects or {})
        observed = {kind.__name__: found for kind, found in (subjects or {}).items()}
        first, late = parted(rules)
        self.workspace.reads_secrets |= bool(late)
        for number, rule in enumerate([*first, *late]):
            if self.progress:
                self.progress(rule.name, number, len(rules))
            options = self.selection.options(rule)
            for kind, check in rule.checks:
                if self._kinds is not None and not self._kinds(kind):
                    continue
                for subject in self._subjects_of(kind):
                    yield from self._check(rule, check, subject, options)
            for name, check in rule.observations:
                for subject in observed.get(name, ()):
                    yield from self._check(rule, check, subject, options)

    def _subjects_of(self, kind: type) -> Sequence[object]:
        """The subjects of a kind, made once; a model that cannot be made leaves its rules blind, and says so."""
        if kind not in self._subjects:
            try:
                self._subjects[kind] = list(self.service.subjects(kind))
            except Exception as error:
                self._crashed("", f"{kind.__name__} subjects cannot be made: {describe(error)}")
                self._subjects[kind] = ()
        return self._subjects[kind]

    def _check(self, rule: Rule, check: Check, subject: object, options: object) -> Iterable[Finding]:
        found: list[Finding] = []
        try:
            found.extend(check(subject) if options is None else check(subject, options))
        except Exception as error:  # one rule's crash must not hide what the others see
            path = str(getattr(subject, "path", "") or "")
            self._crashed(path, f"rule {rule.id} {rule.name} crashed: {describe(error)}")
        return found

    def _crashed(self, path: str, message: str) -> None:
        self.crashed = True
        diagnostic = Diagnostic("error", path, message)
        if diagnostic not in self.workspace.diagnostics:
            self.workspace.diagnostics.append(diagnostic)


def describe(error: BaseException) -> str:
    """The error and the innermost place in the code, so that a report of it can be acted on."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    place = f" ({os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno})" if trace else ""
    return f"{type(error).__name__}: {error}{place}"


def parted(rules: Sequence[Rule]) -> tuple[list[Rule], list[Rule]]:
    """The rules, and those that look at credentials: all files are searched for them, so what parses comes first."""
    first: list[Rule] = []
    late: list[Rule] = []
    for rule in rules:
        (late if any(kind.__name__ == "Secret" for kind, _ in rule.checks) else first).append(rule)
    return first, late
