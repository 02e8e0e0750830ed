"""The one entry to an audit: what the command line, the hook and the tests call."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from aiaudit import catalogue as catalogues
from aiaudit.finding import Finding
from aiaudit.fingerprint import with_fingerprints
from aiaudit.model.service import Service
from aiaudit.results import Diagnostic, Report
from aiaudit.rule import Check, Rule
from aiaudit.settings import Settings, UsageError
from aiaudit.sources.store import Store
from aiaudit.workspace import MissingPath, Workspace, scope_of

Progress = Callable[[str, int, int], None]


def audit(
    paths: Sequence[str] = (".",),
    settings: Settings | None = None,
    *,
    cwd: str | None = None,
    store: Store | None = None,
    progress: Progress | None = None,
) -> Report:
    """Audit files and folders."""
    settings = settings or Settings()
    was_collecting = gc.isenabled()
    gc.disable()  # the model is one big live graph: collecting while it grows only costs
    try:
        return _audit(paths, settings, cwd or os.getcwd(), store or Store(), progress)
    finally:
        if was_collecting:
            gc.enable()


def _audit(paths: Sequence[str], settings: Settings, cwd: str, store: Store, progress: Progress | None) -> Report:
    try:
        workspace = Workspace(scope_of(paths, cwd), store)
    except MissingPath as error:
        raise UsageError(str(error)) from None
    catalogue = catalogues.load()
    rules = selected(catalogue, settings)
    service = Service(workspace)
    found = list(_run(rules, service, workspace, progress))
    workspace.diagnostics.extend(catalogue.diagnostics)
    kept = [
        finding
        for finding in found
        if finding.confidence.rank >= settings.min_confidence.rank and workspace.scope.reports(finding.span.path)
    ]
    reported = with_fingerprints(kept, workspace.text)
    store.flush()
    return Report(
        root=workspace.root,
        repository=workspace.listing.repository,
        findings=tuple(reported),
        suppressed=(),
        diagnostics=tuple(workspace.diagnostics),
        files=len(workspace.files()),
        rules=rules,
    )


def selected(catalogue: catalogues.Catalogue, settings: Settings) -> tuple[Rule, ...]:
    """The rules that the settings ask for; a name that stands for no rule is an error."""
    wanted = _named(catalogue, settings.select)
    unwanted = _named(catalogue, settings.ignore)
    return tuple(
        rule
        for rule in catalogue.rules
        if rule.id not in unwanted
        and (rule.id in wanted if settings.select else settings.profile == "pedantic" or rule.profile == "default")
    )


def _named(catalogue: catalogues.Catalogue, names: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for name in names:
        rules = catalogue.find(name)
        if not rules:
            raise UsageError(f"unknown rule {name!r}")
        found.update(rule.id for rule in rules)
    return found


def _run(rules: Sequence[Rule], service: Service, workspace: Workspace, progress: Progress | None) -> Iterator[Finding]:
    """Every check over every subject it asks for; a crash is a diagnostic that names rule and file."""
    for number, rule in enumerate(rules):
        if progress:
            progress(rule.name, number, len(rules))
        for kind, check in rule.checks:
            try:
                subjects: list[object] = list(service.subjects(kind))
            except Exception as error:  # the model of that kind could not be made: every rule that needs it is blind
                _crashed(workspace, "", f"{kind.__name__} subjects cannot be made: {_describe(error)}")
                continue
            for subject in subjects:
                yield from _check(rule, check, subject, workspace)


def _check(rule: Rule, check: Check, subject: object, workspace: Workspace) -> Iterator[Finding]:
    found: list[Finding] = []
    try:
        found.extend(check(subject))
    except Exception as error:  # one rule's crash must not hide what the others see
        path = getattr(subject, "path", "") or ""
        _crashed(workspace, path, f"rule {rule.id} {rule.name} crashed: {_describe(error)}")
    yield from found


def _crashed(workspace: Workspace, path: str, message: str) -> None:
    diagnostic = Diagnostic("error", path, message)
    if diagnostic not in workspace.diagnostics:
        workspace.diagnostics.append(diagnostic)


def _describe(error: BaseException) -> str:
    """The error and the innermost place in the code, so that a report of it can be acted on."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    place = f" ({os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno})" if trace else ""
    return f"{type(error).__name__}: {error}{place}"


__all__ = ["Progress", "audit", "replace", "selected"]
