"""What a command installs with Python's package managers."""

from __future__ import annotations

import re
from collections.abc import Callable

from aiaudit.model.image.commands import Options, is_python, names_in, options
from aiaudit.model.image.values import Install, Mount, Package
from aiaudit.patterns import regex
from aiaudit.sources.dockerfile.facts import Command, Word
from aiaudit.sources.manifests.specifiers import parse
from aiaudit.values import replace

_PIP = regex(r"pip(?:\d+(?:\.\d+)?)?")
_PIP_VALUES = names_in(
    "-r --requirement --requirements -c --constraint --constraints -e --editable -i --index-url --extra-index-url"
    " --index --default-index -f --find-links -t --target --prefix --root --platform --python-version --timeout"
    " --default-timeout --retries --trusted-host --allow-insecure-host --progress-bar --use-feature --use-deprecated"
    " --no-binary --only-binary --src --cache-dir --proxy --cert --client-cert --config-settings --config-setting -C"
    " --global-option --install-option --report --group --only-group --no-group --python -p --index-strategy"
    " --torch-backend --extra --no-extra --project --directory --override --overrides --build-constraint"
    " --build-constraints --resolution --prerelease --link-mode --exclude-newer --upgrade-strategy -P"
    " --upgrade-package --root-user-action --log --implementation --abi --exists-action --python-platform"
    " --keyring-provider --refresh-package --reinstall-package --no-install-package --package --color --config-file"
    " --fork-strategy --no-build-package --no-binary-package -d --dest --dev-requirements -w --wheel-dir"
)
_POETRY_VALUES = names_in(
    "--with --without --only -E --extras --directory -C --project -P --group -G --source --python"
)
_PDM_VALUES = names_in("-G --group -p --project -L --lockfile --without -x --no-group")
_PIPENV_VALUES = names_in(
    "-r --requirements -i --index --python --categories --extra-pip-args --pypi-mirror -e --editable"
)
# How requirements are named that come through a pipe.
_INPUT = frozenset(("-", "/dev/stdin"))
_CONDA_VALUES = names_in("-n --name -p --prefix -c --channel -f --file --solver --copy --repodata-fn -r")


def python_install(command: Command, folder: str | None, mounts: tuple[Mount, ...]) -> Install | None:
    """The install that a command of Python's package managers makes, if it makes one."""
    words = command.words
    name = command.name
    if is_python(name) and len(words) > 2:
        rest = list(words[1:])
        while rest and rest[0].text.startswith("-") and rest[0].text != "-m":
            rest.pop(0)
        if len(rest) > 1 and rest[0].text == "-m":
            name, words = rest[1].text, tuple(rest[1:])
        elif len(rest) > 1 and rest[0].text.endswith("setup.py") and rest[1].text in ("install", "develop"):
            project = rest[0].text.rpartition("/")[0] or "."
            return Install("setup.py", "python", command, folder, project=project, mounts=mounts)
    if _PIP.fullmatch(name):
        name = "pip"
    reader = _READERS.get(name)
    return reader(command, list(words[1:]), folder, mounts) if reader else None


def written_install(command: Command) -> Install | None:
    """The install of those packages that a command writes down instead: `uv export`, `pipenv requirements` and such.

    Without an option uv and pdm take the development groups along; poetry and pipenv leave them out.
    """
    name, rest = _subcommand(list(command.words[1:]))
    if (command.name, name) == ("uv", "export"):
        return _uv_sync(command, options(rest, _PIP_VALUES), None, ())
    if (command.name, name) == ("pdm", "export"):
        return _pdm_install(command, options(rest, _PDM_VALUES), None, ())
    if (command.name, name) == ("poetry", "export"):
        given = options(rest, _POETRY_VALUES)
        takes_all = given.has("--dev", "--all-groups")
        return replace(_poetry_install(command, given, None, ()), without_development=not takes_all)
    if command.name == "pipenv" and name in ("requirements", "lock"):
        install = _pipenv_install(command, options(rest, frozenset()), None, ())
        return replace(install, requirement_files=(), reads=("Pipfile", "Pipfile.lock"))
    return None


def piped_install(install: Install, before: Command) -> Install:
    """An install that reads its requirements from its input: what `uv export | uv pip install -r -` takes along is what
    the command ahead of the pipe writes down."""
    files = tuple(name for name in install.requirement_files if name not in _INPUT)
    export = written_install(before) if len(files) < len(install.requirement_files) else None
    if export is None:
        return install
    return replace(
        install,
        requirement_files=files,
        reads=(*install.reads, *export.reads),
        extras=(*install.extras, *export.extras),
        groups=(*install.groups, *export.groups),
        without_groups=export.without_groups,
        without_main=export.without_main,
        without_development=export.without_development,
    )


def _subcommand(words: list[Word]) -> tuple[str, list[Word]]:
    """The first word that is no option, and the words without it."""
    for position, word in enumerate(words):
        if not word.text.startswith("-"):
            return word.text, words[:position] + words[position + 1 :]
    return "", words


def _pip(command: Command, words: list[Word], folder: str | None, mounts: tuple[Mount, ...]) -> Install | None:
    name, rest = _subcommand(words)
    return _pip_like("pip", command, rest, folder, mounts) if name in ("install", "wheel", "sync") else None


def _pip_like(tool: str, command: Command, words: list[Word], folder: str | None, mounts: tuple[Mount, ...]) -> Install:
    given = options(words, _PIP_VALUES)
    packages: list[Package] = []
    project = ""
    extras: list[str] = []
    for word in given.positionals:
        place, brackets, names = word.text.partition("[")
        if _is_folder(place):
            project = place
            extras.extend(_split(names.rstrip("]")) if brackets else ())
        elif package := named_package(word):
            packages.append(package)
    editable = given.values("-e", "--editable")
    for place in editable:
        place, brackets, names = place.partition("[")
        if _is_folder(place) or "://" not in place:
            project = place
            extras.extend(_split(names.rstrip("]")) if brackets else ())
    return Install(
        tool,
        "python",
        command,
        folder,
        tuple(packages),
        given.values("-r", "--requirement", "--requirements"),
        given.values("-c", "--constraint", "--constraints"),
        (),
        project,
        bool(editable),
        (*extras, *given.values("--extra")),
        given.values("--group"),
        indexes=given.values("-i", "--index-url", "--extra-index-url", "--index", "--default-index")
        + tuple(f"/whl/{backend}" for backend in given.values("--torch-backend")),
        flags=given.flags,
        mounts=mounts,
    )


def named_package(word: Word) -> Package | None:
    """A package named on a command line, None for what is no requirement (a file of wheels, an unknown variable)."""
    found = parse(word.text)
    if found is None:
        # An unknown variable may stand in the version: `torch==$VERSION` still is torch.
        head = re.match(r"([A-Za-z0-9][\w.-]*)(?:\[[\w,\s-]*\])?\s*[=<>~!]", word.text)
        found = parse(head[1]) if head else None
    if found is None or (not found.name and not found.url):
        return None
    return Package(found.name, word.text, found.specifier, found.extras, word.extent)


def _is_folder(text: str) -> bool:
    if text.endswith((".whl", ".tar.gz", ".zip", "*")) or "://" in text:
        return False
    return text in (".", "..") or text.startswith(("./", "../", "/")) or text.endswith("/")


def _split(text: str) -> list[str]:
    return [part for part in re.split(r"[,\s]+", text) if part]


def _pipx(command: Command, words: list[Word], folder: str | None, mounts: tuple[Mount, ...]) -> Install | None:
    name, rest = _subcommand(words)
    return _pip_like("pipx", command, rest, folder, mounts) if name == "install" else None


def _uv(command: Command, words: list[Word], folder: str | None, mounts: tuple[Mount, ...]) -> Install | None:
    name, rest = _subcommand(words)
    if name == "pip":
        inner, rest = _subcommand(rest)
        if inner == "install":
            return _pip_like("uv pip", command, rest, folder, mounts)
        if inner == "sync":
            given = options(rest, _PIP_VALUES)
            files = tuple(word.text for word in given.positionals)
            return Install("uv pip", "python", command, folder, (), files, flags=given.flags, mounts=mounts)
        return None
    if name == "sync":
        return _uv_sync(command, options(rest, _PIP_VALUES), folder, mounts)
    if name == "add" or (name == "tool" and rest and _subcommand(rest)[0] == "install"):
        rest = _subcommand(rest)[1] if name == "tool" else rest
        given = options(rest, _PIP_VALUES)
        return Install(
            "uv add" if name == "add" else "uv tool",
            "python",
            command,
            folder,
            tuple(package for word in given.positionals if (package := named_package(word))),
            given.values("-r", "--requirements"),
            reads=("pyproject.toml",) if name == "add" else (),
            flags=given.flags,
            mounts=mounts,
        )
    return None


def _uv_sync(command: Command, given: Options, folder: str | None, mounts: tuple[Mount, ...]) -> Install:
    only = given.values("--only-group") + (("dev",) if given.has("--only-dev") else ())
    skips_project = given.has("--no-install-project", "--no-install-workspace", "--no-install-local") or bool(only)
    folder_name = given.value("--project") or given.value("--directory") or ""
    prefix = f"{folder_name.rstrip('/')}/" if folder_name else ""
    return Install(
        "uv",
        "python",
        command,
        folder,
        reads=(f"{prefix}pyproject.toml", f"{prefix}uv.lock"),
        project="" if skips_project else (folder_name or "."),
        editable=not given.has("--no-editable"),
        extras=given.values("--extra") + (("*",) if given.has("--all-extras") else ()),
        groups=given.values("--group") + only + (("*",) if given.has("--all-groups") else ()),
        without_groups=given.values("--no-group"),
        without_main=bool(only),
        without_development=given.has("--no-dev", "--no-default-groups"),
        indexes=given.values("-i", "--index-url", "--extra-index-url", "--index", "--default-index"),
        flags=given.flags,
        mounts=mounts,
    )


def _poetry(command: Command, words: list[Word], folder: str | None, mounts: tuple[Mount, ...]) -> Install | None:
    name, rest = _subcommand(words)
    given = options(rest, _POETRY_VALUES)
    if name == "add":
        packages = tuple(package for word in given.positionals if (package := named_package(word)))
        return Install("poetry", "python", command, folder, packages, reads=("pyproject.toml",), mounts=mounts)
    return _poetry_install(command, given, folder, mounts) if name in ("install", "sync") else None


def _poetry_install(command: Command, given: Options, folder: str | None, mounts: tuple[Mount, ...]) -> Install:
    only = [group for value in given.values("--only") for group in _split(value)]
    skips_project = given.has("--no-root") or bool(only and "main" not in only)
    root_alone = given.has("--only-root")
    return Install(
        "poetry",
        "python",
        command,
        folder,
        reads=() if root_alone else ("pyproject.toml", "poetry.lock"),
        project="" if skips_project else ".",
        editable=True,
        extras=tuple(e for v in given.values("-E", "--extras") for e in _split(v))
        + (("*",) if given.has("--all-extras") else ()),
        groups=tuple(g for v in given.values("--with") for g in _split(v)) + tuple(g for g in only if g != "main"),
        without_groups=tuple(g for v in given.values("--without") for g in _split(v)),
        without_main=root_alone or (bool(only) and "main" not in only),
        without_development=root_alone or given.has("--no-dev") or bool(only),
        flags=given.flags,
        mounts=mounts,
    )


def _pdm(command: Command, words: list[Word], folder: str | None, mounts: tuple[Mount, ...]) -> Install | None:
    name, rest = _subcommand(words)
    return _pdm_install(command, options(rest, _PDM_VALUES), folder, mounts) if name in ("install", "sync") else None


def _pdm_install(command: Command, given: Options, folder: str | None, mounts: tuple[Mount, ...]) -> Install:
    return Install(
        "pdm",
        "python",
        command,
        folder,
        reads=("pyproject.toml", "pdm.lock"),
        project="" if given.has("--no-self") else ".",
        editable=not given.has("--no-editable"),
        groups=tuple(g for v in given.values("-G", "--group") for g in _split(v)),
        without_development=given.has("--prod", "--production", "--no-dev"),
        flags=given.flags,
        mounts=mounts,
    )


def _pipenv(command: Command, words: list[Word], folder: str | None, mounts: tuple[Mount, ...]) -> Install | None:
    name, rest = _subcommand(words)
    is_install = name in ("install", "sync", "update")
    return _pipenv_install(command, options(rest, _PIPENV_VALUES), folder, mounts) if is_install else None


def _pipenv_install(command: Command, given: Options, folder: str | None, mounts: tuple[Mount, ...]) -> Install:
    packages = tuple(package for word in given.positionals if (package := named_package(word)))
    files = given.values("-r", "--requirements")
    return Install(
        "pipenv",
        "python",
        command,
        folder,
        packages,
        files,
        reads=() if files else ("Pipfile", "Pipfile.lock"),
        groups=("dev",) if given.has("--dev", "-d") else (),
        without_development=not given.has("--dev", "-d"),
        flags=given.flags,
        mounts=mounts,
    )


def _conda(command: Command, words: list[Word], folder: str | None, mounts: tuple[Mount, ...]) -> Install | None:
    name, rest = _subcommand(words)
    if name == "env":
        name, rest = _subcommand(rest)
        given = options(rest, _CONDA_VALUES)
        files = given.values("-f", "--file") or ("environment.yml",)
        if name not in ("create", "update"):
            return None
        return Install("conda", "python", command, folder, (), files, flags=given.flags, mounts=mounts)
    if name not in ("install", "create", "update"):
        return None
    given = options(rest, _CONDA_VALUES)
    packages = tuple(package for word in given.positionals if (package := _conda_package(word)))
    files = given.values("-f", "--file")
    if not packages and not files:
        return None
    return Install("conda", "python", command, folder, packages, files, flags=given.flags, mounts=mounts)


def _conda_package(word: Word) -> Package | None:
    match = re.fullmatch(r"(?:[^\s:]+::)?([A-Za-z0-9_][\w.-]*)\s*((?:[=<>!~].*)?)", word.text, re.DOTALL)
    if not match:
        return None
    parsed = parse(match[1])
    return Package(parsed.name, word.text, match[2], (), word.extent) if parsed else None


_READERS: dict[str, Callable[[Command, list[Word], str | None, tuple[Mount, ...]], Install | None]] = {
    "pip": _pip,
    "pipx": _pipx,
    "uv": _uv,
    "poetry": _poetry,
    "pdm": _pdm,
    "pipenv": _pipenv,
    "conda": _conda,
    "mamba": _conda,
    "micromamba": _conda,
}
