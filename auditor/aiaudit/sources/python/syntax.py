"""One text, parsed once: extractors that read the same module one after the other share its syntax tree."""

from __future__ import annotations

import ast
import warnings

_last: tuple[str, ast.Module] | None = None


def parse(text: str) -> ast.Module:
    """The syntax tree of a module; whoever reads it leaves it as it is. Only the last one is kept: trees are large."""
    global _last
    if _last is not None and _last[0] == text:
        return _last[1]
    _last = None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # invalid escapes are the audited file's matter
        tree = ast.parse(text)
    _last = (text, tree)
    return tree
