"""Check the knowledge of client libraries against the source of wheels or of installed distributions.

    python scripts/verify_knowledge.py --wheels DIR                 # every distribution that has a wheel there
    python scripts/verify_knowledge.py --wheels DIR --download      # fetch what is missing first
    python scripts/verify_knowledge.py --dist openai --wheels DIR --download --latest

Nothing is imported or run: paths, parameters, literal defaults and the lines given as evidence are looked up in the
source. A new release of a library is checked against what is known of the old one, so that what changed is printed.
Exit code 1 if anything differs, 2 if nothing could be checked.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from static_library import Definition, FunctionNode, StaticLibrary, Unknown
from static_signatures import Signature, literal_number, signature_of
from wheels import STANDARD_LIBRARY, Archive, Wheels, canonical

from aiaudit.model.knowledge import INFINITE, Argument, Entry, Knowledge, Method
from aiaudit.model.knowledge.library import version_key


@dataclass
class Report:
    """What came out for one distribution."""

    dist: str
    version: str
    checks: int = 0
    differences: list[str] = field(default_factory=list)
    undecided: list[str] = field(default_factory=list)

    def add(self, other: Report) -> None:
        """Count in what another version showed."""
        self.checks += other.checks
        self.differences += [f"in {other.dist} {other.version}: {difference}" for difference in other.differences]
        self.undecided += other.undecided

    def check(self, holds: bool | None, what: str) -> None:
        """Count one check; None is undecided."""
        self.checks += 1
        if holds is None:
            self.undecided.append(what)
        elif not holds:
            self.differences.append(what)


class Verifier:
    """Checks entries of the knowledge against a library's source."""

    def __init__(self, knowledge: Knowledge, archives: list[Archive]) -> None:
        self.knowledge, self.library, self.archive = knowledge, StaticLibrary(archives), archives[0]
        self.archives = {archive.name: archive for archive in archives}
        self.versions = {archive.name: archive.version for archive in archives}
        self.report = Report(self.archive.name, self.archive.version)
        self.gone: list[tuple[Entry, Method]] = []

    def entry(self, entry: Entry) -> None:
        """Everything that an entry claims."""
        for path in (entry.path, *entry.also):
            self._path(path, entry)
        for line in (*entry.evidence, *(line for method in entry.methods for line in method.evidence)):
            self._evidence(entry, line)
        if entry.constructor is None:
            self._methods(entry)

    def absent(self, entries: list[Entry], newest: Archive, closure: list[Archive]) -> None:
        """Paths that are said to be gone must be gone in the newest version, unless another entry describes them."""
        library = StaticLibrary(closure)
        for entry in entries:
            if entry.until is None or version_key(newest.version) < version_key(entry.until):
                continue
            current = self.knowledge.find(entry.path)
            if "(" in entry.path or (current is not None and current.until is None):
                continue
            found = library.find(entry.path)
            still = found is not None and not isinstance(found, Unknown)
            said = f"{entry.path}: is said to be gone from {entry.until}, is in {newest.version}"
            self.report.check(not still, said)

    def _path(self, path: str, entry: Entry) -> None:
        if "*" in path or "(" in path.replace("()", ""):
            return
        found = self.locate(path)
        if isinstance(found, Unknown) or found is None:
            self.report.check(None if found else False, f"{path}: {found.why if found else 'does not exist'}")
            return
        self.report.check(True, path)
        signature = signature_of(found, self.library)
        if signature is None:
            self.report.check(None, f"{path}: its parameters are not in the source")
            return
        at_call = entry.kind == "call"
        self._parameters(path, entry, signature, at_call)

    def locate(self, path: str) -> Definition | None:
        """What a path of the knowledge means in the source; calls on the way give what is known or annotated."""
        head, called, tail = path.rpartition("()")
        if not called:
            return self.library.find(path)
        owner = self.made(head)
        names = tail.lstrip(".").split(".") if tail else ["__call__"]
        return self.library.follow(owner, names, 0) if owner is not None else None

    def made(self, head: str) -> Definition | None:
        """The class of what a call gives."""
        known = self.knowledge.find(head)
        if known is not None and known.returns and known.object_path != f"{head}()":
            return self.locate_object(known.object_path)
        found = self.locate(head)
        return self.library.given(found) if isinstance(found, FunctionNode) else found

    def locate_object(self, path: str) -> Definition | None:
        """The class that an object's path is of."""
        return self.made(path[:-2]) if path.endswith("()") else self.locate(path)

    def _methods(self, entry: Entry) -> None:
        if not entry.methods:
            return
        owner = self.locate_object(entry.object_path)
        if owner is None:
            self.report.check(False, f"{entry.object_path}: does not exist")
            return
        for method in entry.methods:
            if "*" not in method.name:
                self._method_in_range(entry, method, owner)

    def _method_in_range(self, entry: Entry, method: Method, owner: Definition) -> None:
        """A method that is said to be gone must be gone here, and there in an older version."""
        here = self.versions.get(canonical(method.dist or entry.dist))
        if method.until is None or here is None or version_key(here) < version_key(method.until):
            self._method(entry, method, owner)
            return
        found = self._member(owner, method.name)
        still = found is not None and not isinstance(found, Unknown)
        said = f"{entry.path}().{method.name}: is said to be gone from {method.until}, is in {here}"
        self.report.check(not still, said)
        self.gone.append((entry, method))

    def gone_method(self, entry: Entry, method: Method) -> None:
        """Check a method in a version that still has it."""
        owner = self.locate_object(entry.object_path)
        if owner is not None and not isinstance(owner, Unknown):
            self._method(entry, method, owner)
        else:
            self.report.check(None, f"{entry.object_path}: not in {self.archive.name} {self.archive.version}")

    def _member(self, owner: Definition, name: str) -> Definition | None:
        if isinstance(owner, FunctionNode):
            owner = self.library.given(owner) or owner
        return self.library.follow(owner, name.split("."), 0)

    def _method(self, entry: Entry, method: Method, owner: Definition) -> None:
        path = f"{entry.path}().{method.name}"
        if isinstance(owner, Unknown):
            self.report.check(None, f"{path}: {owner.why}")
            return
        found = self._member(owner, method.name)
        if isinstance(found, Unknown) or found is None:
            self.report.check(None if found else False, f"{path}: {found.why if found else 'does not exist'}")
            return
        self.report.check(True, path)
        signature = signature_of(found, self.library)
        if signature is not None:
            self._method_parameters(path, method, signature)

    def _method_parameters(self, path: str, method: Method, signature: Signature) -> None:
        self._arguments(path, "prompt", method.prompt, signature)
        if method.stream_parameter:
            self.report.check(signature.has(method.stream_parameter), f"{path}: no parameter {method.stream_parameter}")
        if method.output is not None and method.output.at == "call":
            self._any(path, "output", method.output.parameters, signature)
        if method.output is not None:
            self._default(path, method.output.parameters, method.output.default, signature)
        if method.timeout is not None:
            names = [p.name for p in method.timeout.parameters if p.at == "call"]
            self._any(path, "time-out", names, signature)

    def _parameters(self, path: str, entry: Entry, signature: Signature, at_call: bool) -> None:
        here = ("call", "both") if at_call else ("constructor", "both")
        if at_call and entry.prompt:
            self._arguments(path, "prompt", entry.prompt, signature)
        if entry.timeout is not None and not (at_call and "()" in path):
            for parameter in entry.timeout.parameters:
                if parameter.at in here:
                    known = signature.has(parameter.name)
                    self.report.check(known, f"{path}: no parameter {parameter.name} for the time-out")
                    factor = 1000 if parameter.unit == "ms" else 1
                    seconds = entry.timeout.default
                    if parameter.covers == "request" and seconds is not None:
                        self._default(path, (parameter.name,), seconds * factor, signature)
            for name in (entry.timeout.retries_parameter, entry.timeout.client_parameter):
                if name is not None and not at_call:
                    self.report.check(signature.has(name), f"{path}: no parameter {name}")
        if entry.output is not None and entry.output.at in here:
            self._any(path, "output", entry.output.parameters, signature)
            self._default(path, entry.output.parameters, entry.output.default, signature)
        if entry.wraps:
            self._arguments(path, "wraps", entry.wraps, signature)
        if entry.loop_cap is not None and entry.loop_cap.at in here:
            self._any(path, "loop cap", entry.loop_cap.parameters, signature)
            self._default(path, entry.loop_cap.parameters[:1], entry.loop_cap.default, signature)
            for name in entry.loop_cap.needs:
                self.report.check(signature.has(name), f"{path}: no parameter {name}")

    def _any(self, path: str, what: str, names: Iterable[str], signature: Signature) -> None:
        """Parameters of several versions or APIs are listed together: one of them must be there."""
        names = list(names)
        if names:
            known = any(signature.has(name) for name in names)
            self.report.check(known, f"{path}: none of {', '.join(names)} ({what})")

    def _arguments(self, path: str, what: str, arguments: tuple[Argument, ...], signature: Signature) -> None:
        named = [argument for argument in arguments if argument.name != "*"]
        present = [argument for argument in named if argument.name in signature.parameters]
        if not named:
            return
        names = ", ".join(argument.name for argument in named)
        if not present:
            self.report.check(None if signature.open else False, f"{path}: none of {names} ({what})")
            return
        for argument in present:
            position = signature.parameters[argument.name][0]
            if argument.position is not None:
                said = f"{path}: {argument.name} ({what}) is at {position}, not {argument.position}"
                self.report.check(position == argument.position, said)

    def _default(self, path: str, names: tuple[str, ...], wanted: object, signature: Signature) -> None:
        """A literal number in the signature must be the default that the knowledge states."""
        for name in names:
            given = signature.parameters.get(name, (None, None))[1]
            number = literal_number(given)
            if number == 0 and wanted == INFINITE:
                self.report.check(True, f"{path}: 0 waits for ever")
            elif number is not None and isinstance(wanted, (int, float)):
                self.report.check(number == wanted, f"{path}: {name} defaults to {number:g}, not {wanted:g}")
            elif number is not None and wanted in ("none", "required"):
                self.report.check(False, f"{path}: {name} defaults to {number:g}, the knowledge says {wanted}")

    def _evidence(self, entry: Entry, line: str) -> None:
        """`dist-version/file:line: text`: the text is still in some line of the file."""
        place, _, text = line.partition(": ")
        dist_version, _, rest = place.partition("/")
        file = rest.rpartition(":")[0]
        dist, _, version = dist_version.rpartition("-")
        archive = self.archives.get(canonical(dist))
        own = archive is self.archives.get(self.archive.name) and version == entry.version
        if archive is None or not (own or archive.version == version):
            return
        renamed = file.replace(dist_version, f"{dist}-{archive.version}")  # dist-info folders carry the version
        found = file if file in archive else renamed
        if found not in archive:
            self.report.check(False, f"{entry.path}: evidence file {file} is gone")
        elif text:
            wanted = _squeezed(text)
            says = any(wanted in _squeezed(each) for each in archive.text(found).splitlines())
            self.report.check(says, f"{entry.path}: {found} no longer says `{text}`")


def _squeezed(text: str) -> str:
    return "".join(text.split())


def download(names: Iterable[str], folder: Path) -> None:
    """Fetch wheels without their dependencies through pip."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
        failed = subprocess.run([*command, "--dest", str(folder), name], capture_output=True, text=True).returncode
        if failed:
            print(f"{name}: no wheel could be downloaded")


def groups(knowledge: Knowledge) -> Iterator[tuple[str, str, bool, list[Entry]]]:
    """The entries by distribution, version and whether they describe an API that is gone."""
    found: dict[tuple[str, str, bool], list[Entry]] = {}
    for module in sorted(knowledge.modules):
        for entry in knowledge.entries(module):
            found.setdefault((entry.dist, entry.version, entry.until is not None), []).append(entry)
    for (dist, version, gone), entries in sorted(found.items()):
        yield dist, version, gone, entries


def verify(arguments: argparse.Namespace) -> list[Report]:
    """Reports of all distributions that could be checked."""
    knowledge = Knowledge()
    wanted = {canonical(name) for name in arguments.dist}
    selected = [group for group in groups(knowledge) if not wanted or canonical(group[0]) in wanted]
    if arguments.download:
        _download_missing(selected, arguments)
    wheels = Wheels(arguments.wheels)
    reports = []
    for dist, version, gone, entries in selected:
        newest = wheels.all(dist)[:1] if not gone else []
        exact = [] if arguments.latest and not gone else [wheels.exact(dist, version)]
        archive = next((found for found in (*exact, *newest) if found is not None), None)
        if archive is None:
            print(f"{dist} {version}: not checked, no wheel and not installed ({len(entries)} entries)")
            continue
        report = _checked(knowledge, entries, archive, wheels)
        reports.append(report)
        show(report, version, len(entries), arguments.verbose)
    return reports


def _checked(knowledge: Knowledge, entries: list[Entry], archive: Archive, wheels: Wheels) -> Report:
    """The report on entries of one distribution; methods that are gone are looked up in an older version."""
    verifier = Verifier(knowledge, wheels.closure(archive))
    for entry in entries:
        verifier.entry(entry)
    for newer in wheels.all(archive.name)[:1]:
        verifier.absent([entry for entry in entries if entry.until is not None], newer, wheels.closure(newer))
    older: dict[tuple[str, ...], Verifier] = {}
    for entry, method in verifier.gone:
        closure = _older_closure(entry, method, wheels)
        key = tuple(f"{found.name}-{found.version}" for found in closure)
        if not closure:
            verifier.report.check(None, f"{entry.path}().{method.name}: no wheel from before {method.until}")
            continue
        if key not in older:
            older[key] = Verifier(knowledge, closure)
        older[key].gone_method(entry, method)
    for other in older.values():
        verifier.report.add(other.report)
    return verifier.report


def _older_closure(entry: Entry, method: Method, wheels: Wheels) -> list[Archive]:
    """A set of archives in which a method that is gone was still there."""
    dist = canonical(method.dist or entry.dist)
    for archive in wheels.all(entry.dist):
        closure = wheels.closure(archive)
        versions = {found.name: found.version for found in closure}
        if dist in versions and version_key(versions[dist]) < version_key(method.until or ""):
            return closure
    return []


def _download_missing(selected: list[tuple[str, str, bool, list[Entry]]], arguments: argparse.Namespace) -> None:
    have = Wheels(arguments.wheels)
    missing = []
    for dist, version, gone, _ in selected:
        newest = arguments.latest and not gone
        if version and dist != STANDARD_LIBRARY and (newest or have.exact(dist, version) is None):
            missing.append(dist if newest else f"{dist}=={version}")
    download(missing, arguments.wheels)


def show(report: Report, version: str, entries: int, verbose: bool) -> None:
    """One distribution's outcome."""
    source = "" if report.version == version else f", checked against {report.version}"
    print(
        f"{report.dist} {version}{source}: {entries} entries, {report.checks} checks,"
        f" {len(report.differences)} differences, {len(report.undecided)} undecided"
    )
    for difference in report.differences:
        print(f"  differs: {difference}")
    for undecided in report.undecided if verbose else ():
        print(f"  undecided: {undecided}")


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dist", action="append", default=[], help="only this distribution (repeatable)")
    parser.add_argument("--wheels", type=Path, help="folder with wheels")
    parser.add_argument("--download", action="store_true", help="download missing wheels into that folder first")
    parser.add_argument("--latest", action="store_true", help="check against the newest wheel there is")
    parser.add_argument("--verbose", action="store_true", help="also print what could not be decided")
    arguments = parser.parse_args()
    if arguments.download and arguments.wheels is None:
        parser.error("--download needs --wheels DIR")
    reports = verify(arguments)
    checks = sum(report.checks for report in reports)
    differences = sum(len(report.differences) for report in reports)
    undecided = sum(len(report.undecided) for report in reports)
    print(f"{len(reports)} distributions, {checks} checks: {differences} differences, {undecided} undecided")
    if not reports:
        return 2
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
