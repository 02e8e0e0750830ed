"""Data files of the model: TOML in this package, read once."""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping
from typing import Any


@functools.cache
def table(name: str) -> Mapping[str, Any]:
    """The data file of that name, such as `end_of_life`; `ladder/limits` stands in a subpackage."""
    try:
        import tomllib
    except ImportError:  # Python 3.10
        import tomli as tomllib  # type: ignore[import-not-found,no-redef]
    with open(os.path.join(os.path.dirname(__file__), f"{name}.toml"), "rb") as stream:
        return tomllib.load(stream)
