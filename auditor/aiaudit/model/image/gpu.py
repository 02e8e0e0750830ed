"""Whether anything in a repository asks for a GPU."""

from __future__ import annotations

import re
from collections.abc import Iterator

from aiaudit.model.service import Service
from aiaudit.model.tree import Tree
from aiaudit.patterns import regex

# Words of people who have a GPU in mind: in code, deploy files, scripts and documents.
_SIGN = regex(r"\bcuda|nvidia|--gpus\b|\bgpus?\b|\brocm\b", re.IGNORECASE)
# No text without one of these has such a word, and looking for them is many times faster.
_ROOTS = tuple(form(word) for word in ("cuda", "nvidia", "gpu", "rocm") for form in (str.lower, str.upper, str.title))
_TEXTS = (".py", ".yml", ".yaml", ".sh", ".md", ".rst", ".tf", ".hcl", ".cfg", ".ini", ".conf", ".json", ".env", ".ps1")
_NAMES = ("Makefile", "justfile", "Justfile", "Procfile", ".env.example", ".env")


def asks_for_gpu(service: Service) -> bool:
    """Whether a file speaks of one; manifests and locks do not count, which name CUDA's libraries by themselves."""
    return bool(service.part("asks for a gpu", _asks))


def _asks(service: Service) -> bool:
    tree = service.tree
    return any(tree.mentions(path, _ROOTS) and _speaks_of_one(tree, path) for path in _files(tree))


def _speaks_of_one(tree: Tree, path: str) -> bool:
    """Whether a file does; not in comments of a Dockerfile, where a suppression may name this very matter."""
    if "ockerfile" not in path:
        return tree.mentions(path, _SIGN)
    lines = tree.text(path).split("\n")
    return any(_SIGN.search(line) for line in lines if not line.lstrip().startswith("#"))


def _files(tree: Tree) -> Iterator[str]:
    manifests = set(tree.files("manifest"))
    for path in (*tree.files("dockerfile"), *tree.files()):
        name = path.rpartition("/")[2]
        if path not in manifests and (name.endswith(_TEXTS) or name in _NAMES or "ockerfile" in name):
            yield path
