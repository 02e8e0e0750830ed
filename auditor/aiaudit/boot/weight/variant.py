"""The image without some of its files: its tree is streamed out, sifted, and imported with the same configuration."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, cast

from aiaudit.boot.weight.archive import Chunks, Member, absolute, pieces
from aiaudit.boot.world import EngineError, Specification

if TYPE_CHECKING:
    from aiaudit.boot.world import Engine

_NAMED = (("User", "USER"), ("WorkingDir", "WORKDIR"), ("StopSignal", "STOPSIGNAL"))


def without(image: str, is_removed: Callable[[str], bool], engine: Engine) -> str:
    """Import what is left of an image; the id of the new one, which carries the session's labels."""
    from docker.errors import DockerException

    api = engine.client.api
    container = engine.create(Specification(image, "companion", "weight", command=("none",)))
    try:
        exported = api.export(container.id)
        configuration = api.inspect_image(image)["Config"] or {}
        answer = api.import_image_from_stream(
            sifted(exported, is_removed), changes=changes(configuration, engine.labels)
        )
        return str(json.loads(str(answer).strip().splitlines()[-1])["status"])
    except (DockerException, tarfile.TarError, ValueError, KeyError, IndexError) as error:
        raise EngineError(f"the image without them cannot be made: {error}") from None
    finally:
        container.remove()


def changes(configuration: Mapping[str, Any], labels: Mapping[str, str]) -> list[str]:
    """The instructions that give an imported image a configuration.

    A value with a line break cannot be written as an instruction: an image with one is refused.
    """
    lines = [f"ENV {_pair(text)}" for text in configuration.get("Env") or ()]
    lines += [f"{word} {configuration[name]}" for name, word in _NAMED if configuration.get(name)]
    lines += [f"EXPOSE {port}" for port in configuration.get("ExposedPorts") or ()]
    for name, word in (("Entrypoint", "ENTRYPOINT"), ("Cmd", "CMD")):
        if configuration.get(name):
            lines.append(f"{word} {json.dumps(configuration[name])}")
    lines += [f"LABEL {_pair(f'{name}={value}')}" for name, value in labels.items()]
    if any("\n" in line for line in lines):
        raise EngineError("the image's configuration holds a line break, which an import cannot be given")
    return lines


def _pair(text: str) -> str:
    name, _, value = text.partition("=")
    quoted = value.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$")
    return f'{name}="{quoted}"'


def sifted(stream: Iterator[bytes], is_removed: Callable[[str], bool]) -> Iterator[bytes]:
    """An archive without some members, and without hard links to them, made while it is read, piece by piece."""
    with tarfile.open(fileobj=cast(Any, Chunks(stream)), mode="r|", tarinfo=Member) as source:
        for member in source:
            linked = absolute(member.linkname) if member.islnk() else ""
            if is_removed(absolute(member.name)) or (linked and is_removed(linked)):
                continue
            yield member.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")
            file = source.extractfile(member) if member.isreg() else None
            if file is not None:
                yield from pieces(file)
                yield bytes(-member.size % tarfile.BLOCKSIZE)
    yield bytes(2 * tarfile.BLOCKSIZE)
