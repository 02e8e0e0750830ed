"""Package managers as RUNs call them: one row each, and what several rules ask of all of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from aiaudit.model.image import Dockerfile
from aiaudit.model.image.commands import Options, names_in, options
from aiaudit.model.image.usage import Call, Run
from aiaudit.sources.dockerfile.facts import Command, Word
from aiaudit.values import dataclass
from aiaudit_rules.image.hygiene import covers, is_mounted, removed_paths, shipped_runs

Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Manager:
    """A package manager.

    `programs` are its names. `installs`, `upgrades` and `changes` are subcommands; `kinds` are words that may stand
    ahead of one (`dnf module install`). `valued` options take the next word. `agrees` are long options, `letter` a
    short one, that answer every question; `settings` are texts of configurations that do so as well. `fills` are
    subcommands beside installs and upgrades that fill the cache in one of `folders`, `cleaners` the words of those that
    empty it; `without_cache` are options that keep none.
    """

    programs: tuple[str, ...]
    installs: frozenset[str]
    upgrades: frozenset[str] = frozenset()
    changes: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()
    valued: frozenset[str] = frozenset()
    agrees: frozenset[str] = frozenset()
    letter: str = ""
    settings: tuple[str, ...] = ()
    fills: frozenset[str] = frozenset()
    cleaners: tuple[Words, ...] = ()
    folders: tuple[str, ...] = ()
    without_cache: frozenset[str] = frozenset()


_APT_VALUED = names_in("-t --target-release --default-release -o --option -c --config-file -a --host-architecture")
_RPM_VALUED = names_in(
    "-c --config --installroot --releasever --setopt --repo --repoid --enablerepo --disablerepo -x --exclude"
    " --forcearch --advisory --nodocs= -d -e --downloaddir"
)

APT = Manager(
    ("apt-get", "apt", "aptitude"),
    installs=names_in("install"),
    upgrades=names_in("upgrade dist-upgrade full-upgrade safe-upgrade"),
    changes=names_in("remove purge build-dep reinstall satisfy"),
    valued=_APT_VALUED,
    agrees=names_in("--yes --assume-yes --assume-no --simulate --dry-run --print-uris --force-yes"),
    letter="y",
    settings=("assume-yes", "assumeyes", "apt::get::yes"),
)
APK = Manager(
    ("apk",),
    installs=names_in("add"),
    upgrades=names_in("upgrade"),
    valued=names_in("-t --virtual -X --repository -p --root --keys-dir --repositories-file --cache-dir --arch --wait"),
    folders=("/var/cache/apk",),
    without_cache=names_in("--no-cache"),
)
DNF = Manager(
    ("dnf", "yum", "microdnf", "tdnf"),
    installs=names_in("install in localinstall"),
    upgrades=names_in("update upgrade up distro-sync dist-upgrade upgrade-minimal up-min update-minimal"),
    changes=names_in("remove erase autoremove reinstall rei downgrade swap group groupinstall groupremove groupupdate"),
    kinds=names_in("module"),
    valued=_RPM_VALUED,
    agrees=names_in("--assumeyes --assumeno"),
    letter="y",
    settings=("assumeyes", "defaultyes"),
    fills=names_in("reinstall rei group groupinstall"),
    cleaners=(("clean", "all"), ("clean", "packages")),
    folders=("/var/cache/dnf", "/var/cache/yum", "/var/cache/libdnf5", "/var/cache/tdnf"),
)
ZYPPER = Manager(
    ("zypper",),
    installs=names_in("install in"),
    upgrades=names_in("update up dist-upgrade dup patch"),
    changes=names_in("remove rm source-install si"),
    valued=names_in("-R --root -D --reposd-dir -C --cache-dir -p --plus-repo -t --type -r --repo --from"),
    agrees=names_in("--no-confirm --non-interactive --dry-run"),
    letter="yn",
    fills=names_in("remove rm"),  # they load the repositories' metadata first
    cleaners=(("clean",), ("cc",)),
    folders=("/var/cache/zypp",),
)
YARN = Manager(
    ("yarn", "yarnpkg"),
    installs=names_in("install add"),
    valued=names_in("--cwd --cache-folder --network-timeout --modules-folder --registry"),
    cleaners=(("cache", "clean"),),
    folders=(
        "/root/.cache/yarn",
        "/usr/local/share/.cache/yarn",
        "/usr/local/share/.cache",
        "/root/.yarn/berry/cache",
        "/root/.cache",
    ),
)
NPM = Manager(
    ("npm",),
    installs=names_in("install i add"),
    valued=names_in("--prefix --registry --cache -C --loglevel -w --workspace --omit --include --tag --userconfig"),
)
GEM = Manager(
    ("gem",),
    installs=names_in("install i"),
    valued=names_in("-v --version -n --bindir -i --install-dir -s --source -p --http-proxy --platform"),
)


@dataclass(frozen=True, slots=True)
class Request:
    """A package manager asked to do something: the subcommand and the words behind it."""

    call: Call
    verb: str
    names: tuple[Word, ...]
    given: Options

    @property
    def text(self) -> str:
        """The command's beginning, for messages."""
        return f"{self.call.program} {self.verb}"


def requests(dockerfile: Dockerfile, manager: Manager, verbs: Iterable[str]) -> Iterator[Request]:
    """The commands of a manager with one of these subcommands, in file order for each program."""
    wanted = frozenset(verbs)
    for call in dockerfile.usage.calls(manager.programs):
        given = options(call.words, manager.valued)
        words = list(given.positionals)
        while len(words) > 1 and words[0].text in manager.kinds:
            words.pop(0)
        if words and words[0].text in wanted:
            yield Request(call, words[0].text, tuple(words[1:]), given)


def asking(dockerfile: Dockerfile, manager: Manager) -> Iterator[Request]:
    """Commands that ask for a confirmation which nobody gives in a build."""
    for request in requests(dockerfile, manager, manager.installs | manager.upgrades | manager.changes):
        if not _agrees(request, manager) and not _is_answered(request.call) and not _is_set(dockerfile, manager):
            yield request


def _agrees(request: Request, manager: Manager) -> bool:
    if request.call.program == "microdnf" and _is_of_red_hat(request.call.run.layer.stage.root_base):
        return True  # that one asks nothing; elsewhere it is dnf5 by another name
    quiet = 0
    for flag in request.given.flags:
        if flag in manager.agrees:
            return True
        if flag.startswith("-") and not flag.startswith("--"):
            if any(letter in flag for letter in manager.letter):
                return True
            quiet += flag.count("q")
        quiet += flag == "--quiet"
    values = [value.lower() for value in request.given.values("-o", "--option", "--setopt", "-q")]
    if manager is APT and (quiet >= 2 or "2" in values or any(word.text == "-q=2" for word in request.call.words)):
        return True  # -qq means -y
    return any(text in value for value in values for text in manager.settings)


def _is_of_red_hat(base: str) -> bool:
    return any(part in base for part in ("ubi", "rhel", "almalinux", "rockylinux", "oraclelinux", "centos"))


def _is_answered(call: Call) -> bool:
    """Whether something answers: `yes | apt-get install`, a redirected input."""
    command = call.command
    if command.operator == "|" and call.before is not None:
        return True
    return any(redirect.startswith("<") for redirect in command.redirects)


def _is_set(dockerfile: Dockerfile, manager: Manager) -> bool:
    """Whether a configuration that the Dockerfile writes answers for every command."""
    instructions = dockerfile.facts.instructions
    return any(text in each.raw.lower() for each in instructions for text in manager.settings)


def unpinned(request: Request, is_pinned: Callable[[str], bool]) -> list[str]:
    """The packages named without a version; what a known variable may hold counts as pinned."""
    found = []
    for word in request.names:
        text = word.text
        if not is_pinned(text) and not ("$" in text and _may_hold_version(text, request.call.run)):
            found.append(text)
    return found


def _may_hold_version(text: str, run: Run) -> bool:
    """Whether an expansion in a word may be a version: a variable that is set, or a command's output."""
    names = re.findall(r"\$\{?(\w+)", text)
    if not names or "$(" in text or re.fullmatch(r"\$\{?\w+\}?", text):
        return True
    known = {**run.layer.environment, **run.layer.stage.arguments}
    return any(name in known or f"{name}=" in run.instruction.script for name in names)


def keeping_cache(dockerfile: Dockerfile, manager: Manager) -> Iterator[Request]:
    """Installs that ship and leave the manager's cache in their layer."""
    shipped = {id(run.instruction) for run in shipped_runs(dockerfile)}
    for request in requests(dockerfile, manager, manager.installs | manager.upgrades | manager.fills):
        call = request.call
        if id(call.run.instruction) not in shipped:
            continue
        if manager.without_cache.intersection(request.given.flags):
            continue
        if any(is_mounted(call.run.mounts, folder) for folder in manager.folders):
            continue
        if not any(_cleans(command, call, manager) for command in call.behind):
            yield request


def _cleans(command: Command, call: Call, manager: Manager) -> bool:
    for path in removed_paths(command):
        if any(covers(path, folder) or covers(folder, path.rstrip("/*")) for folder in manager.folders):
            return True
    same = {"dnf", "yum"} if call.program in ("dnf", "yum") else {call.program}
    if command.name not in same:
        return False
    places = [word.text for word in options(command.words[1:], manager.valued).positionals]
    return any(places[: len(words)] == list(words) for words in manager.cleaners)
