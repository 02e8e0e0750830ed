"""Images as `docker save` writes them, made in memory."""

from __future__ import annotations

import gzip
import io
import json
import struct
import tarfile
from collections.abc import Iterator, Mapping, Sequence

Content = bytes | str | tarfile.TarInfo


def archive(members: Mapping[str, Content] | Sequence[tuple[str, Content]]) -> bytes:
    """A tar archive: files by name, or members as they are."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as opened:
        for name, content in members.items() if isinstance(members, Mapping) else members:
            if isinstance(content, tarfile.TarInfo):
                content.name = name
                opened.addfile(content)
                continue
            data = content.encode() if isinstance(content, str) else content
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(data), 0o755
            opened.addfile(member, io.BytesIO(data))
    return out.getvalue()


def special(kind: bytes, target: str = "") -> tarfile.TarInfo:
    """A member that is no file."""
    member = tarfile.TarInfo()
    member.type, member.linkname = kind, target
    return member


def saved(*layers: bytes, history: Sequence[Mapping[str, object]] = (), is_oci: bool = False) -> bytes:
    """The archive of an image: as engines wrote it for years, or in OCI's layout with compressed layers."""
    names = [f"blobs/sha256/{number}" if is_oci else f"{number}/layer.tar" for number in range(len(layers))]
    packed = [gzip.compress(layer) if is_oci else layer for layer in layers]
    members: dict[str, Content] = dict(zip(names, packed, strict=True))
    members["config.json"] = json.dumps({"history": history, "rootfs": {"type": "layers"}})
    members["manifest.json"] = json.dumps([{"Config": "config.json", "Layers": names}])
    return archive(members)


def stream(data: bytes, size: int = 700) -> Iterator[bytes]:
    """Bytes in pieces whose ends mean nothing."""
    return (data[start : start + size] for start in range(0, len(data), size))


def shared_object(needed: Sequence[str] = (), soname: str = "", *, is_wide: bool = True, order: str = "<") -> bytes:
    """An ELF file with nothing but a dynamic table."""
    strings, places = b"\0", []
    for name in (*needed, soname):
        places.append(len(strings))
        strings += name.encode() + b"\0"
    header, program = (64, 56) if is_wide else (52, 32)
    start, base = header + 2 * program, 0x1000
    tags = [(1, place) for place in places[:-1]] + ([(14, places[-1])] if soname else []) + [(5, base + start), (0, 0)]
    table = b"".join(struct.pack(f"{order}{'qQ' if is_wide else 'iI'}", *tag) for tag in tags)
    size = start + len(strings) + len(table)
    load, dynamic = (1, 0, base, size), (2, start + len(strings), base + start + len(strings), len(table))
    if is_wide:
        head = struct.pack(f"{order}HHIQQQIHHHHHH", 3, 62, 1, 0, header, 0, 0, header, program, 2, 0, 0, 0)
        segments = [struct.pack(f"{order}IIQQQQQQ", k, 4, o, a, a, s, s, 8) for k, o, a, s in (load, dynamic)]
    else:
        head = struct.pack(f"{order}HHIIIIIHHHHHH", 3, 3, 1, 0, header, 0, 0, header, program, 2, 0, 0, 0)
        segments = [struct.pack(f"{order}IIIIIIII", k, o, a, a, s, s, 4, 4) for k, o, a, s in (load, dynamic)]
    identity = b"\x7fELF" + bytes([2 if is_wide else 1, 1 if order == "<" else 2, 1]) + bytes(9)
    return identity + head + b"".join(segments) + strings + table
