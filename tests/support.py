"""What several tests need: small trees on disk, expectations written in them, the command line as people run it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from aiaudit import api, configuration
from aiaudit.programs import is_installed
from aiaudit.results import Report
from aiaudit.rule import Rule
from aiaudit.settings import Settings
from tests.recorded import FILE, subjects_in

PROJECT = Path(__file__).resolve().parent.parent
FIXTURES = PROJECT / "fixtures"

AUDIT_DATE = "2026-11-15"  # no fixture may find something else tomorrow

Expectation = tuple[str, int, str]

_EXPECT = re.compile(r"(?:#|//|<!--|;|--)\s*expect(?P<next>-next)?:\s*(?P<names>[\w-]+(?:\s*,\s*[\w-]+)*)")
_SCRUBBED = re.compile(r"CI|NO_COLOR|FORCE_COLOR|COLUMNS|TERM|GITHUB_.*|GIT_.*|XDG_.*|PYTEST_.*|PRE_COMMIT.*")


def write_tree(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write files by relative path."""
    for name, content in files.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogateescape"))
    return folder


def audit_folder(folder: Path, recorded: str = "", **settings: object) -> Report:
    """Audit one folder in this process, without stored facts, as of one and the same day.

    Options of rules come from the folder's configuration. `recorded` is the excerpt of a boot or proof of it.
    """
    if (folder / configuration.FILE).is_file():
        settings.setdefault("rule_settings", configuration.load(str(folder)).rule_settings)
    given = Settings(**{"date": AUDIT_DATE, **settings})  # type: ignore[arg-type]
    return api.audit(
        [str(folder)], given, observe=(lambda service: subjects_in(recorded, service)) if recorded else None
    )


def recorded_beside(case: Path) -> str:
    """The excerpt in `<tree>.boot.json`, "" for a tree that nobody has booted."""
    beside = case.with_name(f"{case.name}.{FILE}")
    return beside.read_text() if beside.exists() else ""


def found_in(report: Report) -> list[Expectation]:
    """Path, line and rule name of every finding, sorted."""
    spans = [(reported.finding.span, reported.finding.name) for reported in report.findings]
    return sorted((span.path, span.line, name) for span, name in spans)


def expected_in(folder: Path) -> list[Expectation]:
    """Expectations written in a tree, and in `<tree>.expect` for files that can hold no comment."""
    expectations = [e for path in sorted(folder.rglob("*")) if path.is_file() for e in _expected_in_file(folder, path)]
    beside = folder.with_name(f"{folder.name}.expect")
    if beside.exists():
        for line in beside.read_text().splitlines():
            place, _, name = line.partition(" ")
            path, _, number = place.rpartition(":")
            expectations.append((path, int(number), name.strip()))
    return sorted(expectations)


def _expected_in_file(folder: Path, path: Path) -> Iterator[Expectation]:
    lines = path.read_bytes().decode("utf-8", "replace").split("\n")
    name = path.relative_to(folder).as_posix()
    for number, line in enumerate(lines, 1):
        match = _EXPECT.search(line)
        if not match:
            continue
        target = number
        if match["next"]:
            target += 1
            while target <= len(lines) and "expect-next:" in lines[target - 1]:
                target += 1
        for rule in match["names"].split(","):
            yield (name, target, rule.strip())


@dataclass(frozen=True)
class Ran:
    """What a run of the command line gave."""

    code: int
    out: str
    err: str


def skip_without_program(rule: Rule) -> None:
    """Skip a test of a rule that passes on what a program says which is not installed here."""
    if rule.program and not is_installed(rule.program):
        pytest.skip(f"{rule.program} IS NOT INSTALLED: {rule.name} is not tested")


def run_cli(
    *arguments: str, cwd: Path, cache: Path | None = None, python: tuple[str, ...] = (), **environment: str
) -> Ran:
    """Run `aiaudit` in its own process, with an environment that depends on nobody's machine."""
    inherited = {key: value for key, value in os.environ.items() if not _SCRUBBED.fullmatch(key)}
    inherited["XDG_CACHE_HOME"] = str(cache or cwd.parent / f"{cwd.name}-cache")
    done = subprocess.run(
        [sys.executable, *python, "-m", "aiaudit", *arguments],
        cwd=cwd,
        env=inherited | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=120,
    )
    return Ran(done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace"))
