"""The files of an audited tree and their facts, as the model sees them; the engine implements it, tests may fake it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, Protocol


class Tree(Protocol):
    """Files by path relative to the root (with `/`) and the typed facts in them."""

    root: str

    def files(self, kind: str | None = None) -> Sequence[str]:
        """Paths of one kind (see `KINDS` in `aiaudit.workspace`), or of all files that git would carry, sorted."""

    def ignored_files(self) -> Iterable[str]:
        """Paths that lie in the tree but that .gitignore keeps out of git (not descended into ignored folders)."""

    def exists(self, path: str) -> bool:
        """Whether a file or folder of that path is carried."""

    def text(self, path: str) -> str:
        """The decoded text of a file (undecodable bytes as surrogate escapes), `` if unreadable."""

    def mentions(self, path: str, sought: re.Pattern[str] | tuple[str, ...]) -> bool:
        """Whether a pattern, or one of several words, occurs in the text of a file.

        To be asked rather than `text` where that is all that matters: then a change that leaves it so changes nothing.
        """

    def files_with(self, word: str, among: frozenset[str]) -> Iterable[str]:
        """Those of some files in whose text a word stands."""

    def lines_with(self, path: str, word: str) -> Sequence[int]:
        """The lines of a file on which a word stands, in order."""

    def facts(self, path: str, extractor: str) -> Any:
        """The facts that the named extractor reads from the file; None where it cannot be read.

        Extractors: "dockerfile" -> DockerfileFacts, "python" -> PythonFacts, "manifest" -> ManifestFacts,
        "secrets" -> SecretFacts, "yaml" -> YamlFacts, "nginx" -> NginxFacts, "environment" -> EnvironmentFacts,
        "ignore" -> IgnoreFacts,
        "shellcheck" -> ShellCheck's remarks as plain tuples.
        """

    def problem(self, path: str, message: str) -> None:
        """Record that something of the file could not be looked at: the audit is incomplete."""

    def warn(self, path: str, message: str) -> None:
        """Record something worth knowing that leaves the audit complete."""
