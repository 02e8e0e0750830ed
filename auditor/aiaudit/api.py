"""The one entry to an audit: what the command line, the hook and the tests call."""

from __future__ import annotations

import gc
import os
import sys
import time
from collections.abc import Callable, Iterable, Sequence

from aiaudit import catalogue as catalogues
from aiaudit import hadolint
from aiaudit.adoption import Adoption, adopt
from aiaudit.finding import Finding
from aiaudit.fingerprint import with_fingerprints
from aiaudit.judging import Judging
from aiaudit.kinds import may_state_images
from aiaudit.model.ignores import IgnoreComment
from aiaudit.model.service import Service
from aiaudit.recall import Memory
from aiaudit.results import Diagnostic, Report, Reported, Suppression
from aiaudit.rule import Rule
from aiaudit.runner import Progress, Runner, Subjects
from aiaudit.selection import Selection, exclusion
from aiaudit.settings import Settings, UsageError
from aiaudit.sources.stamps import signature_at
from aiaudit.sources.store import FileStore, Store
from aiaudit.suppress import Suppressor
from aiaudit.values import replace
from aiaudit.workspace import MissingPath, Scope, Workspace, scope_of

# What a name stands for is followed through functions that call each other: bounded, but deeper than Python's default.
CALL_DEPTH = 5000


def audit(
    paths: Sequence[str] = (".",),
    settings: Settings | None = None,
    *,
    cwd: str | None = None,
    store: Store | None = None,
    progress: Progress | None = None,
    observe: Callable[[Service], Subjects] | None = None,
) -> Report:
    """Audit files and folders; without settings, those of the closest configuration file hold.

    `observe` is given the service and tells what a run of it showed.
    """
    cwd = cwd or os.getcwd()
    scope = scope_for(paths, cwd)
    was_collecting, limit = gc.isenabled(), sys.getrecursionlimit()
    gc.disable()  # the model is one big live graph: collecting while it grows only costs
    sys.setrecursionlimit(max(limit, CALL_DEPTH))
    try:
        run = Audit(scope, settings or configured(scope), store or Store(), progress)
        return run.report(observe(run.service) if observe is not None else None)
    finally:
        sys.setrecursionlimit(limit)
        if was_collecting:
            gc.enable()


def scope_for(paths: Sequence[str], cwd: str) -> Scope:
    """What these paths mean; a missing one is a usage error."""
    try:
        return scope_of(paths, cwd)
    except MissingPath as error:
        raise UsageError(str(error)) from None


def check_knowledge(files: Sequence[str]) -> None:
    """Refuse an audit with a user's knowledge file that cannot be used."""
    from aiaudit.model.knowledge.own import KnowledgeError, read_own

    try:
        for path in files:
            read_own(path)
    except KnowledgeError as error:
        raise UsageError(str(error)) from None


def configured(scope: Scope) -> Settings:
    """The settings of the closest configuration file."""
    from aiaudit import configuration

    return configuration.load(scope.root)


class Audit:
    """One run: its parts in the order in which they are needed."""

    def __init__(self, scope: Scope, settings: Settings, store: Store, progress: Progress | None) -> None:
        self.settings = settings
        self.store = store
        started = time.time_ns()
        self.workspace = Workspace(scope, store, exclusion(settings, scope.root), progress)
        names = settings.named if settings.select and not settings.shellcheck else ()
        self.catalogue = catalogues.load(names, _lacking(self.workspace.files()))
        self.peer = hadolint.load(scope.root)
        adopted = adopt(self.peer, self.catalogue, settings) if self.peer else Adoption()
        self.selection = Selection(self.catalogue, settings, adopted)
        check_knowledge(settings.knowledge)
        day = settings.date or time.strftime("%Y-%m-%d")
        self.memory = self._memory(store, day, started)
        self.service = Service(self.memory.listener if self.memory else self.workspace, settings.knowledge, day)
        self.suppressor = Suppressor(self.workspace, self.catalogue, adopted.honours_comments)
        self.runner = Runner(self.service, self.workspace, self.selection, progress)
        listener = self.memory.listener if self.memory else None
        self.judging = Judging(self.service, self.workspace, self.runner, listener)

    def report(self, observed: Subjects | None = None) -> Report:
        """Run the rules and sort what they found; `observed` are subjects that the sources cannot give: of a boot."""
        workspace = self.workspace
        findings: list[Reported] = []
        suppressed: list[Reported] = []
        rules = self.selection.rules if observed else self.selection.present
        ordinary = [rule for rule in rules if not _is_about_comments(rule)]
        late = [rule for rule in rules if _is_about_comments(rule)]
        self._sort(self._found(ordinary, observed), findings, suppressed)
        if self.settings.ignores and late:
            paths = [path for path in workspace.files() if workspace.scope.reports(path)]
            comments = self.suppressor.comments(paths, lambda: self._looked(bool(observed)))
            self._sort(self.runner.run(late, {IgnoreComment: comments}), findings, suppressed)
        self._nothing(bool(findings or suppressed or observed))
        if self.peer and self.peer.problem:
            place = os.path.relpath(self.peer.path, workspace.root).replace(os.sep, "/")
            workspace.warn(place, f"nothing is taken from hadolint's configuration: {self.peer.problem}")
        self.store.flush(workspace.files())
        minimum = self.settings.min_confidence.rank
        confident = [reported for reported in findings if reported.finding.confidence.rank >= minimum]
        return Report(
            root=workspace.root,
            repository=workspace.listing.repository,
            findings=tuple(sorted(confident, key=_place)),
            suppressed=tuple(sorted(suppressed, key=_place)),
            diagnostics=tuple(sorted([*workspace.diagnostics, *self.catalogue.diagnostics], key=_where)),
            files=sum(map(workspace.scope.reports, workspace.files())),
            rules_of=lambda: self.selection.rules,
            kinds=workspace.counts(),
            hidden=len(findings) - len(confident),
            thresholds=tuple(self.selection.adopted.thresholds.items()),
            notes=tuple(self.selection.adopted.notes),
            text_of=workspace.shown,
        )

    def _looked(self, is_observed: bool) -> list[str]:
        """The ids of the rules that found whatever there was for them; the others look at what a run shows."""
        ordinary = (rule for rule in self.selection.rules if not _is_about_comments(rule))
        return [rule.id for rule in ordinary if rule.checks or is_observed]

    def _memory(self, store: Store, day: str, started: int) -> Memory | None:
        """Where findings are kept; rules that others wrote may look at things of which nothing is known here."""
        if not isinstance(store, FileStore) or not all(rule.is_own for rule in self.selection.rules):
            return None
        settings = self.settings
        switches = replace(settings, stated=frozenset()), sorted(settings.stated), self.peer
        rules = [rule.id for rule in self.selection.rules]
        knowledge = [f"{path} {signature_at(path)}" for path in settings.knowledge]
        return Memory(self.workspace, store, (day, *map(repr, switches), *rules, *knowledge), started)

    def _found(self, rules: Sequence[Rule], observed: Subjects | None) -> list[Finding]:
        """What these rules find; they do not run when all that they would see is as it was."""
        if observed:
            return list(self.runner.run(rules, observed))
        parts = self.memory.recall() if self.memory else None
        if parts is None or any(part.is_stale for part in parts):
            parts = (self.judging.again(parts, rules) if parts else None) or self.judging.all(rules)
            if self.memory and not self.runner.crashed:
                self.memory.keep(parts)
        for part in parts:
            if part.is_recalled:
                self.workspace.repeat(part.diagnostics)
        return [finding for part in parts for finding in part.findings]

    def _sort(self, found: Iterable[Finding], findings: list[Reported], suppressed: list[Reported]) -> None:
        """Fingerprint findings within the scope; part those that a comment or the settings accept."""
        workspace = self.workspace
        wanted = [
            finding
            for finding in found
            if workspace.scope.reports(finding.span.path)
            and not workspace.is_alias(finding.span.path)
            and self.selection.reports(finding)
        ]
        reported = with_fingerprints(map(self.selection.adjusted, wanted), workspace.text)
        if self.settings.ignores:
            reported, accepted = self.suppressor.split(reported)
            suppressed.extend(accepted)
        for item in reported:
            if self.selection.ignores(item.finding, workspace.root):
                suppressed.append(Reported(item.finding, item.fingerprint, Suppression("settings", "", 0)))
            else:
                findings.append(item)

    def _nothing(self, found: bool) -> None:
        """An audit that looked at nothing must not look like a clean one."""
        workspace = self.workspace
        if found or any(count for _, count in workspace.counts()) or workspace.diagnostics:
            return
        reason = "no file" if not workspace.files() else "no Dockerfile, Python, manifest, environment or YAML file"
        workspace.diagnostics.append(Diagnostic("error", "", f"nothing to audit: {reason} in {workspace.root}"))


def _lacking(paths: Sequence[str]) -> frozenset[str]:
    """What a tree of these files surely has nothing of; of a run, rules are told when there was one."""
    return frozenset(("run",) if may_state_images(paths) else ("run", "image"))


def _is_about_comments(rule: Rule) -> bool:
    return any(kind is IgnoreComment for kind, _ in rule.checks)


def _place(reported: Reported) -> tuple[str, int, int, str, str]:
    span = reported.finding.span
    return (span.path, span.line, span.column, reported.finding.rule, reported.finding.message)


def _where(diagnostic: Diagnostic) -> tuple[str, int, str]:
    return (diagnostic.path, diagnostic.line, diagnostic.message)
