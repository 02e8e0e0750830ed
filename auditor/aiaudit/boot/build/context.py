"""The folder that a build gets: what its ignore file leaves of it, as an archive or as a copy."""

from __future__ import annotations

import io
import os
import shutil
import stat
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from aiaudit.boot.world import EngineError
from aiaudit.reading import decode, megabytes
from aiaudit.sources.deploy.ignore import IgnoreFacts, Matcher, extract, matcher

IGNORE_FILE = ".dockerignore"
_LARGEST = 4 * 1024**3
_OUTSIDE = ".aiaudit.Dockerfile"


def sent(folder: Path, dockerfile: Path) -> Iterator[tuple[str, os.stat_result]]:
    """What BuildKit and the classic client send of a folder: path and status of files, folders and links, sorted.

    Links are told, not followed. The Dockerfile and the ignore file are left to the caller.
    """
    ignores = _matcher(folder, dockerfile)
    has_exceptions = any(pattern.exception for pattern in ignores.patterns)
    size = 0
    for path, status in _walk(folder, "", ignores, has_exceptions):
        size += status.st_size if stat.S_ISREG(status.st_mode) else 0
        if size > _LARGEST:
            raise EngineError(f"the build context {folder} is larger than {megabytes(_LARGEST)}: add a {IGNORE_FILE}")
        yield path, status


def _walk(folder: Path, below: str, ignores: Matcher, has_exceptions: bool) -> Iterator[tuple[str, os.stat_result]]:
    for entry in sorted(os.scandir(folder / below), key=lambda entry: entry.name):
        path = f"{below}/{entry.name}" if below else entry.name
        ignored = ignores.ignores(path)
        status = entry.stat(follow_symlinks=False)
        if stat.S_ISDIR(status.st_mode):
            if not ignored:
                yield path, status
            if not ignored or has_exceptions:
                yield from _walk(folder, path, ignores, has_exceptions)
        elif not ignored and (stat.S_ISREG(status.st_mode) or stat.S_ISLNK(status.st_mode)):
            yield path, status


def ignore_file(folder: Path, dockerfile: Path) -> Path | None:
    """The ignore file in force: the Dockerfile's own one replaces the folder's."""
    own = dockerfile.with_name(f"{dockerfile.name}{IGNORE_FILE}")
    return next((path for path in (own, folder / IGNORE_FILE) if path.is_file()), None)


def _matcher(folder: Path, dockerfile: Path) -> Matcher:
    path = ignore_file(folder, dockerfile)
    return matcher(extract(_text(path)) if path else IgnoreFacts((), ()))


def _text(path: Path) -> str:
    return decode(path.read_bytes(), path.name)


def pack(folder: Path, dockerfile: Path, into: IO[bytes]) -> str:
    """Write the archive that the engine's own builder gets; the name of the Dockerfile in it.

    The builder drops a Dockerfile that only comes along, as its client does: by an ignore file that says so.
    """
    with tarfile.open(fileobj=into, mode="w", format=tarfile.PAX_FORMAT) as archive:
        names = set()
        for path, status in sent(folder, dockerfile):
            names.add(path)
            _add(archive, folder / path, path, status)
        inside = dockerfile.resolve().relative_to(folder.resolve()).as_posix() if _is_below(dockerfile, folder) else ""
        name = inside or _OUTSIDE
        if name not in names:
            _add_bytes(archive, name, dockerfile.read_bytes())
            general = folder / IGNORE_FILE
            lines = general.read_bytes() if IGNORE_FILE in names else IGNORE_FILE.encode()
            _add_bytes(archive, IGNORE_FILE, lines.rstrip(b"\n") + f"\n{name}\n".encode())
    return name


def _is_below(path: Path, folder: Path) -> bool:
    return path.resolve().is_relative_to(folder.resolve())


def _add(archive: tarfile.TarFile, place: Path, name: str, status: os.stat_result) -> None:
    member = tarfile.TarInfo(name)
    member.mode = stat.S_IMODE(status.st_mode)
    member.mtime = status.st_mtime
    if stat.S_ISDIR(status.st_mode):
        member.type = tarfile.DIRTYPE
        archive.addfile(member)
    elif stat.S_ISLNK(status.st_mode):
        member.type, member.linkname = tarfile.SYMTYPE, os.readlink(place)
        archive.addfile(member)
    else:
        with place.open("rb") as source:
            member.size = os.fstat(source.fileno()).st_size
            archive.addfile(member, source)


def _add_bytes(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(data), 0o644
    archive.addfile(member, io.BytesIO(data))


def copy(folder: Path, dockerfile: Path, into: Path) -> Path:
    """Copy what a build gets into an empty folder, with the Dockerfile and its ignore file; the Dockerfile's copy.

    Times are the same for every copy; links stay links, and none of them is followed.
    """
    for path, status in sent(folder, dockerfile):
        target = into / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if stat.S_ISDIR(status.st_mode):
            target.mkdir(exist_ok=True)
        elif stat.S_ISLNK(status.st_mode):
            target.symlink_to(os.readlink(folder / path))
        else:
            shutil.copyfile(folder / path, target, follow_symlinks=False)
            target.chmod(stat.S_IMODE(status.st_mode) | stat.S_IWUSR)
    inside = dockerfile.resolve().relative_to(folder.resolve()).as_posix() if _is_below(dockerfile, folder) else ""
    place = into / (inside or _OUTSIDE)
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(dockerfile, place)
    ignoring = ignore_file(folder, dockerfile)
    if ignoring is not None:
        general = ignoring == folder / IGNORE_FILE
        shutil.copyfile(ignoring, into / IGNORE_FILE if general else place.with_name(f"{place.name}{IGNORE_FILE}"))
    return place
