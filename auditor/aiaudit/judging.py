"""Judges a tree: all of it at once, or, where it holds several services, one after the other.

What belongs to one service is forgotten before the next one, so that a large repository takes no more memory than the
largest of its services, and what was found in one stands whatever changes in another.
"""

from __future__ import annotations

import gc
from collections.abc import Sequence

from aiaudit.finding import Finding
from aiaudit.listener import Listener, Page
from aiaudit.model.service import Group, Service
from aiaudit.results import Diagnostic
from aiaudit.rule import Rule
from aiaudit.runner import Runner, parted
from aiaudit.values import dataclass
from aiaudit.workspace import Workspace

# Kinds of subjects that no program has a part in, and those that a program may have a part in.
_OF_TREE = frozenset(("EnvironmentFile", "Secret", "ShellRemark"))
_OF_BOTH = frozenset(("Dockerfile", "Image", "FloatingModel", "InvertedLadder"))
# To forget takes time in proportion to what there is: not worth it for fewer modules.
_MANY = 500


@dataclass(slots=True)
class Part:
    """What was found in one turn, and what was asked for it. `group` is whose turn it was, None for the whole tree.

    `is_anchored` tells whether something surely runs in it. Of what is recalled from an earlier audit, a part that is
    stale has to be judged again.
    """

    group: Group | None
    page: Page
    findings: Sequence[Finding]
    diagnostics: Sequence[Diagnostic]
    is_anchored: bool = True
    is_recalled: bool = False
    is_stale: bool = False


class Judging:
    """One audit's runs of the rules."""

    def __init__(self, service: Service, workspace: Workspace, runner: Runner, listener: Listener | None) -> None:
        self.service = service
        self.workspace = workspace
        self.runner = runner
        self.listener = listener or Listener(workspace)
        self._first = self.listener.page
        self._before = Page()  # what was asked ahead of the turns: about a service's own files for its sake alone
        self._told = self._begun = len(workspace.diagnostics)
        self._modules = 0

    def all(self, rules: Sequence[Rule]) -> list[Part]:
        """Judge everything."""
        try:
            groups = self._groups(rules)
            return (self._apart(groups, rules) if groups else None) or [self._whole(rules)]
        finally:
            self._end()

    def again(self, parts: Sequence[Part], rules: Sequence[Rule]) -> list[Part] | None:
        """Judge the stale ones among the parts of an earlier audit; None where that is not enough."""
        # Imported only where rules run: most audits have nothing to judge.
        from aiaudit.model.groups import shared_parts, still_fit

        groups = [part.group for part in parts if part.group is not None]
        if len(groups) < len(parts):
            return None
        self.listener.page = self._before
        try:
            shared_parts(self.service)
            fresh = self._turns(parts, groups, rules) if still_fit(groups, self.service) else []
        except Exception:  # what crashes here crashes again where it is named
            return None
        finally:
            self._end()
        if len(fresh) == len(parts) and any(part.is_anchored for part in fresh):
            return fresh
        for part in fresh:
            self._before.add(part.page)
        return None

    def _turns(self, parts: Sequence[Part], groups: Sequence[Group], rules: Sequence[Rule]) -> list[Part]:
        """The parts with those judged again that are stale, up to the first that cannot be judged by itself."""
        files = {path for group in groups for path in group.files}
        fresh: list[Part] = []
        for part, group in zip(parts, groups, strict=True):
            judged = self._of_group(group, files, rules) if part.is_stale else part
            if judged is None:
                break
            fresh.append(judged)
        return fresh

    def _groups(self, rules: Sequence[Rule]) -> Sequence[Group]:
        """What to judge one by one; rules that others wrote may look at the tree as a whole."""
        from aiaudit.model.groups import groups_of

        kinds = {kind.__name__ for rule in rules for kind, _ in rule.checks}
        if kinds <= _OF_TREE | _OF_BOTH or not all(rule.is_own for rule in rules):
            return ()
        self.listener.page = self._first
        try:
            return groups_of(self.service, self._begin_images)
        except Exception:  # what crashes here crashes again where it is named
            return ()

    def _begin_images(self) -> None:
        self.listener.page = self._before

    def _whole(self, rules: Sequence[Rule]) -> Part:
        """The one part of a tree that is one; whatever was asked before has a say in it."""
        self._end()
        self._first.add(self._before)
        self.listener.page = self._first
        self._told = self._begun
        return Part(None, self._first, list(self.runner.run(rules)), self._diagnostics())

    def _apart(self, groups: Sequence[Group], rules: Sequence[Rule]) -> list[Part] | None:
        """The parts of a tree with several services; None if they have to do with each other after all.

        What belongs to none of them comes first: what it shares with them is asked for its sake, too.
        """
        rest, *services = groups
        files = {path for group in services for path in group.files}
        early, late = parted(rules)
        self.workspace.reads_secrets = bool(late)
        self._first.take(self._before, self._before.asked.keys() - files)
        parts: list[Part] = []
        gc.freeze()  # what is there by now stays
        try:
            parts.append(self._of_rest(rest, early))
            for group in services:
                part = self._of_group(group, files, rules)
                if part is None:
                    break
                parts.append(part)
            last = self._of_rest(rest, late)
        finally:
            gc.unfreeze()
        # Where nothing surely runs, all that has an entry counts.
        if len(parts) < len(groups) or not any(part.is_anchored for part in parts):
            for part in parts[1:]:
                self._before.add(part.page)
            return None
        parts[0].findings = [*parts[0].findings, *last.findings]
        parts[0].diagnostics = [*parts[0].diagnostics, *last.diagnostics]
        return parts

    def _of_rest(self, rest: Group, rules: Sequence[Rule]) -> Part:
        self._turn(rest, self._first)
        self.runner.turn(lambda kind: kind.__name__ in _OF_TREE | _OF_BOTH)
        return Part(rest, self._first, list(self.runner.run(rules)), self._diagnostics(), is_anchored=False)

    def _of_group(self, group: Group, files: set[str], rules: Sequence[Rule]) -> Part | None:
        """The part of one service; None if its program leads into another's `files`."""
        from aiaudit.model.python import python_side

        page = Page()
        page.take(self._before, self._before.asked.keys() & group.files)
        self._turn(group, page)
        self.runner.turn(lambda kind: kind.__name__ not in _OF_TREE)
        findings = list(self.runner.run(rules))
        is_anchored = True
        if not self.runner.crashed:
            side = python_side(self.service)
            paths = {module.path for module in side.program.modules}
            if not paths.isdisjoint(files - group.files):
                self._before.add(page)
                return None
            self._modules += len(paths)
            is_anchored = side.routing.is_anchored
        return Part(group, page, findings, self._diagnostics(), is_anchored)

    def _turn(self, group: Group, page: Page) -> None:
        self.service.turn(group)
        self.workspace.forget("python")
        if self._modules > _MANY:
            gc.collect()
            self._modules = 0
        self.listener.page = page

    def _end(self) -> None:
        """Whoever comes next looks at the whole tree again."""
        self.service.turn(None)
        self.runner.turn(None)

    def _diagnostics(self) -> Sequence[Diagnostic]:
        """Those that have come up since the last turn."""
        since, self._told = self._told, len(self.workspace.diagnostics)
        return self.workspace.diagnostics[since:]
