"""The fact cache: facts of files that have not changed are not read or parsed again."""

from __future__ import annotations

from typing import Any

from aiaudit.sources.extractors import Extractor

MISSING = object()


class Store:
    """A store that keeps nothing; what `--no-cache` uses."""

    def get(self, path: str, signature: Any, extractor: Extractor) -> Any:
        """Facts of a file whose stat signature is the stored one, or MISSING."""
        return MISSING

    def get_by_content(self, path: str, data: bytes, extractor: Extractor) -> Any:
        """Facts of a file whose content is the stored one, or MISSING."""
        return MISSING

    def put(self, path: str, extractor: Extractor, facts: Any) -> None:
        """Keep facts of the file that was last asked for by content."""

    def flush(self) -> None:
        """Write what changed."""
