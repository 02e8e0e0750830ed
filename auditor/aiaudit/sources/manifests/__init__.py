"""Dependency manifests and lock files: the file's name decides the format."""

from __future__ import annotations

import re

from aiaudit.patterns import regex
from aiaudit.sources.manifests.facts import ManifestFacts

VERSION = 3

_CONDA = regex(r"(?:environment|conda).*\.ya?ml", re.IGNORECASE)


def extract(text: str, path: str) -> ManifestFacts:
    """The facts of one manifest or lock file; a file of no known format gives empty facts."""
    name = path.rpartition("/")[2]
    text = text.removeprefix("\ufeff")
    if name == "pyproject.toml":
        from aiaudit.sources.manifests import pyproject

        return pyproject.extract(text)
    if name in ("uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock"):
        from aiaudit.sources.manifests import locks

        return locks.extract(text, name)
    if name == "Pipfile":
        from aiaudit.sources.manifests import pipfile

        return pipfile.extract(text)
    if name == "setup.cfg":
        from aiaudit.sources.manifests import setup_cfg

        return setup_cfg.extract(text)
    if _CONDA.fullmatch(name):
        from aiaudit.sources.manifests import conda

        return conda.extract(text)
    if name.endswith((".txt", ".in")):
        from aiaudit.sources.manifests import requirements

        return requirements.extract(text, is_constraints=name.lower().startswith("constraints"))
    return ManifestFacts("")
