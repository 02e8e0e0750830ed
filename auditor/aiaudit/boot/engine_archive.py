"""Files into a container and out of it, as archives in memory: nothing that a container made reaches the disk."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterable, Mapping

_SLACK = 1024**2  # bytes of an archive beside the file: headers, extended attributes


def first_file(parts: Iterable[bytes], limit: int) -> bytes:
    """The first bytes of the file that an archive begins with; nothing is written to the disk, nothing followed."""
    data = bytearray()
    for part in parts:
        data += part
        if len(data) > limit + _SLACK:
            break
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
            member = archive.next()
            content = archive.extractfile(member) if member is not None and member.isreg() else None
            return content.read(limit) if content is not None else b""
    except (tarfile.TarError, EOFError):
        return b""


def archive(files: Mapping[str, bytes]) -> bytes:
    """An archive of files that belong to root and that everybody may read and execute."""
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w") as archive:
        for path, content in files.items():
            member = tarfile.TarInfo(path.lstrip("/"))
            member.size, member.mode = len(content), 0o555
            archive.addfile(member, io.BytesIO(content))
    return whole.getvalue()
