"""`aiaudit check`: audit, render, say on stderr what could not be looked at, keep the outcome."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from typing import Any

from aiaudit import api, replay, report
from aiaudit.cli import write
from aiaudit.cli.outputs import incomplete, replace_file, told, wanted
from aiaudit.cli.progress import Bar
from aiaudit.finding import Confidence, Severity
from aiaudit.report.look import Look
from aiaudit.results import CLEAN, FINDINGS, USAGE, Report
from aiaudit.settings import Settings, UsageError
from aiaudit.sources.stamps import build_stamp, cache_folder
from aiaudit.sources.store import Store, store_for
from aiaudit.values import replace


def check(values: Mapping[str, Any], record: str | None, started: int) -> int:
    """Run `check` with the options of the table; `record` is where the outcome may be kept."""
    try:
        return _Check(values).run(record, started)
    except UsageError as error:
        return write(b"", f"aiaudit: {error}\n".encode("utf-8", "backslashreplace"), USAGE)


class _Check:
    """One invocation."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = values
        self.look = Look.of(sys.stdout, values["color"], values["quiet"])
        self.arguments = tuple(sys.argv[1:])
        self.outputs = [wanted(text, report.FORMATS) for text in values["output"]]

    def run(self, record: str | None, started: int) -> int:
        """Audit, write, keep."""
        scope = api.scope_for(self.values["paths"], os.getcwd())
        settings = self._settings(api.configured(scope))
        store = self._store(scope.root)
        with Bar(sys.stderr, not self.values["quiet"]) as bar:
            session = api.Audit(scope, settings, store, bar)
            found = None if self.values["boot"] else session.report()
        if found is None:
            from aiaudit.cli.boot import run_check

            return run_check(self.values, session)
        code = found.exit_code(settings.fail_on)
        if self.values["exit_zero"] and code == FINDINGS:
            code = CLEAN
        plain = Look(exit_code=code, fail_on=settings.fail_on, started=started / 1e9, arguments=self.arguments)
        look = replace(plain, color=self.look.color, width=self.look.width, quiet=self.look.quiet)
        out = report.render(self.values["format"], found, look)
        for name, path in self.outputs:
            replace_file(path, report.render(name, found, plain))
        err = self._messages(found, started)
        if record and not self.outputs and not self.values["no_cache"] and not self.values["verbose"]:
            self._keep(record, session, settings, started, out, err, code)
        return write(out, err, code)

    def _settings(self, configured: Settings) -> Settings:
        """The configured settings, with what the command line says."""
        values = self.values
        changes: dict[str, Any] = {}
        for name in ("select", "ignore", "profile", "shellcheck"):
            if values[name]:
                changes[name] = values[name]
        if values["fail_on"]:
            changes["fail_on"] = Severity(values["fail_on"])
            changes["stated"] = configured.stated | {"fail-on"}
        if values["min_confidence"]:
            changes["min_confidence"] = Confidence(values["min_confidence"])
        if values["no_ignores"]:
            changes["ignores"] = False
        if values["date"]:
            changes["date"] = _day(values["date"])
        return replace(configured, **changes)

    def _store(self, root: str) -> Store:
        folder = cache_folder()
        if folder is None or self.values["no_cache"]:
            return Store()
        return store_for(root, folder, build_stamp())

    def _messages(self, found: Report, started: int) -> bytes:
        """What goes to stderr: diagnostics, and at the very end why the audit is incomplete."""
        lines = []
        if not self.values["quiet"]:
            lines += told(found.diagnostics)
        if self.values["verbose"]:
            lines += [f"aiaudit: {note}" for note in found.notes]
            seconds = (time.time_ns() - started) / 1e9
            kinds = ", ".join(f"{count} {kind}" for kind, count in found.kinds if count)
            lines.append(f"aiaudit: {len(found.rules)} rules over {found.files} files ({kinds}) in {seconds:.2f} s")
        lines += incomplete("audit", found.diagnostics)
        text = "".join(f"{report.printable(line)}\n" for line in lines)
        return text.encode("utf-8", "backslashreplace")

    def _keep(
        self, record: str, session: api.Audit, settings: Settings, started: int, out: bytes, err: bytes, code: int
    ) -> None:
        from aiaudit.watch import watched

        found = watched(session.workspace, settings) if session.workspace.is_repeatable else None
        if found is not None:
            replay.save(record, found, started, out, err, code)


def _day(text: str) -> str:
    """The value of `--date`."""
    import datetime

    try:
        return datetime.date.fromisoformat(text).isoformat()
    except ValueError:
        raise UsageError(f"--date {text}: write YYYY-MM-DD") from None
