"""COPY and ADD replayed: which files they bring, and where each lands."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping

from aiaudit.model.image.context import Context, is_whole, normal
from aiaudit.model.image.filesystem import Filesystem, absolute
from aiaudit.model.image.values import Copy, Stage
from aiaudit.patterns import regex
from aiaudit.sources.deploy.ignore import IgnoreFacts, IgnorePattern, matcher
from aiaudit.sources.dockerfile.facts import Instruction
from aiaudit.span import Extent
from aiaudit.values import dataclass, field

_ADDRESS = regex(r"(?:https?|ftp|ssh|git)://|git@")
_ARCHIVE = regex(r"\.(?:tar|tgz|tbz2?|txz|tzst|tlz|tar\.(?:gz|bz2|xz|zst|lzma|Z))$", re.IGNORECASE)
_NOWHERE = Extent(1, 1, 1, 1)
_HIDDEN = "/<a folder that a variable names>"


def is_address(source: str) -> bool:
    """Whether ADD fetches a source from elsewhere."""
    return _ADDRESS.match(source) is not None


def is_archive(source: str) -> bool:
    """Whether a source has the name of a tar archive, which ADD unpacks."""
    return _ARCHIVE.search(source) is not None


@dataclass(slots=True)
class _Result:
    files: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    landings: list[tuple[str, str]] = field(default_factory=list)


class CopyReader:
    """Reads the COPY and ADD instructions of one stage."""

    def __init__(self, context: Context, stages: Mapping[str, Stage], files: Filesystem) -> None:
        self.context = context
        self.stages = stages
        self.files = files

    def read(self, instruction: Instruction, workdir: str | None, expand: Callable[[str], str]) -> Copy | None:
        """What the instruction brings; the stage's file system is changed accordingly."""
        words = [expand(word.text if instruction.exec_form else word.raw) for word in instruction.words]
        if len(words) < 2:
            return None
        *sources, written = words
        documents = [source for source in sources if source.startswith("<<")]
        sources = [source for source in sources if not source.startswith("<<")]
        origin = instruction.flag("from")
        origin = expand(origin) if origin else None
        stage = self.stages.get(origin.lower()) if origin is not None else None
        is_foreign = origin is not None and stage is None
        place = absolute(written, workdir)
        result = _Result()
        if place is None:
            self.files.blur("/")
        elif documents:
            self.files.blur(place)
            self._write(instruction, documents, written, place)
        if is_foreign:
            self.files.blur(place or "/")
            self.files.add_folder(place or "/")
        else:
            self._bring(instruction, sources, written, place or _HIDDEN, stage, result)
        return Copy(
            instruction,
            tuple(sources),
            place,
            stage,
            is_foreign,
            stage is None and not is_foreign and any(is_whole(source) for source in sources),
            tuple(dict.fromkeys(result.files)),
            tuple(result.missing),
            tuple(result.landings),
        )

    def _write(self, instruction: Instruction, documents: list[str], written: str, place: str) -> None:
        """Here-documents that become files."""
        for document, name in zip(instruction.heredocs, documents, strict=False):
            into = written.endswith("/") or place in self.files.folders
            target = posixpath.join(place, name.lstrip("<-").strip("\"'")) if into else place
            self.files.written[target] = (document.body, document.extent.line)

    def _bring(
        self,
        instruction: Instruction,
        sources: list[str],
        written: str,
        place: str,
        stage: Stage | None,
        result: _Result,
    ) -> None:
        into_folder = written.endswith("/") or posixpath.basename(written) in (".", "") or len(sources) > 1
        into_folder = into_folder or place in self.files.folders
        for source in sources:
            if instruction.keyword == "ADD" and stage is None:
                if is_address(source):
                    self.files.blur(posixpath.join(place, posixpath.basename(source)) if into_folder else place)
                    continue
                if is_archive(source):
                    self.files.blur(place)
                    continue
            if "$" in source:
                self.files.blur(place)
            elif stage is not None:
                self._from_stage(stage, source, place, into_folder, result)
            else:
                self._from_context(instruction, source, place, into_folder, result)

    def _from_context(
        self, instruction: Instruction, source: str, place: str, into_folder: bool, result: _Result
    ) -> None:
        pairs, is_file = self.context.select(source)
        pairs = _not_excluded(instruction, pairs)
        if not pairs:
            result.missing.append(source)
            if not re.search(r"[*?\[]", source):  # generated before the build, or forgotten: another rule's matter
                name = posixpath.basename(normal(source))
                self.files.blur(posixpath.join(place, name) if into_folder and name else place)
            return
        keeps_parents = instruction.flag("parents") is not None
        alone = is_file or (len(pairs) == 1 and normal(source) != pairs[0][0] and re.search(r"[*?\[]", source))
        for path, below in pairs:
            if keeps_parents:
                target = posixpath.join(place, _after_pivot(source, path))
            elif alone and not into_folder:
                target = place
            else:
                target = posixpath.join(place, below)
            repository_path = self.context.repository_path(path)
            result.files.append(repository_path)
            result.landings.append((target, repository_path))
            self.files.add(target, repository_path)
        if not alone:
            self.files.add_folder(place)

    def _from_stage(self, stage: Stage, source: str, place: str, into_folder: bool, result: _Result) -> None:
        origin = absolute(source, "/")
        if origin is None or stage.files is None or re.search(r"[*?\[]", source):
            self.files.blur(place)
            return
        known = stage.files.source(origin)
        target = posixpath.join(place, posixpath.basename(origin)) if into_folder else place
        if known is not None:
            self._land(target, known, result)
            return
        found = False
        for below, repository_path in list(stage.files.below(origin)):
            self._land(posixpath.join(place, below), repository_path, result)
            found = True
        for unknown in list(stage.files.unknown):
            if unknown == origin or unknown.startswith(origin.rstrip("/") + "/"):
                self.files.blur(posixpath.join(place, posixpath.relpath(unknown, origin)))
        if stage.files.is_blurred(origin) or not found:  # made by commands of that stage
            self.files.blur(target if _looks_like_file(origin) else place)
        self.files.add_folder(place)

    def _land(self, target: str, repository_path: str, result: _Result) -> None:
        result.files.append(repository_path)
        result.landings.append((target, repository_path))
        self.files.add(target, repository_path)


def _not_excluded(instruction: Instruction, pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The files that `--exclude` lets through; its patterns speak of paths below the source."""
    excluded = [flag.value for flag in instruction.flags if flag.name == "exclude" and flag.value]
    if not excluded:
        return pairs
    patterns = tuple(IgnorePattern(text.strip("/"), False, _NOWHERE) for text in excluded)
    excludes = matcher(IgnoreFacts(patterns, ()))
    return [(path, below) for path, below in pairs if not excludes.ignores(below) and not excludes.ignores(path)]


def _after_pivot(source: str, path: str) -> str:
    """With --parents the path after `/./` is kept."""
    head, pivot, _ = source.partition("/./")
    prefix = normal(head) if pivot else ""
    return path[len(prefix) + 1 :] if prefix and path.startswith(prefix + "/") else path


def _looks_like_file(path: str) -> bool:
    return "." in posixpath.basename(path)[1:]
