"""Whether anything in a repository asks for a GPU."""

from __future__ import annotations

import re
from collections.abc import Iterator

from aiaudit.model.service import Service
from aiaudit.model.tree import Tree
from aiaudit.patterns import regex

# Words of people who have a GPU in mind: in code, deploy files, scripts and documents.
_SIGN = regex(r"\bcuda|nvidia|--gpus\b|\bgpus?\b|\brocm\b", re.IGNORECASE)
_TEXTS = (".py", ".yml", ".yaml", ".sh", ".md", ".rst", ".tf", ".hcl", ".cfg", ".ini", ".conf", ".json", ".env", ".ps1")
_NAMES = ("Makefile", "justfile", "Justfile", "Procfile", ".env.example", ".env")
_LONGEST = 400_000


def asks_for_gpu(service: Service) -> bool:
    """Whether a file speaks of one; manifests and locks do not count, which name CUDA's libraries by themselves."""
    return bool(service.part("asks for a gpu", _asks))


def _asks(service: Service) -> bool:
    tree = service.tree
    return any(_SIGN.search(_text(tree, path)) for path in _files(tree))


def _text(tree: Tree, path: str) -> str:
    """What a file says; comments of a Dockerfile are left out, where a suppression may name this very matter."""
    text = tree.text(path)[:_LONGEST]
    if "ockerfile" not in path:
        return text
    return "\n".join(line for line in text.split("\n") if not line.lstrip().startswith("#"))


def _files(tree: Tree) -> Iterator[str]:
    manifests = set(tree.files("manifest"))
    for path in (*tree.files("dockerfile"), *tree.files()):
        name = path.rpartition("/")[2]
        if path not in manifests and (name.endswith(_TEXTS) or name in _NAMES or "ockerfile" in name):
            yield path
