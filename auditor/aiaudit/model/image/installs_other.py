"""What a command installs with the system's, Node's and other package managers."""

from __future__ import annotations

from aiaudit.model.image.commands import names_in, options
from aiaudit.model.image.values import Install, Mount, Package
from aiaudit.sources.dockerfile.facts import Command, Word

_SYSTEM = {
    "apt-get": ("apt", ("install", "build-dep")),
    "apt": ("apt", ("install", "build-dep")),
    "aptitude": ("apt", ("install",)),
    "apk": ("apk", ("add",)),
    "dnf": ("dnf", ("install", "groupinstall")),
    "microdnf": ("dnf", ("install",)),
    "yum": ("dnf", ("install", "groupinstall")),
    "tdnf": ("dnf", ("install",)),
    "zypper": ("zypper", ("install", "in")),
    "pacman": ("pacman", ("-S", "-Sy", "-Syu")),
}
_SYSTEM_VALUES = names_in(
    "-t --target-release -o --option -c --config-file --repository -X --virtual --keys-dir --setopt --root"
)
_NODE = {
    "npm": ("install", "i", "ci", "add", "clean-install"),
    "pnpm": ("install", "i", "add", "fetch"),
    "yarn": ("install", "add", ""),
    "bun": ("install", "i", "add"),
}
_NODE_VALUES = names_in("--prefix --registry --cache -C --cwd --dir --loglevel -w --workspace --filter")
_NODE_LOCKS = {
    "npm": ("package-lock.json", "npm-shrinkwrap.json"),
    "pnpm": ("pnpm-lock.yaml",),
    "yarn": ("yarn.lock",),
    "bun": ("bun.lockb", "bun.lock"),
}
_OTHER = {
    ("go", "mod"): ("go.mod", "go.sum"),
    ("bundle", "install"): ("Gemfile", "Gemfile.lock"),
    ("composer", "install"): ("composer.json", "composer.lock"),
    ("cargo", "fetch"): ("Cargo.toml", "Cargo.lock"),
}


def other_install(command: Command, folder: str | None, mounts: tuple[Mount, ...]) -> Install | None:
    """The install that a command of another package manager makes, if it makes one."""
    if command.name in _SYSTEM:
        return _system(command, folder, mounts)
    if command.name in _NODE:
        return _node(command, folder, mounts)
    words = tuple(word.text for word in command.words[1:] if not word.text.startswith("-"))
    reads = _OTHER.get((command.name, words[0])) if words else None
    if reads is None:
        return None
    return Install(command.name, "other", command, folder, reads=reads, mounts=mounts)


def _system(command: Command, folder: str | None, mounts: tuple[Mount, ...]) -> Install | None:
    tool, verbs = _SYSTEM[command.name]
    given = options(command.words[1:], _SYSTEM_VALUES)
    words = list(given.positionals)
    if tool == "pacman":
        if not given.has(*verbs):
            return None
    elif not words or words.pop(0).text not in verbs:
        return None
    packages = tuple(_package(word) for word in words)
    return Install(tool, "system", command, folder, packages, flags=given.flags, mounts=mounts)


def _package(word: Word) -> Package:
    name = word.text
    for mark in ("=", "<", ">", "~", ":"):
        name = name.partition(mark)[0]
    return Package(name, word.text, word.text[len(name) :], (), word.extent)


def _node(command: Command, folder: str | None, mounts: tuple[Mount, ...]) -> Install | None:
    given = options(command.words[1:], _NODE_VALUES)
    words = list(given.positionals)
    verb = words.pop(0).text if words else ""
    if verb not in _NODE[command.name] or given.has("-v", "--version"):
        return None
    named = tuple(Package(word.text, word.text, "", (), word.extent) for word in words)
    is_global = given.has("-g", "--global", "--location")
    reads = () if named or is_global else ("package.json", *_NODE_LOCKS[command.name])
    return Install(command.name, "node", command, folder, named, reads=reads, flags=given.flags, mounts=mounts)
