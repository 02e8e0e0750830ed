"""An installer's download cache stays in the image.

## What it does
Flags a RUN in a shipped stage that installs Python packages with pip, uv, poetry, pdm, pipenv or conda and leaves the
tool's download cache in the layer. What keeps it out counts: `--no-cache-dir` or `--no-cache`, the environment
(`PIP_NO_CACHE_DIR`, `UV_NO_CACHE`, from parent stages and from `export` too), `pip config set`, a copied `pip.conf`,
a cache or temporary mount, and emptying or removing the cache at the end of the same RUN.

Stages that are not shipped may keep their caches.

## Why is this bad
The cache holds every wheel a second time. With torch or CUDA wheels these are gigabytes that nothing in the container
reads, pulled to every node at every deployment.

Two details: pip takes *any* value of `PIP_NO_CACHE_DIR`, even `0` or `off`, as a wish to have no cache, and so does
this rule. uv links its cache and the environment to the same files where it can, so that its share is mostly what it
built from source.

## Example
```dockerfile
FROM python:3.13-slim
RUN pip install fastapi==0.120.0
USER 1000
CMD ["python", "-c", "print('ready')"]
```

## Use instead
```dockerfile
FROM python:3.13-slim
RUN pip install --no-cache-dir fastapi==0.120.0
USER 1000
CMD ["python", "-c", "print('ready')"]
```

## References
- https://pip.pypa.io/en/stable/topics/caching/
- https://docs.astral.sh/uv/guides/integration/docker/#caching
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from aiaudit.finding import Finding, Step
from aiaudit.model.image import Dockerfile, Install
from aiaudit.model.image.commands import names_in
from aiaudit.model.image.usage import Run
from aiaudit.rule import MEDIUM, Rule
from aiaudit.sources.dockerfile.facts import Command
from aiaudit.values import dataclass
from aiaudit_rules.image.hygiene import (
    covers,
    is_beside_the_service,
    is_mounted,
    named,
    removed_paths,
    short,
    verb,
)

rule = Rule(
    id="IMG204",
    name="pip-cache-kept",
    summary="An installer's download cache stays in the image",
    severity=MEDIUM,
    since="0.1.0",
    aliases=("DL3042", "f2f903fb", "missing-pip-no-cache-dir"),
)


@dataclass(frozen=True, slots=True)
class Cache:
    """How a tool keeps its cache: `flags` and `switches` (variables) do without one, `folders` are where it lies.

    `place` is the variable that moves it; `cleaners` are the subcommands of `programs` that empty it.
    """

    programs: frozenset[str]
    flags: frozenset[str]
    switches: tuple[str, ...]
    folders: tuple[str, ...]
    place: tuple[str, ...]
    cleaners: tuple[tuple[str, str], ...]
    remedy: str


_PIP = Cache(
    names_in("pip"),
    names_in("--no-cache-dir"),
    ("PIP_NO_CACHE_DIR",),
    (".cache/pip",),
    ("PIP_CACHE_DIR",),
    (("cache", "purge"),),
    "add --no-cache-dir, or mount a cache: RUN --mount=type=cache,target=/root/.cache/pip",
)
_UV = Cache(
    names_in("uv"),
    names_in("--no-cache --no-cache-dir -n"),
    ("UV_NO_CACHE",),
    (".cache/uv",),
    ("UV_CACHE_DIR",),
    (("cache", "clean"), ("clean", "")),
    "add --no-cache, or mount a cache: RUN --mount=type=cache,target=/root/.cache/uv",
)
_POETRY = Cache(
    names_in("poetry"),
    names_in("--no-cache"),
    (),
    (".cache/pypoetry",),
    ("POETRY_CACHE_DIR",),
    (("cache", "clear"),),
    "add --no-cache, or mount a cache: RUN --mount=type=cache,target=/root/.cache/pypoetry",
)
_PDM = Cache(
    names_in("pdm"),
    names_in("--no-cache"),
    (),
    (".cache/pdm",),
    ("PDM_CACHE_DIR",),
    (("cache", "clear"),),
    "end the same RUN with `pdm cache clear`, or mount a cache on /root/.cache/pdm",
)
# It hands its own folder to pip as pip's cache.
_PIPENV = Cache(
    names_in("pipenv"),
    frozenset(),
    ("PIP_NO_CACHE_DIR",),
    (".cache/pipenv",),
    ("PIPENV_CACHE_DIR",),
    (),
    "set PIP_NO_CACHE_DIR=1 for it, end the same RUN with `pipenv --clear`, or mount a cache on /root/.cache/pipenv",
)
_CONDA = Cache(
    names_in("conda mamba micromamba"),
    frozenset(),
    (),
    ("opt/conda/pkgs",),
    ("CONDA_PKGS_DIRS",),
    (("clean", ""),),
    "end the same RUN with `conda clean --all --yes`, or mount a cache on /opt/conda/pkgs",
)
_CACHES = {
    "pip": _PIP,
    "uv pip": _UV,
    "uv": _UV,
    "uv add": _UV,
    "uv tool": _UV,
    "poetry": _POETRY,
    "pdm": _PDM,
    "pipenv": _PIPENV,
    "conda": _CONDA,
}
_FALSE = names_in("0 false no off n f")


@rule.check(Dockerfile)
def pip_cache_kept(image: Dockerfile) -> Iterator[Finding]:
    """RUNs that leave a cache; one finding a RUN, at the first such command."""
    if is_beside_the_service(image) or _is_configured(image):
        return
    switched_off: set[str] = set()
    for run in image.usage.runs_in(image.shipped):
        kept = [install for install in run.installs if _keeps(install, run)]
        kept = [install for install in kept if install.tool not in switched_off]
        for command in run.commands:
            if command.name in ("pip", "pip3") and verb(command) == "config" and "no-cache-dir" in short(command, 9):
                switched_off.add("pip")
                kept = [install for install in kept if install.tool != "pip"]
        if kept:
            yield _finding(image, kept)


def _finding(image: Dockerfile, kept: list[Install]) -> Finding:
    first = kept[0]
    others = tuple(Step("and here", image.span(install.extent)) for install in kept[1:])
    text = short(first.command, 4)
    return rule.at(
        image.span(first.extent),
        f"`{text}` leaves {first.tool.split()[0]}'s cache in the layer",
        help=_CACHES[first.tool].remedy,
        related=others,
    )


def _keeps(install: Install, run: Run) -> bool:
    cache = _CACHES.get(install.tool)
    if cache is None or not install.installs_something or _is_of_project_alone(install):
        return False
    position = _position(install.command, run)
    environment = dict(run.layer.environment) | _exported(run.commands[:position], install.command)
    if cache.flags & {word.text for word in install.command.words} or _is_off(cache, environment):
        return False
    folders = _folders(cache, environment, install, run)
    if any(is_mounted(run.mounts, folder) for folder in folders):
        return False
    return not any(_empties(command, cache, folders) for command in run.commands[position + 1 :])


def _is_of_project_alone(install: Install) -> bool:
    """`poetry install --only-root` fetches nothing: it links the project."""
    return install.tool == "poetry" and not install.reads


def _position(command: Command, run: Run) -> int:
    return next((i for i, other in enumerate(run.commands) if other.extent == command.extent), len(run.commands))


def _exported(commands: tuple[Command, ...], own: Command) -> dict[str, str]:
    """Variables that the RUN itself sets for an install."""
    found: dict[str, str] = {}
    for command in commands:
        if command.name in ("export", "declare"):
            for word in command.words[1:]:
                key, equals, value = word.text.partition("=")
                if equals:
                    found[key] = value
        elif not command.words:
            found.update({pair.key: pair.value or "" for pair in command.assignments})
    found.update({pair.key: pair.value or "" for pair in own.assignments})
    for command in commands:
        if command.extent == own.extent:
            found.update({pair.key: pair.value or "" for pair in command.assignments})
    return found


def _is_off(cache: Cache, environment: Mapping[str, str]) -> bool:
    for name in cache.switches:
        value = environment.get(name, "").lower()
        if value and (name == "PIP_NO_CACHE_DIR" or value not in _FALSE):
            return True
    return False


def _folders(cache: Cache, environment: Mapping[str, str], install: Install, run: Run) -> tuple[str, ...]:
    """Where the cache may lie: below the user's home, or where a variable or option puts it."""
    moved = [environment[name] for name in cache.place if environment.get(name)]
    for word, value in zip(install.command.words, install.command.words[1:], strict=False):
        name, equals, given = word.text.partition("=")
        if name == "--cache-dir":
            moved.append(given if equals else value.text)
    if moved:
        return tuple(moved)
    user = run.layer.user.partition(":")[0]
    homes = {"root", environment.get("HOME", "").lstrip("/")} | ({f"home/{user}"} if user else set())
    roots = [f"/{home}/" for home in sorted(homes) if home]
    caches = [environment["XDG_CACHE_HOME"]] if environment.get("XDG_CACHE_HOME") else []
    below = [f"{root}{folder}" for root in roots for folder in cache.folders if folder.startswith(".")]
    below += [f"{place}/{folder.partition('/')[2]}" for place in caches for folder in cache.folders]
    return (*below, *(f"/{folder}" for folder in cache.folders if not folder.startswith(".")))


def _empties(command: Command, cache: Cache, folders: tuple[str, ...]) -> bool:
    for path in removed_paths(command):
        path = path.replace("$HOME", "/root").replace("${HOME}", "/root")
        path = "/root" + path[1:] if path.startswith("~") else path
        if any(covers(path, folder) for folder in folders):
            return True
        if any(path.lstrip("$").strip("{}") == name for name in cache.place):
            return True
        if cache is _CONDA and covers(path.replace("$CONDA_DIR", "/opt/conda"), "/opt/conda/pkgs"):
            return True
    if cache is _PIPENV and _is_tool(command, cache) and any(word.text == "--clear" for word in command.words):
        return True
    words = (verb(command), *named(command))
    if command.name in ("python", "python3") and len(command.words) > 2 and command.words[1].text == "-m":
        words = tuple(word.text for word in command.words[3:] if not word.text.startswith("-"))
    return _is_tool(command, cache) and any(
        words[:1] == (first,) and (not second or second in words[1:2]) for first, second in cache.cleaners
    )


def _is_tool(command: Command, cache: Cache) -> bool:
    name = command.name
    if name in ("python", "python3") and len(command.words) > 2:
        name = command.words[2].text
    return name.rstrip("0123456789.") in cache.programs


def _is_configured(image: Dockerfile) -> bool:
    """Whether a pip.conf that is copied in does without the cache."""
    for stage in image.shipped:
        for layer in stage.layers:
            for place, source in layer.copy.landings if layer.copy else ():
                if place.endswith(("pip.conf", ".pip/pip.conf")) and "no-cache-dir" in image.service.tree.text(source):
                    return True
    return False
