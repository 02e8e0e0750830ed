"""What a dependency manifest or lock file says. Values only; the modules beside this one make them."""

from __future__ import annotations

from aiaudit.span import Extent
from aiaudit.values import dataclass

# Groups of requirements: the project's own, what builds it, `extra:NAME`, `group:NAME`.
MAIN, BUILD = "", "build-system"


@dataclass(frozen=True, slots=True)
class Requirement:
    """One requirement as somebody wrote it.

    `name` is normalised (PEP 503), "" where a bare path or URL does not tell it. `specifier` is as written (PEP 440, or
    the tool's own form such as `^1.2`); `pin` is the version if exactly one is allowed. `url` holds a direct reference:
    a URL, VCS address or path. `index` names the index that a tool's sources table binds the requirement to. `tool` is
    the one that reads the table it stands in, "" where all do.
    """

    name: str
    specifier: str
    pin: str | None
    extent: Extent
    extras: tuple[str, ...] = ()
    marker: str = ""
    group: str = MAIN
    url: str = ""
    editable: bool = False
    optional: bool = False
    hashes: tuple[str, ...] = ()
    index: str = ""
    tool: str = ""


@dataclass(frozen=True, slots=True)
class Inclusion:
    """A file that this one reads: `kind` is "requirement" (-r) or "constraint" (-c); `path` as written."""

    path: str
    kind: str
    extent: Extent
    group: str = MAIN


@dataclass(frozen=True, slots=True)
class GroupInclusion:
    """A dependency group that takes in another one."""

    group: str
    included: str
    extent: Extent


@dataclass(frozen=True, slots=True)
class Index:
    """A package index or find-links place; `kind` is "index", "extra-index", "find-links" or "no-index"."""

    kind: str
    url: str
    extent: Extent
    name: str = ""


@dataclass(frozen=True, slots=True)
class Script:
    """A console script of the project: `target` is `module:attribute`."""

    name: str
    target: str
    extent: Extent


@dataclass(frozen=True, slots=True)
class LockedDependency:
    """An edge of a lock file; `group` is "" for what always comes, `extra:NAME` or `group:NAME` otherwise."""

    name: str
    marker: str = ""
    extras: tuple[str, ...] = ()
    group: str = MAIN


@dataclass(frozen=True, slots=True)
class LockedPackage:
    """One package of a lock file.

    `source` says where it comes from: "registry", "git", "url", "path", or "project" for the locked project itself.
    `groups` are those that the lock names for it, () where it does not say.
    """

    name: str
    version: str
    extent: Extent
    source: str = "registry"
    dependencies: tuple[LockedDependency, ...] = ()
    groups: tuple[str, ...] = ()
    index: str = ""


@dataclass(frozen=True, slots=True)
class ManifestProblem:
    """Something that the tool which owns the file would refuse."""

    message: str
    extent: Extent


@dataclass(frozen=True, slots=True)
class ManifestFacts:
    """One manifest or lock file.

    `format` is one of "requirements", "constraints", "pyproject", "setup.cfg", "uv.lock", "poetry.lock", "pdm.lock",
    "Pipfile", "Pipfile.lock", "conda", or "" for a file that turns out to be something else. `tools` are the tables
    below `[tool]`; `is_package` is false where the project says that it is not installed itself. `modules` are the
    packages and modules that the build backend is told to take, as paths below the project's folder (one that ends with
    `/` means all that lies in the folder). `members` are the folders whose projects form a workspace of uv with this
    one, as glob patterns, `outsiders` those of them that do not. `options` are global options of a requirements file
    such as `--require-hashes`.
    """

    format: str
    project: str = ""
    requires_python: str = ""
    build_backend: str = ""
    is_package: bool = True
    requirements: tuple[Requirement, ...] = ()
    inclusions: tuple[Inclusion, ...] = ()
    group_inclusions: tuple[GroupInclusion, ...] = ()
    packages: tuple[LockedPackage, ...] = ()
    indexes: tuple[Index, ...] = ()
    scripts: tuple[Script, ...] = ()
    modules: tuple[str, ...] = ()
    members: tuple[str, ...] = ()
    outsiders: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    default_groups: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    problems: tuple[ManifestProblem, ...] = ()
