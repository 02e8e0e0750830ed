"""Everything that an audit depends on, with its signature: what must be unchanged for its outcome to be shown again."""

from __future__ import annotations

import os
from collections.abc import Iterator

from aiaudit import configuration, hadolint
from aiaudit.listing import SKIPPED
from aiaudit.settings import Settings
from aiaudit.sources.stamps import Signature, signature_at
from aiaudit.workspace import Workspace

_GIT_FILES = (".git", ".git/index", ".git/config", ".git/info/exclude")
_USER_FILES = ("~/.gitconfig", "~/.config/git/config", "~/.config/git/ignore", "/etc/gitconfig")
LARGEST = 200_000


def watched(workspace: Workspace, settings: Settings) -> dict[str, Signature | None] | None:
    """Signatures of files, folders, links, configuration and ignore lists; None if they are too many to be worth it."""
    root = workspace.root
    found: dict[str, Signature | None] = {os.path.join(root, name): s for name, s in workspace.listing.files.items()}
    for name, target in workspace.listing.links.items():
        for path in (os.path.join(root, name), target):
            if path:
                found[path] = signature_at(path)
    for path in _around(workspace, settings):
        found.setdefault(path, signature_at(path))
    for folder in _folders(workspace):
        found[folder] = signature_at(folder)
        if len(found) > LARGEST:
            return None
    return found


def _around(workspace: Workspace, settings: Settings) -> Iterator[str]:
    """What lies outside of the listing and has a say in it."""
    yield from configuration.candidates(workspace.root)
    yield from hadolint.candidates(workspace.root)
    yield from settings.knowledge
    yield from (os.path.expanduser(path) for path in _USER_FILES)
    folder = workspace.root
    while True:
        yield from (os.path.join(folder, name) for name in (*_GIT_FILES, ".gitignore"))
        parent = os.path.dirname(folder)
        if folder in (workspace.listing.repository, parent):
            return
        folder = parent


def _folders(workspace: Workspace) -> Iterator[str]:
    """Every folder in which a new file would be listed: a new entry changes the folder's own signature."""
    root = workspace.root
    ignored = {name.rstrip("/") for name in workspace.ignored_files()}
    pending = [""]
    while pending:
        folder = pending.pop()
        yield os.path.join(root, folder)
        try:
            entries = list(os.scandir(os.path.join(root, folder)))
        except OSError:
            continue
        for entry in entries:
            name = f"{folder}/{entry.name}" if folder else entry.name
            if entry.is_dir(follow_symlinks=False) and entry.name not in SKIPPED and name not in ignored:
                pending.append(name)
                if f"{name}/.gitignore" not in workspace.listing.files:
                    yield os.path.join(root, name, ".gitignore")
