"""Which files lie below a folder: what git tracks or would carry; outside of git, what .gitignore files let through.

Nothing that a repository configures may run: git is called without hooks, monitors, pagers and transports.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from typing import Any

from aiaudit.sources.stamps import Signature, signature
from aiaudit.values import dataclass, field

SKIPPED = frozenset(
    {".git", ".hg", ".svn", ".venv", "node_modules", "site-packages", "__pycache__", ".tox", ".nox"}
    | {".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis"}
)
# What a virtual environment holds beside its pyvenv.cfg.
ENVIRONMENT = ("bin", "lib", "lib64", "Lib", "Scripts")
_GIT = (
    "git", "--no-pager", "--no-optional-locks", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null",
    "-c", "core.untrackedCache=false", "-c", "core.sshCommand=false", "-c", "protocol.allow=never",
)  # fmt: skip


@dataclass(slots=True)
class Listing:
    """Carried files (path relative to the top, with `/`) with their stat signatures, and links by where they lead."""

    top: str
    repository: str
    files: dict[str, Signature] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    ignored: list[str] = field(default_factory=list)
    git: bool = False
    unreadable: list[tuple[str, str]] = field(default_factory=list)


def repository_of(folder: str) -> str | None:
    """The folder above or at this one that holds `.git`."""
    while True:
        if os.path.exists(os.path.join(folder, ".git")):
            return folder
        parent = os.path.dirname(folder)
        if parent == folder:
            return None
        folder = parent


def list_files(top: str, named: Iterable[str] = ()) -> Listing:
    """All files below `top` that git would carry, and those that were named though git would not carry them."""
    listing = _list(top)
    for name in named:
        if os.path.isdir(os.path.join(top, name)):
            if not any(path.startswith(f"{name}/") for path in listing.files):
                _merge(listing, name, _list(os.path.join(top, name)))
        elif name not in listing.files:
            _add(listing, name)
    listing.files = dict(sorted(listing.files.items()))
    return listing


def _list(top: str) -> Listing:
    repository = repository_of(top)
    listing = Listing(top=top, repository=repository or top)
    names = None if repository is None else git_names(repository, top, "-c", "-o")
    if names is None or (not names and top != repository):  # git cannot tell, or keeps the whole folder out
        _walk(listing)
        return listing
    listing.git = True
    for name in names:
        _add(listing, name)
    return listing


def ignored_below(listing: Listing) -> list[str]:
    """Paths that .gitignore keeps out; an ignored folder is named with a `/` and not descended into."""
    if not listing.git:
        return sorted(listing.ignored)
    return sorted(git_names(listing.repository, listing.top, "-o", "-i", "--directory") or ())


def git_names(repository: str, folder: str, *options: str) -> list[str] | None:
    """What `git ls-files` lists below a folder, or None where git cannot tell (missing, foreign owner, broken)."""
    import subprocess

    environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    environment.update(GIT_ALLOW_PROTOCOL="none", GIT_NO_LAZY_FETCH="1", GIT_TERMINAL_PROMPT="0", LC_ALL="C")
    command = [*_GIT, f"--work-tree={repository}", "ls-files", *options, "--exclude-standard", "-z"]
    try:
        done = subprocess.run(
            command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=120
        )
    except (OSError, subprocess.SubprocessError):
        return None
    if done.returncode != 0:
        return None
    return sorted({os.fsdecode(name) for name in done.stdout.split(b"\0") if name})


def _add(listing: Listing, name: str) -> None:
    """Take one listed name: a file, a link, or a nested repository."""
    if not SKIPPED.isdisjoint(name.split("/")):
        return
    path = os.path.join(listing.top, name)
    try:
        status = os.lstat(path)
    except OSError:
        return  # tracked, but deleted in the work tree
    if stat.S_ISREG(status.st_mode):
        listing.files[name] = signature(status)
    elif stat.S_ISLNK(status.st_mode):
        _link(listing, name)
    elif stat.S_ISDIR(status.st_mode):
        _nested(listing, name.rstrip("/"))


def _link(listing: Listing, name: str) -> None:
    """Remember a link; one that leads to a file of the same repository can be read, others never are."""
    target = os.path.realpath(os.path.join(listing.top, name))
    inside = target.startswith(os.path.join(os.path.realpath(listing.repository), ""))
    listing.links[name] = target if inside and os.path.isfile(target) else ""


def _nested(listing: Listing, name: str) -> None:
    """A submodule or an untracked repository inside: its files come along."""
    folder = os.path.join(listing.top, name)
    if not os.path.exists(os.path.join(folder, ".git")):
        return
    _merge(listing, name, _list(folder))


def _merge(listing: Listing, name: str, inner: Listing) -> None:
    """Take over what lies in a folder."""
    for path, found in inner.files.items():
        listing.files[f"{name}/{path}"] = found
    for path, target in inner.links.items():
        listing.links[f"{name}/{path}"] = target


def _walk(listing: Listing) -> None:
    """Without git: descend, honour every .gitignore on the way, follow no link."""
    pending: list[tuple[str, tuple[Any, ...]]] = [("", ())]
    while pending:
        folder, specs = pending.pop()
        try:
            entries = sorted(os.scandir(os.path.join(listing.top, folder)), key=lambda entry: entry.name)
        except OSError as error:
            listing.unreadable.append((folder or ".", (error.strerror or str(error)).lower()))
            continue
        names = {entry.name for entry in entries}
        if folder and "pyvenv.cfg" in names and not names.isdisjoint(ENVIRONMENT):
            continue
        if ".gitignore" in names:
            specs = (*specs, *_spec(listing.top, folder))
        for entry in entries:
            name = f"{folder}/{entry.name}" if folder else entry.name
            if entry.name in SKIPPED:
                continue
            is_folder = entry.is_dir(follow_symlinks=False)
            if specs and _is_ignored(name, is_folder, specs):
                listing.ignored.append(f"{name}/" if is_folder else name)
            elif is_folder:
                pending.append((name, specs))
            else:
                _add(listing, name)


def _spec(top: str, folder: str) -> Iterator[tuple[str, Any]]:
    """The patterns of one .gitignore, with the folder they hold for."""
    import pathspec

    from aiaudit.reading import Unreadable, decode, read_bytes

    try:
        data = read_bytes(os.path.join(top, folder, ".gitignore"))
        lines = decode(data, ".gitignore").splitlines()
        yield (f"{folder}/" if folder else "", pathspec.GitIgnoreSpec.from_lines(lines))
    except (Unreadable, ValueError):
        return


def _is_ignored(name: str, is_folder: bool, specs: tuple[Any, ...]) -> bool:
    """Whether the deepest .gitignore that has a say keeps the path out."""
    for prefix, spec in reversed(specs):
        relative = name[len(prefix) :] + ("/" if is_folder else "")
        verdict = spec.check_file(relative).include
        if verdict is not None:
            return bool(verdict)
    return False
