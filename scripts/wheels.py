"""Where source is read from: wheels in a folder, installed distributions, the standard library."""

from __future__ import annotations

import importlib.metadata
import platform
import sysconfig
import zipfile
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement

from aiaudit.model.knowledge.library import version_key

STANDARD_LIBRARY = "python-stdlib"


class Archive:
    """The files of one distribution: of a wheel, or of what is installed."""

    def __init__(self, name: str, version: str, files: dict[str, Path | None], wheel: zipfile.ZipFile | None) -> None:
        self.name, self.version, self._files, self._wheel = name, version, files, wheel

    @classmethod
    def of_wheel(cls, path: Path) -> Archive:
        """A wheel file."""
        wheel = zipfile.ZipFile(path)
        name, version = path.name.split("-")[:2]
        return cls(canonical(name), version, dict.fromkeys(wheel.namelist()), wheel)

    @classmethod
    def installed(cls, name: str) -> Archive | None:
        """An installed distribution."""
        try:
            found = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            return None
        files: dict[str, Path | None] = {str(file): Path(str(file.locate())) for file in found.files or ()}
        return cls(canonical(name), found.version, files, None)

    @classmethod
    def standard_library(cls) -> Archive:
        """The running interpreter's own modules."""
        root = Path(sysconfig.get_path("stdlib"))
        files = {path.relative_to(root).as_posix(): path for path in root.glob("*.py")}
        files |= {path.relative_to(root).as_posix(): path for path in root.glob("[a-z]*/*.py")}
        return cls(STANDARD_LIBRARY, platform.python_version(), dict(files), None)

    def requirements(self) -> list[Requirement]:
        """What it needs without extras, by its metadata."""
        found = []
        for file in self._files:
            if file.endswith(".dist-info/METADATA"):
                for line in self.text(file).partition("\n\n")[0].splitlines():
                    if line.startswith("Requires-Dist:") and "extra ==" not in line:
                        try:
                            found.append(Requirement(line.partition(":")[2].strip()))
                        except InvalidRequirement:
                            continue
        return found

    def __contains__(self, file: str) -> bool:
        return file in self._files

    def text(self, file: str) -> str:
        """The text of a file."""
        if self._wheel is not None:
            return self._wheel.read(file).decode("utf-8", "replace")
        path = self._files[file]
        return path.read_text("utf-8", "replace") if path is not None else ""

    def folders(self) -> Iterator[str]:
        """All folders that hold files."""
        yield from {file.rpartition("/")[0] for file in self._files}


def canonical(name: str) -> str:
    """A distribution's name as packaging compares it."""
    return name.lower().replace("_", "-").replace(".", "-")


class Wheels:
    """The wheels of a folder by distribution, newest first, beside what is installed."""

    def __init__(self, folder: Path | None) -> None:
        self._by_name: dict[str, list[Archive]] = {}
        for path in sorted(folder.glob("*.whl")) if folder else ():
            archive = Archive.of_wheel(path)
            self._by_name.setdefault(archive.name, []).append(archive)
        for several in self._by_name.values():
            several.sort(key=lambda archive: version_key(archive.version), reverse=True)

    def all(self, name: str) -> list[Archive]:
        """Everything there is of a distribution."""
        if name == STANDARD_LIBRARY:
            return [Archive.standard_library()]
        found = self._by_name.get(canonical(name), [])
        installed = None if found else Archive.installed(name)
        return [installed] if installed is not None else found

    def exact(self, name: str, version: str) -> Archive | None:
        """One version of a distribution."""
        return next((archive for archive in self.all(name) if archive.version == version), None)

    def closure(self, archive: Archive, depth: int = 3) -> list[Archive]:
        """An archive and, of what it requires, the newest that fit and that there are."""
        found = {archive.name: archive}
        queue = [(archive, depth)]
        for current, left in queue:  # grows while it is walked
            for requirement in current.requirements() if left else ():
                name = canonical(requirement.name)
                fitting = [a for a in self.all(name) if requirement.specifier.contains(a.version, prereleases=True)]
                if name not in found and fitting:
                    found[name] = fitting[0]
                    queue.append((fitting[0], left - 1))
        return list(found.values())
